"""Attachments: kept once by their content, handed out only through a record that the actor may see."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

from sqlalchemy import select

from app.catalog.register import RegisterSpec
from app.errors import CellError, Missing, Sentence, say
from app.fields.base import Unreadable
from app.fields.links import File
from app.models.bulk import insert_one
from app.models.fixed import attachment
from app.services import listing, scope
from app.services.panel import Work

PIECE = 1024 * 1024

BEGINNINGS: Mapping[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",), "png": (b"\x89PNG\r\n\x1a\n",), "gif": (b"GIF87a", b"GIF89a"), "jpg": (b"\xff\xd8\xff",), "jpeg": (b"\xff\xd8\xff",),
    "webp": (b"RIFF",), "wav": (b"RIFF",), "zip": (b"PK",), "docx": (b"PK",), "xlsx": (b"PK",),
    "doc": (b"\xd0\xcf\x11\xe0",), "xls": (b"\xd0\xcf\x11\xe0",),
}  # fmt: skip
"""How a file of each kind begins; kinds not named here begin with anything."""


@dataclass(frozen=True)
class Attachment:
    """A stored file: the name it came with, its kind, and where its content lies."""

    name: str
    content_type: str
    path: Path


def store(work: Work, field: File, name: str, stream: IO[bytes]) -> int:
    """Keep an uploaded file for ``field`` and return its number; equal contents are kept once.

    Raises Unreadable for a kind or a size that the field does not take.
    """
    name = PurePath(name.replace("\\", "/")).name[-255:] or "file"
    extension = PurePath(name).suffix.lstrip(".").lower()
    if extension not in field.extensions:
        raise Unreadable(say("不能上传“{name}”：只接受 {kinds}", name=name, kinds="、".join(field.extensions)))
    digest, size = _keep(work.panel.files, stream, field, name, BEGINNINGS.get(extension, (b"",)))
    row = {
        "sha256": digest, "name": name, "size": size, "content_type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "uploaded_by": work.actor.person_id, "uploaded_at": work.now,
    }  # fmt: skip
    return insert_one(work.connection, attachment, row)


def _keep(folder: Path, stream: IO[bytes], field: File, name: str, beginnings: tuple[bytes, ...]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{secrets.token_hex(8)}"
    try:
        with fresh.open("wb") as target:
            while piece := stream.read(PIECE):
                if not size and not piece.startswith(beginnings):
                    raise Unreadable(say("“{name}”的内容与它的扩展名不符", name=name))
                size += len(piece)
                if size > field.max_mb * 1024 * 1024:
                    raise Unreadable(say("“{name}”超过 {n} MB", name=name, n=field.max_mb))
                digest.update(piece)
                target.write(piece)
        if not size:
            raise Unreadable(say("“{name}”是空文件", name=name))
        path = place(folder, digest.hexdigest())
        path.parent.mkdir(exist_ok=True)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    return digest.hexdigest(), size


def place(folder: Path, digest: str) -> Path:
    """Return where a content lies among a panel's files."""
    return folder / digest[:2] / digest


def unusable(work: Work, ids: Iterable[int], already: Collection[int]) -> Sentence | None:
    """Return why one of these attachments may not be named in a record, or None.

    One may be where it already is, and otherwise only who uploaded it may name it: numbers can be guessed.
    """
    foreign = set(ids) - set(already)
    if not foreign or work.actor.is_system:
        return None
    query = select(attachment.c.id).where(
        attachment.c.id.in_(foreign), attachment.c.uploaded_by == work.actor.person_id
    )
    return None if foreign == set(work.connection.execute(query).scalars()) else say("没有这个附件，请重新上传")


def foreign(
    work: Work, spec: RegisterSpec, given: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]] = ()
) -> list[CellError]:
    """Return an error for each attachment that a record may not name; ``held`` are the records as they are.

    ``CellError.row`` counts from 1.
    """
    return [
        CellError(f.code, why, row=n + 1, label=f.label.zh)
        for f in spec.fields
        if isinstance(f, File) and any([row.get(f.code) is not None for row in given])
        for n, row in enumerate(given)
        if (why := unusable(work, _ids(row.get(f.code)), _ids(held[n].get(f.code)) if held else ())) is not None
    ]


def fetch(work: Work, register: str, record_id: int, number: int) -> Attachment:
    """Return an attachment of a record that the actor may see, in a field that the actor may see.

    Raises Missing for everything else.
    """
    row = listing.row(work, register, record_id)
    held = (row.get(f.code) for f in scope.fields_for(work, register) if isinstance(f, File))
    if number not in {i for value in held for i in _ids(value)}:
        raise Missing
    return kept(work, number)


def kept(work: Work, number: int) -> Attachment:
    """Return an attachment; whoever asks has made sure that the actor may see it. Raises Missing."""
    found = work.rows(select(attachment).where(attachment.c.id == number)).first()
    if found is None or not (path := place(work.panel.files, found["sha256"])).is_file():
        raise Missing
    return Attachment(found["name"], found["content_type"], path)


def _ids(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)

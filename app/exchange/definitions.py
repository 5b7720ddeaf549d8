"""A site's definitions as files out and in: a zip or single YAML files, which come back as they went."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from app.catalog.loader import SITE
from app.errors import Refused, say

LARGEST = 20_000_000
"""Bytes of all files of a zip together, at most."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def packed(files: Mapping[str, str]) -> bytes:
    """Return the site's own among ``files`` (path → YAML) as a zip, the same bytes for the same texts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as into:
        for path in sorted(p for p in files if p.startswith(SITE)):
            into.writestr(zipfile.ZipInfo(path, _EPOCH), files[path].encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpacked(uploads: Iterable[tuple[str, bytes]], known: Iterable[str] = ()) -> dict[str, str]:
    """Return what was uploaded (file name, bytes) as the site's files: path → YAML.

    A zip keeps its folders; a single file takes the place of the one file of its name among ``known``, else stands under ``site/``.
    Raises Refused for what is neither YAML in UTF-8 nor a zip of such, and for too much of it.
    """
    found: dict[str, str] = {}
    for name, content in uploads:
        if name.lower().endswith(".zip"):
            found |= _from_zip(name, content)
        elif name.lower().endswith((".yaml", ".yml")):
            namesakes = [p for p in known if p.startswith(SITE) and PurePosixPath(p).name == name]
            found[namesakes[0] if len(namesakes) == 1 else SITE + name] = _text(name, content)
        else:
            raise Refused(say("“{name}”不是 YAML 文件，也不是 zip", name=name))
    return found


def _from_zip(name: str, content: bytes) -> dict[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            inside = [i for i in zipped.infolist() if not i.is_dir() and i.filename.lower().endswith((".yaml", ".yml"))]
            if sum(i.file_size for i in inside) > LARGEST:
                raise Refused(say("“{name}”解开后太大", name=name))
            return {SITE + i.filename.removeprefix(SITE): _text(i.filename, zipped.read(i)) for i in inside}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Refused(say("“{name}”不是可以解开的 zip", name=name)) from None


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(say("“{name}”不是 UTF-8 文本", name=name)) from None

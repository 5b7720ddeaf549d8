"""How a person wants a file to be read: asked beside the preview, carried in its address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from flask import jsonify, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog.register import RegisterSpec
from app.errors import Refused, say
from app.exchange import corrected, opening, runs
from app.exchange.columns import exported
from app.exchange.importing import Preview
from app.exchange.proposal.proposing import Proposal
from app.exchange.sorting import may_be_key
from app.fields.base import Field, Storage
from app.fields.links import File
from app.fields.numbers import YesNo
from app.fields.texts import Choices
from app.services import scope
from app.services.panel import Work
from app.web.actor import current_panel, reading
from app.web.language import label

ENCODINGS = ("utf-8-sig", "gb18030", "big5hkscs", "utf-16", "shift_jis", "euc_kr", "cp1252")
WRITES = {"": "新增并更新", "insert": "只新增，不更新", "update": "只更新，不新增"}
DELIMITERS = {",": "逗号", "\t": "制表符", ";": "分号", "|": "竖线"}
OUT = "-"
"""Stands in an address for a column that is left out."""


@dataclass(frozen=True)
class Setting:
    """One choice beside the preview: its name in the address, what it is about, what may be chosen, what is."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    chosen: str


def asked() -> dict[str, Any]:
    """Return how the address wants the file to be read, as ``importing.prepare`` takes it; nothing for what it leaves open."""
    args = request.args
    found: dict[str, Any] = {"keys": tuple(args.getlist("keys"))}
    found |= {name: args[name] for name in ("sheet", "encoding", "delimiter") if args.get(name)}
    if line := args.get("header_line", 0, int):
        found["header_line"] = max(1, min(line, 1_000_000))
    chosen = {
        n: args[name] for name in args if name.startswith("m.") and (n := _place(name)) is not None and args[name]
    }
    if (year := args.get("year", 0, int)) and 1900 <= year <= 9000:
        found["year"] = year
    if args.get("writes") in ("insert", "update"):
        found["writes"] = args["writes"]
    if args.get("fix"):
        found["corrections"] = corrected.kept(_folder(), args["fix"])
    if chosen:
        found["mapping"] = [{OUT: ""}.get(c, c) if (c := chosen.get(n)) else None for n in range(max(chosen) + 1)]
    return found


def _folder() -> Path:
    return current_panel().files / "imports"


def correct() -> str:
    """Keep the cells that were corrected beside the preview (``c.<line>.<column>``) and return their name for the address."""
    before = corrected.kept(_folder(), request.args["fix"]) if request.args.get("fix") else ()
    given = []
    for name, text in request.form.items():
        kind, line, column = (*name.split("."), "", "")[:3]
        if kind == "c" and line.isdecimal() and column.isdecimal() and len(line) < 10 and len(column) < 6:
            given.append((int(line), int(column), text))
    return corrected.keep(_folder(), given, before)


def _place(name: str) -> int | None:
    text = name.removeprefix("m.")
    return int(text) if text.isdecimal() and len(text) < 5 else None


def address(path: str, **changes: Any) -> str:
    """Return an address with this request's arguments, some of them changed; None or an empty list takes one away."""
    kept = [(k, v) for k, v in request.args.items(multi=True) if k not in changes]
    new = [(k, one) for k, v in changes.items() if v for one in (v if isinstance(v, list | tuple) else [v])]
    query = urlencode([*kept, *new])
    return path + (f"?{query}" if query else "")


def keep(where: Callable[[str], str]) -> Response:
    """Keep the file that was sent and go on to the address that ``where`` gives for its SHA-256. Raises Refused without a file."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Refused(say("没有收到文件"))
    digest, _ = runs.keep_file(current_panel(), file.stream)  # type: ignore[arg-type]  # a BinaryIO that Werkzeug calls IO[bytes]
    url = address(where(digest), name=file.filename[:255])
    # a script goes there itself; following a redirect it would have the file read twice
    return jsonify(url=url) if request.accept_mimetypes.best == "application/json" else redirect(url, 303)


def unopened(digest: str) -> list[Setting]:
    """Return what may be chosen about a file that could not be opened: the encoding of a text. Raises Missing."""
    return settings(None) if opening.has_encoding(runs.kept(current_panel(), digest)) else []


def settings(preview: Preview | Proposal | None) -> list[Setting]:
    """Return what may be chosen about a file as a whole; without a preview its encoding."""
    shape = preview.shape if preview is not None else None
    found = []
    if shape is not None and len(shape.sheets) > 1:
        found.append(Setting("sheet", gettext("工作表"), [(s, s) for s in shape.sheets], shape.sheet))
    if shape is None or not shape.sheets:
        encoding = shape.encoding if shape else request.args.get("encoding", "")
        known = ENCODINGS if encoding in ENCODINGS or not encoding else (encoding, *ENCODINGS)
        names = [(e, "UTF-8" if e == "utf-8-sig" else e.upper()) for e in known]
        found.append(Setting("encoding", gettext("文字编码"), names if encoding else [("", ""), *names], encoding))
    if shape is not None and not shape.sheets:
        found.append(
            Setting("delimiter", gettext("分隔符"), [(d, gettext(t)) for d, t in DELIMITERS.items()], shape.delimiter)
        )
    if shape is not None:
        lines = sorted({*range(1, 21), shape.header_line})
        found.append(
            Setting("header_line", gettext("表头所在行"), [(str(n), str(n)) for n in lines], str(shape.header_line))
        )
    if isinstance(preview, Preview) and preview.yearless:
        now = reading().today.year
        year = request.args.get("year", "")
        years = [
            (str(y), str(y)) for y in sorted({*range(now - 5, now + 2), *([int(year)] if year.isdecimal() else ())})
        ]
        found.append(
            Setting("year", gettext("没有写年份的日期算作"), years if year else [("", gettext("请选定")), *years], year)
        )
    if preview is not None and request.args.getlist("keys"):
        found.append(
            Setting(
                "writes",
                gettext("已有的与没有的"),
                [(k, gettext(t)) for k, t in WRITES.items()],
                request.args.get("writes", ""),
            )
        )
    return found


def keyable(preview: Preview) -> list[tuple[str, str, bool]]:
    """Return the columns of the file by which records may be found, as (code, label, chosen)."""
    chosen = request.args.getlist("keys")
    return [
        (f.code, label(f.label), f.code in chosen) for f in preview.matching.columns if f is not None and may_be_key(f)
    ]


def mark(headers: Sequence[str]) -> str:
    """Return what tells the headers of a file from others: choices of columns are said of them."""
    return f"{crc32(chr(31).join(headers).encode()):08x}"


def said_again(preview: Preview) -> dict[str, str]:
    """Return as arguments of an address what columns are taken for because they were last time: what is imported is what was shown."""
    columns = preview.matching.columns
    return {f"m.{n}": f.code if (f := columns[n]) is not None else OUT for n in preview.matching.recalled}


def field_options(field: Field | None) -> list[str]:
    """Return the texts to choose from where a cell of a field is corrected."""
    if isinstance(field, Choices):
        return [
            field.format((o.code,) if field.storage is Storage.WORDS else o.code)
            for o in field.choices
            if not o.retired
        ]
    return [field.format(True), field.format(False)] if isinstance(field, YesNo) else []


def columns(work: Work, spec: RegisterSpec, preview: Preview) -> list[Mapping[str, Any]]:
    """Return the file's columns, each with what it may be taken for and what it is taken for now."""
    writable = {f.code for f in scope.fields_for(work, spec.code, "edit")} | {"unit", "remark", "record_no", "state"}
    fields = [
        f for f in exported(spec, scope.fields_for(work, spec.code)) if f.code in writable and not isinstance(f, File)
    ]
    options = [(OUT, gettext("不导入")), *((f.code, label(f.label)) for f in fields)]
    out = {shown for shown, _ in preview.matching.left_out}
    found: list[Mapping[str, Any]] = []
    recalled = preview.matching.recalled
    for n, (name, f) in enumerate(zip(preview.shape.columns, preview.matching.columns, strict=True)):
        chosen = f.code if f is not None else OUT if name in out else ""
        found.append(
            {
                "name": name,
                "recalled": n in recalled,
                "options": field_options(f),
                "setting": Setting(f"m.{n}", name, options if chosen else [("", gettext("请选定")), *options], chosen),
            }
        )
    return found

"""A register's rows as a file that a spreadsheet opens safely and that imports to the very same values."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Literal

from app.catalog.register import RegisterSpec
from app.errors import Refused, say
from app.exchange.cells import guarded, is_text
from app.exchange.columns import exported, named
from app.exchange.links import cell_text, link_texts
from app.fields.base import Field
from app.fields.links import Link
from app.services import scope
from app.services.filtering import Part
from app.services.listing import Sort, stream_rows
from app.services.panel import Work

Encoding = Literal["utf-8-sig", "gb18030"]
Writer = Callable[[Work, Sequence[Any]], list[str]]
_REMEMBERED = 20_000


def export(work: Work, register: str, out: BinaryIO, **options: Any) -> None:
    """Write the file that ``parts`` yields, with its options, to ``out``."""
    for part in parts(work, register, **options):
        out.write(part)


def parts(
    work: Work,
    register: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    order: str | Sequence[Sort] = "",
    columns: Sequence[str] | None = None,
    encoding: Encoding = "utf-8-sig",
    language: str = "zh",
) -> Iterator[bytes]:
    """Yield the rows that the actor may export as a CSV file in parts: the headers, then each batch; memory stays flat.

    ``columns`` are field codes in the order wanted; by default all that the actor may see, number and state first. Names
    of people, units and rows are written so that an import finds the same ones; several values with ``;`` between them.
    Raises Forbidden, Missing, and Refused for a column that is not there, all before the first part.
    """
    spec = scope.demand(work, register, "export")
    fields = _chosen(work, spec, columns)
    headers = named(exported(spec, scope.fields_for(work, register)), fields, language)
    return _parts(work, spec, fields, headers, encoding, language, filters, search, order)


def _parts(
    work: Work,
    spec: RegisterSpec,
    fields: Sequence[Field],
    headers: Sequence[str],
    encoding: Encoding,
    language: str,
    filters: Sequence[Part],
    search: str,
    order: str | Sequence[Sort],
) -> Iterator[bytes]:
    yield _csv([[guarded(h) for h in headers]]).encode(encoding)
    plain = "utf-8" if encoding == "utf-8-sig" else encoding
    writers = [_writer(spec, f, language) for f in fields]
    codes = [f.code for f in fields]
    read = {*codes, *(c.removesuffix("_at") for c in codes)}  # the moment of a signature lies beside its person
    for batch in stream_rows(work, spec.code, filters=filters, search=search, order=order, columns=sorted(read)):
        cells = [write(work, [row.get(code) for row in batch]) for code, write in zip(codes, writers, strict=True)]
        yield _csv(zip(*cells, strict=True)).encode(plain)


def _chosen(work: Work, spec: RegisterSpec, columns: Sequence[str] | None) -> tuple[Field, ...]:
    table = work.tables[spec.code]
    every = {f.code: f for f in exported(spec, scope.fields_for(work, spec.code)) if f.many or f.code in table.c}
    if columns is None:
        return tuple(every.values())
    if unknown := [c for c in columns if c not in every]:
        raise Refused(say("没有名为“{field}”的列可供导出", field=unknown[0]))
    return tuple(every[c] for c in columns)


def _csv(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _writer(spec: RegisterSpec, field: Field, language: str) -> Writer:
    """Return what turns a batch of one field's values into cells."""
    if isinstance(field, Link):
        return _link_writer(field)
    if field.code == "state" and spec.workflow is not None:
        labels = {s.code: guarded(s.label.text(language)) for s in spec.workflow.states}
        return lambda work, values: [labels.get(v, v or "") for v in values]
    show = field.format
    if not is_text(field):
        return lambda work, values: ["" if v is None else show(v) for v in values]
    return lambda work, values: ["" if v is None else guarded(show(v)) for v in values]


def _link_writer(field: Link) -> Writer:
    known: dict[int, str] = {}

    def write(work: Work, values: Sequence[Any]) -> list[str]:
        ids = {i for v in values if v is not None for i in (v if isinstance(v, tuple) else (v,))}
        if len(known) > _REMEMBERED:
            known.clear()
        if new := ids - known.keys():
            known.update(link_texts(work, field, new))
        return [guarded(cell_text(field, v, known)) for v in values]

    return write

"""A register's rows as a file that a spreadsheet opens safely and that imports to the very same values."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal

from app.catalog.register import RegisterSpec
from app.errors import Refused, say
from app.exchange import csv_lines
from app.exchange.cells import guarded, is_text
from app.exchange.columns import exported, named
from app.exchange.links import LinkTexts, cell_text
from app.exchange.workbook import CHOICES, Book, Column
from app.fields.base import Field, Storage
from app.fields.label import Label
from app.fields.links import Link
from app.fields.numbers import Integer, Percent, Scaled, YesNo
from app.fields.texts import Choice, LongText
from app.fields.times import Moment
from app.services import scope
from app.services.filtering import Part
from app.services.listing import Sort, stream_columns
from app.services.panel import Work

Form = Literal["csv", "xlsx"]
Encoding = Literal["utf-8-sig", "gb18030"]
Writer = Callable[[Work, Sequence[Any]], list[Any]]
ABOUT = Label(zh="导出说明", en="About this file")
"""The sheet of a workbook that says whose it is."""
_PART = 1 << 18


@dataclass(frozen=True)
class Wanted:
    """What a file is to hold; ``columns`` are field codes in their order, None for all that the actor may see.

    ``keyed`` puts the record's number first where it is not among the columns: by it the file finds its records again.
    ``mark`` are the lines, each (name, text), that say whose file it is; only workbooks carry them.
    """

    filters: Sequence[Part] = ()
    search: str = ""
    order: str | Sequence[Sort] = ""
    columns: Sequence[str] | None = None
    keyed: bool = False
    form: Form = "csv"
    encoding: Encoding = "utf-8-sig"
    language: str = "zh"
    mark: Sequence[tuple[str, str]] = ()


Told = Callable[[int], None]
"""Called with the number of rows of each part."""


def export(work: Work, register: str, out: BinaryIO, **options: Any) -> None:
    """Write the file that ``parts`` yields to ``out``; ``options`` are those of ``Wanted``."""
    for part in parts(work, register, Wanted(**options)):
        out.write(part)


def parts(work: Work, register: str, wanted: Wanted, told: Told = lambda rows: None) -> Iterator[bytes]:
    """Yield the rows that the actor may export as a file in parts; memory stays flat.

    A CSV file comes as it is read, a workbook once all is read. Names of people, units and rows are written so that an
    import finds the same ones; several values with ``;`` between them. Raises Forbidden, Missing, and Refused for a
    column that is not there, all before the first part.
    """
    spec = scope.demand(work, register, "export")
    fields = chosen(work, spec, wanted)
    headers = named(exported(spec, scope.fields_for(work, register)), fields, wanted.language)
    write = _as_workbook if wanted.form == "xlsx" else _as_csv
    return write(work, spec, fields, headers, wanted, told)


def chosen(work: Work, spec: RegisterSpec, wanted: Wanted) -> tuple[Field, ...]:
    """Return the columns of a file. Raises Refused for one that is not there."""
    table = work.tables[spec.code]
    every = {f.code: f for f in exported(spec, scope.fields_for(work, spec.code)) if f.many or f.code in table.c}
    codes = list(every) if wanted.columns is None else list(wanted.columns)
    if unknown := [c for c in codes if c not in every]:
        raise Refused(say("没有名为“{field}”的列可供导出", field=unknown[0]))
    if wanted.keyed and "record_no" not in codes:
        codes.insert(0, "record_no")
    return tuple(every[c] for c in codes)


def _as_csv(
    work: Work, spec: RegisterSpec, fields: Sequence[Field], headers: Sequence[str], wanted: Wanted, told: Told
) -> Iterator[bytes]:
    yield _csv([[guarded(h) for h in headers]]).encode(wanted.encoding)
    for size, lines in _lines(work, spec, fields, wanted):
        yield lines if wanted.encoding == "utf-8-sig" else lines.decode().encode(wanted.encoding)
        told(size)


def _lines(work: Work, spec: RegisterSpec, fields: Sequence[Field], wanted: Wanted) -> Iterator[tuple[int, bytes]]:
    """Return batches of lines in UTF-8 with their number: written by the database where it can, else the same ones by Python."""
    which = {"filters": wanted.filters, "search": wanted.search}
    written = csv_lines.stream(work, spec, fields, wanted.language, wanted.order, **which)
    if written is not None:
        return written
    return ((size, _csv(rows).encode()) for size, rows in _batches(work, spec, fields, wanted, guarded, _text))


def _as_workbook(
    work: Work, spec: RegisterSpec, fields: Sequence[Field], headers: Sequence[str], wanted: Wanted, told: Told
) -> Iterator[bytes]:
    about = " · ".join(text for _, text in wanted.mark)
    columns = [_column(f, h) for f, h in zip(fields, headers, strict=True)]
    with Book(wanted.mark[0][1] if wanted.mark else "", about) as book, tempfile.TemporaryFile() as file:
        sheet = book.sheet(spec.label.text(wanted.language), columns, about)
        for size, rows in _batches(work, spec, fields, wanted, str, _typed):
            sheet.add(rows)
            told(size)
        if wanted.mark:
            book.note(ABOUT.text(wanted.language), wanted.mark)
        if sheet.lists:
            book.choices(CHOICES.zh, sheet.lists)
        book.save(file)
        file.seek(0)
        while part := file.read(_PART):
            yield part


def _batches(
    work: Work,
    spec: RegisterSpec,
    fields: Sequence[Field],
    wanted: Wanted,
    text: Callable[[str], str],
    value: Callable[[Field], Callable[[Any], Any]],
) -> Iterator[tuple[int, Iterator[tuple[Any, ...]]]]:
    """Yield batches of rows with their number; ``text`` finishes every text, ``value`` says how a field's other values are written."""
    writers = [_writer(spec, f, wanted.language, text, value) for f in fields]
    codes = [f.code for f in fields]
    read = sorted({*codes, *(c.removesuffix("_at") for c in codes)})  # a signature's moment lies beside its person
    batches = stream_columns(
        work, spec.code, filters=wanted.filters, search=wanted.search, order=wanted.order, columns=read
    )
    for columns in batches:
        size = len(columns["id"])
        nothing = [None] * size
        read_columns = [columns.get(code, nothing) for code in codes]
        cells = [
            write(work, values) if values.count(None) < size else [""] * size
            for write, values in zip(writers, read_columns, strict=True)
        ]
        yield size, zip(*cells, strict=True)


def _csv(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _writer(
    spec: RegisterSpec,
    field: Field,
    language: str,
    text: Callable[[str], str],
    value: Callable[[Field], Callable[[Any], Any]],
) -> Writer:
    """Return what turns a batch of one field's values into cells."""
    if isinstance(field, Link):
        return _link_writer(field, text)
    if field.code == "state" and spec.workflow is not None:
        labels = {s.code: text(s.label.text(language)) for s in spec.workflow.states}
        return lambda work, values: [labels.get(v, v or "") for v in values]
    write = field.format if is_text(field) else value(field)
    if isinstance(field, LongText):  # hardly repeats
        return lambda work, values: ["" if v is None else text(write(v)) for v in values]
    if is_text(field):
        return lambda work, values: _each_once(lambda v: text(write(v)), values)
    return lambda work, values: _each_once(write, values)


def _each_once(write: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Return what each value is written as; most stand in many rows."""
    written = {v: "" if v is None else write(v) for v in set(values)}
    return [written[v] for v in values]


def _link_writer(field: Link, text: Callable[[str], str]) -> Writer:
    texts = LinkTexts(field)

    def write(work: Work, values: Sequence[Any]) -> list[str]:
        known = texts.of(work, {i for v in values if v is not None for i in (v if isinstance(v, tuple) else (v,))})
        return _each_once(lambda v: text(cell_text(field, v, known)), values)

    return write


def _text(field: Field) -> Callable[[Any], Any]:
    return field.format


def _typed(field: Field) -> Callable[[Any], Any]:
    """Return what makes a workbook's value of a field's: numbers and days as they are, moments as the site's clocks show them."""
    if isinstance(field, YesNo):
        return field.format
    if isinstance(field, Moment):
        zone = Moment.zone
        return lambda moment: _local(moment, zone)
    return lambda value: value


def _local(moment: datetime, zone: Any) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _column(field: Field, header: str) -> Column:
    """Return how a field's column looks in a workbook. A percentage keeps its number: 12.5 is shown as 12.5 %."""
    choices: tuple[str, ...] = ()
    if isinstance(field, Choice):
        choices = tuple(field.format(o.code) for o in field.choices if not o.retired)
    elif isinstance(field, YesNo):
        choices = (field.format(True), field.format(False))
    width, shown = _WIDTHS.get(field.storage, 20), "@"
    if isinstance(field, Integer):
        shown = "0"
    elif isinstance(field, Scaled):
        shown = f"#,##0.{'0' * field.places}" if field.places else "#,##0"
        shown += '"%"' if isinstance(field, Percent) else ""
    elif field.storage is Storage.DATE:
        shown = "yyyy-mm-dd"
    elif field.storage is Storage.MOMENT:
        shown = "yyyy-mm-dd hh:mm:ss"
    if isinstance(field, LongText):
        width = 50
    return Column(header, max(width, 2 * len(header) + 2), shown, choices, isinstance(field, LongText))


_WIDTHS = {Storage.INTEGER: 10, Storage.SCALED: 14, Storage.DATE: 12, Storage.MOMENT: 20, Storage.BOOLEAN: 8}

"""What is to be done with one file: its table, its columns, its keys, and what the first reading found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.catalog.register import RegisterSpec
from app.errors import CellError, Invalid, Refused, say
from app.exchange import columns
from app.exchange.columns import Matching
from app.exchange.corrected import corrected
from app.exchange.opening import open_sheet
from app.exchange.parsing import Parsed, Parser, Plain
from app.exchange.reading import Row, Sheet
from app.exchange.runs import Options
from app.exchange.sorting import Sorted, check_keys, sort_out
from app.exchange.survey import Survey, survey
from app.models.engine import BATCH
from app.services import scope
from app.services.panel import Work


@dataclass
class Plan:
    """A file understood as rows of one register. ``errors`` concern the whole file: with any, no row is imported."""

    spec: RegisterSpec
    options: Options
    sheet: Sheet
    matching: Matching
    survey: Survey
    errors: tuple[CellError, ...]
    parser: Parser
    batch: int

    def sort(self, work: Work, rows: list[Row], first: int, plain: Plain | None = None) -> Sorted:
        """Return what a batch would do; ``first`` is the number of its first row among the file's data rows, ``plain`` what was read of it."""
        parsed = self.parser.parse(work, rows, first, plain)
        self.survey.refuse_doubles(self.spec, parsed)
        return sort_out(work, self.spec, parsed, self.matching.columns, self.options.keys, self.options.writes)

    def blame(self, one: Parsed, errors: list[CellError]) -> None:
        """Give a row errors found by its values, with its place in the file and its text as typed."""
        places = {f.code: i for i, f in enumerate(self.matching.columns) if f is not None}
        for e in errors:
            text = one.cells[places[e.field]] if e.field in places else e.text
            one.errors.append(CellError(e.field, e.reason, text, one.row, one.line, e.label))


def make_plan(
    work: Work, register: str, file: Path | BinaryIO, options: Options, choices: Mapping[str, str] | None = None
) -> Plan:
    """Read a file once and return the plan; whatever is wrong with the file as a whole stands in its ``errors``.

    ``choices`` are what the person took columns for the last time (``column_choices.chosen``), to go by where nothing is said.
    Raises Forbidden where the actor may not import into the register, Missing where there is none, Refused for one of tickets.
    """
    spec = scope.demand(work, register, "import")
    if spec.tickets_of:
        raise Refused(say("处罚单由系统生成，不能导入"))
    seen = scope.fields_for(work, register)
    known = columns.known_names(columns.exported(spec, seen))
    sheet = open_sheet(
        file, encoding=options.encoding, delimiter=options.delimiter, header_line=options.header_line, sheet=options.sheet, known=known
    )  # fmt: skip
    sheet = corrected(sheet, options.corrections)
    writable = scope.fields_for(work, register, "edit")
    matching = columns.match(
        spec, sheet.shape.columns, seen=seen, writable=writable, mapping=options.mapping, choices=choices or {}
    )
    batch = BATCH[work.connection.dialect.name]
    errors = list(matching.errors)
    try:
        check_keys(spec, options.keys, matching.codes)
    except Invalid as invalid:
        errors += invalid.errors
    if options.writes == "update" and not options.keys:
        errors.append(CellError("", say("只更新已有记录时，要选定用来识别记录的列")))
    if not options.keys:
        reason = say("文件里没有必填的这一列")
        errors += [CellError(f.code, reason, label=f.label.zh) for f in matching.missing]
    found = Survey()
    if not errors:
        found = survey(work, spec, sheet, matching, options.keys, batch, options.year)
        errors += found.broken
        if not found.rows and not errors:
            errors.append(CellError("", say("表头下面没有内容")))
    parser = Parser(matching.columns, sheet.literal, options.year)
    return Plan(spec, options, sheet, matching, found, tuple(errors), parser, batch)

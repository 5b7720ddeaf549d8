"""`flask records`: records of registers, in and out of files and from state to state."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from app import clock
from app.cli.terminal import (
    actor_named,
    answer,
    as_option,
    at_option,
    current_panel,
    error_as_data,
    error_as_line,
    errors_as_sentences,
)
from app.errors import CellError, Invalid, Sentence
from app.exchange import archive, foreseen, importing, leaving, restoring
from app.exchange.exporting import Wanted
from app.exchange.plan import make_plan
from app.exchange.preview import look
from app.exchange.runs import Options
from app.fields.base import Unreadable
from app.fields.links import Link
from app.services import lookup, records
from app.services.panel import Actor, Work

group = AppGroup("records", help="Records of registers: import, export, move.")


@group.command("import")
@click.argument("register_code", metavar="REGISTER")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, help="Field that finds the record to update; may be given several times.")
@click.option("--dry-run", is_flag=True, help="Show what would happen; write nothing.")
@click.option(
    "--good-rows", is_flag=True, help="Import the good rows and write the others to a file; otherwise all rows or none."
)
@click.option(
    "--writes", type=click.Choice(["both", "insert", "update"]), default="both", show_default=True, help="What may become of records."
)  # fmt: skip
@click.option(
    "--year", type=click.IntRange(1900, 9000), default=None, help="Of days written without one, such as 3月5日."
)
@click.option("--delimiter", default=None, help="Between the cells of a text file; found by itself otherwise.")
@click.option(
    "--header-line",
    type=click.IntRange(1, 1_000_000),
    default=None,
    help="Line of the headers; found by itself otherwise.",
)
@click.option("--again", is_flag=True, help="Import although the same content was imported before.")
@click.option("--encoding", default=None, help="Encoding of the file; found by itself otherwise.")
@click.option("--sheet", default=None, help="Sheet of a spreadsheet; the one with the register's headers otherwise.")
@as_option
@at_option
@errors_as_sentences
def import_(
    register_code: str, file: Path, keys: tuple[str, ...], dry_run: bool, good_rows: bool, writes: str, year: int | None, delimiter: str | None,
    header_line: int | None, again: bool, encoding: str | None, sheet: str | None,
    username: str | None, at: datetime | None, as_json: bool,
) -> None:  # fmt: skip
    """Import FILE (CSV, TSV, xlsx, xls, ods, lines of JSON) into REGISTER."""
    panel, actor, now = current_panel(), actor_named(username), at or clock.now()
    options: dict[str, Any] = {"keys": keys, "encoding": encoding, "sheet": sheet, "writes": writes, "year": year}
    options |= {"delimiter": delimiter, "header_line": header_line}
    if dry_run:
        with panel.reading(actor, now=now) as work:
            plan = make_plan(work, register_code, file, Options.given(options))
            seen = look(work, plan)
        follows = foreseen.of_plan(panel, actor, plan, now=now) if not plan.errors else None
        counts: dict[str, Any] = {
            "new": seen.new,
            "changed": seen.changed,
            "unchanged": seen.unchanged,
            "refused": seen.refused,
        }
        errors = [*seen.file_errors, *seen.errors]
        words = [f"新增 {seen.new}，更新 {seen.changed}，不变 {seen.unchanged}，有误 {seen.refused}（试运行，未写入）"]
        words += [_followed(follows)] if follows else []
        more = {"obligations": sum(x.count for x in follows.duties), "fines": str(follows.amount)} if follows else {}
        answer(
            as_json,
            counts | more | {"errors": [error_as_data(e) for e in errors]},
            [*map(error_as_line, errors), *words],
        )
        raise SystemExit(1 if errors else 0)
    mode = "good" if good_rows else "all"
    report = importing.run(
        panel,
        actor,
        register_code,
        file,
        now=now,
        mode=mode,
        source="cli",
        again=again,
        **options,
    )
    counts = {"run": report.run_id, "state": report.state, "created": report.created, "updated": report.updated}
    counts |= {"unchanged": report.unchanged, "refused": report.refused, "errors_file": str(report.errors_file or "")}
    words = [
        f"新增 {report.created}，更新 {report.updated}，不变 {report.unchanged}，未导入 {report.refused}；{report.message}"
    ]
    words += [f"未导入的行见 {report.errors_file}"] if report.errors_file else []
    answer(
        as_json,
        counts | {"errors": [error_as_data(e) for e in report.errors]},
        [*map(error_as_line, report.errors), *words],
    )
    raise SystemExit(0 if report.state == "done" and (good_rows or not report.refused) else 1)


def _followed(f: foreseen.Foreseen) -> str:
    """Return what would follow from an import in a line."""
    parts = [f"{x.label} {x.count}" for x in (*f.duties, *f.breaches)]
    return f"随之产生：{'，'.join(parts) or '无'}；处罚合计 {f.amount} 元" + (
        "" if f.whole else f"（只试算了前 {f.tried} 行）"
    )


@group.command("export")
@click.argument("register_code", metavar="REGISTER")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--encoding", type=click.Choice(["utf-8-sig", "gb18030"]), default="utf-8-sig", show_default=True, help="Of a CSV file."
)  # fmt: skip
@click.option("--search", default="")
@as_option
@errors_as_sentences
def export(register_code: str, file: Path, encoding: Any, search: str, username: str | None, as_json: bool) -> None:
    """Export the rows of REGISTER that the person may see to FILE: a workbook if its name ends in .xlsx, else CSV."""
    form: Any = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
    wanted = Wanted(search=search, form=form, encoding=encoding)
    issued = leaving.issue(current_panel(), actor_named(username), register_code, wanted, now=clock.now(), source="cli")
    with file.open("wb") as out:
        out.writelines(issued.parts)
    with current_panel().reading(Actor.system()) as work:
        count = leaving.rows_of(work, issued.number)
    answer(as_json, {"rows": count, "file": str(file)}, [f"已导出 {count} 行到 {file}"])


@group.command("archive")
@click.argument("register_code", metavar="REGISTER")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_option
@at_option
@errors_as_sentences
def archive_(register_code: str, file: Path, username: str | None, at: datetime | None, as_json: bool) -> None:
    """Write the whole REGISTER to FILE (zip): definitions, records with their history, what they point to, attachments."""
    with file.open("w+b") as out:
        count = archive.pack(current_panel(), actor_named(username), register_code, out, now=at or clock.now())
    answer(as_json, {"records": count, "file": str(file)}, [f"已存档 {count} 条记录到 {file}"])


@group.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--definitions", is_flag=True, help="Bring the archive's definitions into force first.")
@as_option
@at_option
@errors_as_sentences
def restore_(file: Path, definitions: bool, username: str | None, at: datetime | None, as_json: bool) -> None:
    """Bring a register back from an archive FILE into this site, where it must hold no records."""
    with file.open("rb") as stream:
        now, panel, actor = at or clock.now(), current_panel(), actor_named(username)
        panel = restoring.with_definitions(panel, actor, stream, now=now) if definitions else panel
        back = restoring.restore(panel, actor, stream, now=now)
    words = f"“{back.register}”已恢复 {back.records} 条记录，及其引用的 {back.pointed} 条、{back.people} 名停用的人员、{back.files} 个附件"
    answer(as_json, vars(back), [words, *([str(back.left)] if back.left else [])])


@group.command("move")
@click.argument("register_code", metavar="REGISTER")
@click.argument("number", metavar="RECORD_NO")
@click.argument("transition")
@click.option("--set", "values", multiple=True, metavar="FIELD=VALUE", help="A field that the transition asks for.")
@click.option("--reason", default="")
@as_option
@at_option
@errors_as_sentences
def move(
    register_code: str,
    number: str,
    transition: str,
    values: tuple[str, ...],
    reason: str,
    username: str | None,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Make a TRANSITION of the record with number RECORD_NO, signing where it asks for a signature."""
    with current_panel().work(actor_named(username), now=at, source="cli") as work:
        found = lookup.by_number(work, register_code, number)
        records.move(work, register_code, found, transition, _values(work, register_code, values), reason=reason)
        state = records.get(work.acting(Actor.system()), register_code, found)["state"]
    answer(as_json, {"record_no": number, "state": state}, [f"{number} → {state}"])


def _values(work: Work, register_code: str, given: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    errors = []
    for text in given:
        code, _, typed = text.partition("=")
        field = work.spec(register_code).column(code)
        try:
            if isinstance(field, Link) and typed:
                found = lookup.resolve(work, field, [typed])[typed]
                if isinstance(found, Sentence):
                    raise Unreadable(found)
                values[code] = (found,) if field.many else found
            else:
                values[code] = field.parse(typed) if field else typed
        except Unreadable as wrong:
            errors.append(CellError(code, wrong.reason, typed, label=field.label.zh if field else code))
    if errors:
        raise Invalid(errors)
    return values

"""Thin door for the terminal: definitions, records, deadlines, ledger, demo; each also as JSON for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
import orjson
from flask import Flask, current_app
from flask.cli import AppGroup

from app import clock
from app.catalog import coverage
from app.catalog.loader import read_folder
from app.errors import CellError, Invalid, Refused, Sentence, say
from app.exchange import archive, foreseen, importing, leaving, restoring
from app.exchange.exporting import Wanted
from app.exchange.plan import make_plan
from app.exchange.preview import look
from app.fields.base import Unreadable
from app.fields.label import Label
from app.fields.links import Link
from app.fields.times import Moment
from app.services import chain, demo, ledger, lookup, people, publishing, records, sweep, ticks, verify
from app.services.panel import Actor, Panel, Work
from app.services.publishing import Unsound


class MomentType(click.ParamType):
    """A moment as people type it, in the site's zone."""

    name = "MOMENT"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            found = Moment(code="at", label=Label(zh="时间")).parse(str(value))
        except Unreadable as wrong:
            self.fail(str(wrong.reason), param, ctx)
        if found is None:
            self.fail("?", param, ctx)
        return found


def register(app: Flask) -> None:
    """Give a Flask app the panel's commands."""
    for group in (definitions, records_group, deadlines, ledger_group, demo_group):
        app.cli.add_command(group)


def _panel() -> Panel:
    return current_app.extensions["panel"]  # type: ignore[no-any-return]


def _actor(username: str | None) -> Actor:
    if username is None:
        return Actor.system()
    found = people.actor_named(_panel(), username)
    if found is None:
        raise Refused(say("没有名为“{name}”的用户，或已停用", name=username))
    return found


def _say(as_json: bool, value: Mapping[str, Any] | Sequence[Any], lines: Sequence[str]) -> None:
    click.echo(
        orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode() if as_json else "\n".join(lines)
    )


def _errors_as_sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show what a person did wrong as sentences and end with status 1; never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Unsound as unsound:
            rows = [
                {"file": f.file, "line": f.line, "path": f.path, "check": f.check, "says": str(f.sentence)}
                for f in unsound.findings
            ]
            _say(
                kwargs["as_json"],
                {"error": str(unsound.reason), "findings": rows},
                [*map(str, unsound.findings), str(unsound.reason)],
            )
        except Invalid as invalid:
            rows = [_cell(e) for e in invalid.errors]
            _say(
                kwargs["as_json"],
                {"error": str(invalid.reason), "errors": rows},
                [*map(_line, invalid.errors), str(invalid.reason)],
            )
        except Refused as refused:
            _say(kwargs["as_json"], {"error": str(refused.reason)}, [str(refused.reason)])
        raise SystemExit(1)

    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")(run)


at_option = click.option(
    "--at", type=MomentType(), default=None, help="Run as of this moment (site's zone), such as '2026-03-07 09:00'."
)
as_option = click.option(
    "--as", "username", default=None, help="User name of the person who acts; the panel itself by default."
)

definitions = AppGroup("definitions", help="What the policies say: check and bring into force.")
records_group = AppGroup("records", help="Records of registers: import, export, move.")
deadlines = AppGroup("deadlines", help="What is due.")
ledger_group = AppGroup("ledger", help="Tickets and why they are what they are.")
demo_group = AppGroup("demo", help="The demo company.")


def _files(path: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8")} if path.is_file() else read_folder(path)


@definitions.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@_errors_as_sentences
def check(path: Path | None, as_json: bool) -> None:
    """Check definitions (the shipped ones, or PATH laid over what is in force) and say what publishing would change."""
    planned = publishing.plan(_panel().engine, _merged(path))
    rows = [
        {"file": f.file, "line": f.line, "path": f.path, "check": f.check, "level": f.level, "says": str(f.sentence)}
        for f in planned.findings
    ]
    changes = [str(s) for s in (*planned.sentences, *(i.says for i in planned.impacts))]
    _say(
        as_json,
        {"findings": rows, "changes": changes},
        [*map(str, planned.findings), *changes] or ["没有问题，也没有变化"],
    )
    if planned.catalog is None:
        raise SystemExit(1)


@definitions.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--reason", default="", help="Why; kept with the publication.")
@click.option("--new-rows-only", is_flag=True, help="What becomes required is asked of new records alone.")
@as_option
@at_option
@_errors_as_sentences
def apply(
    path: Path | None, reason: str, new_rows_only: bool, username: str | None, at: datetime | None, as_json: bool
) -> None:
    """Bring definitions into force: the shipped ones, or PATH (a file or folder of the site's own) added to what is in force."""
    panel = _panel()
    published = publishing.publish(
        panel.engine,
        _merged(path),
        actor=_actor(username),
        reason=reason or "flask definitions apply",
        now=at or clock.now(),
        zone=panel.zone,
        new_rows_only=new_rows_only or path is None,
    )
    said = {"revision": published.revision, "registers": len(published.catalog.registers)}
    _say(as_json, said, [f"第 {published.revision} 版已生效，共 {len(published.catalog.registers)} 个登记簿"])


@definitions.command("coverage")
@click.argument("policy", required=False)
@_errors_as_sentences
def coverage_command(policy: str | None, as_json: bool) -> None:
    """Say what implements each article of each policy in force (or of POLICY alone), or why people do it; status 1 if an article is open."""
    found = coverage.coverage(_panel().catalog)
    if policy is not None and policy not in found:
        raise Refused(say("没有制度“{code}”", code=policy))
    shown = {code: articles for code, articles in found.items() if policy in (None, code)}
    every = tuple(c for articles in shown.values() for c in articles)
    number = coverage.counts(every)
    rows = [
        {
            "policy": c.policy.code, "article": c.article.no, "state": c.state, "text": c.article.text.zh, "parts": c.parts,
            "manual": c.article.manual.zh if c.article.manual else None,
            "by": [{"kind": one.kind, "path": one.path, "label": one.label.zh} for one in c.by],
        }
        for c in every
    ]  # fmt: skip
    words = "，".join(f"{coverage.STATES[s].template} {n}" for s, n in number.items())
    _say(as_json, {"counts": number, "articles": rows}, [*map(_covered, every), f"共 {len(every)} 条：{words}"])
    if number["open"]:
        raise SystemExit(1)


def _covered(c: coverage.Covered) -> str:
    by = "；".join(f"{coverage.NAMES[one.kind].template} {one.label} {one.path}" for one in c.by)
    return "\t".join(
        (
            f"{c.policy.code}-{c.article.no}",
            coverage.STATES[c.state].template,
            by or str(c.article.manual or "") or "、".join(c.parts),
        )
    )


def _merged(path: Path | None) -> dict[str, str]:
    shipped = Path(current_app.config["DEFINITIONS"])
    given = path or shipped
    return publishing.merged(_panel().engine, _files(given), shipped=given.resolve() == shipped.resolve())


@records_group.command("import")
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
@_errors_as_sentences
def import_(
    register_code: str, file: Path, keys: tuple[str, ...], dry_run: bool, good_rows: bool, writes: str, year: int | None, delimiter: str | None,
    header_line: int | None, again: bool, encoding: str | None, sheet: str | None,
    username: str | None, at: datetime | None, as_json: bool,
) -> None:  # fmt: skip
    """Import FILE (CSV, TSV, xlsx, xls, ods, lines of JSON) into REGISTER."""
    panel, actor, now = _panel(), _actor(username), at or clock.now()
    options: dict[str, Any] = {"keys": keys, "encoding": encoding, "sheet": sheet, "writes": writes, "year": year}
    options |= {"delimiter": delimiter, "header_line": header_line}
    if dry_run:
        with panel.reading(actor, now=now) as work:
            plan = make_plan(work, register_code, file, importing.Options.given(options))
            seen = look(work, plan)
        follows = foreseen.of_plan(panel, actor, plan, now=now) if not plan.errors else None
        counts = {"new": seen.new, "changed": seen.changed, "unchanged": seen.unchanged, "refused": seen.refused}
        errors = [*seen.file_errors, *seen.errors]
        words = [f"新增 {seen.new}，更新 {seen.changed}，不变 {seen.unchanged}，有误 {seen.refused}（试运行，未写入）"]
        words += [_followed(follows)] if follows else []
        more = {"obligations": sum(x.count for x in follows.duties), "fines": str(follows.amount)} if follows else {}
        _say(as_json, counts | more | {"errors": [_cell(e) for e in errors]}, [*map(_line, errors), *words])
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
    _say(as_json, counts | {"errors": [_cell(e) for e in report.errors]}, [*map(_line, report.errors), *words])
    raise SystemExit(0 if report.state == "done" and (good_rows or not report.refused) else 1)


def _followed(f: foreseen.Foreseen) -> str:
    """Return what would follow from an import in a line."""
    parts = [f"{x.label} {x.count}" for x in (*f.duties, *f.breaches)]
    return f"随之产生：{'，'.join(parts) or '无'}；处罚合计 {f.amount} 元" + (
        "" if f.whole else f"（只试算了前 {f.tried} 行）"
    )


@records_group.command("export")
@click.argument("register_code", metavar="REGISTER")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--encoding", type=click.Choice(["utf-8-sig", "gb18030"]), default="utf-8-sig", show_default=True, help="Of a CSV file."
)  # fmt: skip
@click.option("--search", default="")
@as_option
@_errors_as_sentences
def export(register_code: str, file: Path, encoding: Any, search: str, username: str | None, as_json: bool) -> None:
    """Export the rows of REGISTER that the person may see to FILE: a workbook if its name ends in .xlsx, else CSV."""
    form: Any = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
    wanted = Wanted(search=search, form=form, encoding=encoding)
    issued = leaving.issue(_panel(), _actor(username), register_code, wanted, now=clock.now(), source="cli")
    with file.open("wb") as out:
        out.writelines(issued.parts)
    with _panel().reading(Actor.system()) as work:
        count = leaving.rows_of(work, issued.number)
    _say(as_json, {"rows": count, "file": str(file)}, [f"已导出 {count} 行到 {file}"])


@records_group.command("archive")
@click.argument("register_code", metavar="REGISTER")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_option
@at_option
@_errors_as_sentences
def archive_(register_code: str, file: Path, username: str | None, at: datetime | None, as_json: bool) -> None:
    """Write the whole REGISTER to FILE (zip): definitions, records with their history, what they point to, attachments."""
    with file.open("w+b") as out:
        count = archive.pack(_panel(), _actor(username), register_code, out, now=at or clock.now())
    _say(as_json, {"records": count, "file": str(file)}, [f"已存档 {count} 条记录到 {file}"])


@records_group.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--definitions", is_flag=True, help="Bring the archive's definitions into force first.")
@as_option
@at_option
@_errors_as_sentences
def restore_(file: Path, definitions: bool, username: str | None, at: datetime | None, as_json: bool) -> None:
    """Bring a register back from an archive FILE into this site, where it must hold no records."""
    with file.open("rb") as stream:
        now, panel, actor = at or clock.now(), _panel(), _actor(username)
        panel = restoring.with_definitions(panel, actor, stream, now=now) if definitions else panel
        back = restoring.restore(panel, actor, stream, now=now)
    words = f"“{back.register}”已恢复 {back.records} 条记录，及其引用的 {back.pointed} 条、{back.people} 名停用的人员、{back.files} 个附件"
    _say(as_json, vars(back), [words, *([str(back.left)] if back.left else [])])


@records_group.command("move")
@click.argument("register_code", metavar="REGISTER")
@click.argument("number", metavar="RECORD_NO")
@click.argument("transition")
@click.option("--set", "values", multiple=True, metavar="FIELD=VALUE", help="A field that the transition asks for.")
@click.option("--reason", default="")
@as_option
@at_option
@_errors_as_sentences
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
    with _panel().work(_actor(username), now=at, source="cli") as work:
        found = lookup.by_number(work, register_code, number)
        records.move(work, register_code, found, transition, _values(work, register_code, values), reason=reason)
        state = records.get(work.acting(Actor.system()), register_code, found)["state"]
    _say(as_json, {"record_no": number, "state": state}, [f"{number} → {state}"])


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


@deadlines.command("sweep")
@at_option
@_errors_as_sentences
def sweep_command(at: datetime | None, as_json: bool) -> None:
    """Do everything that has fallen due: reminders, breaches, tickets, notices; again changes nothing.

    Without --at it does nothing while the clock is in doubt.
    """
    report = sweep.run(_panel(), at) if at is not None else ticks.run(_panel(), clock.reading())
    if report is None:
        raise Refused(say("期限检查已暂停，请先核对本机时间，再执行 flask deadlines release"))
    chain.note_head(_panel().engine, current_app.config["SETTINGS"].INSTANCE, at or clock.now())
    words = f"处理到期 {report.timers} 项：新违规 {report.breaches}，新处罚单 {report.tickets}，通知 {report.notices}"
    _say(as_json, vars(report), [words])


@deadlines.command()
@click.option("--note", required=True, help="What you found when you looked at the clock; kept.")
@as_option
@_errors_as_sentences
def release(note: str, username: str | None, as_json: bool) -> None:
    """Let deadlines be checked again after the clock was in doubt."""
    with _panel().work(_actor(username), source="cli") as work:
        ticks.release(work, note)
    _say(as_json, {"status": "ok"}, ["期限检查已恢复"])


@ledger_group.command("list")
@click.option("--person", default=None, help="User name.")
@click.option("--month", default=None, metavar="YYYY-MM")
@as_option
@_errors_as_sentences
def list_(person: str | None, month: str | None, username: str | None, as_json: bool) -> None:
    """List tickets, latest violation first."""
    wanted = _actor(person).person_id if person else None
    with _panel().reading(_actor(username)) as work:
        found = ledger.tickets(work, person=wanted, month=month, limit=10_000)
    keys = (
        "record_no",
        "person_name",
        "rule_label",
        "clause",
        "day",
        "ordinal",
        "factor",
        "base_amount",
        "amount",
        "state",
        "record_title",
    )
    rows = [{k: t[k] for k in keys} for t in found]
    total = sum(t["amount"] for t in found if t["state"] not in {"waived", "cancelled", "void"})
    lines = ["\t".join(str(r[k]) for k in keys) for r in rows]
    _say(as_json, {"tickets": rows, "total": str(total)}, [*lines, f"合计 {total} 元，{len(rows)} 张"])


@ledger_group.command("why")
@click.argument("ticket")
@as_option
@_errors_as_sentences
def why(ticket: str, username: str | None, as_json: bool) -> None:
    """Say why TICKET (its number) is what it is: article, days counted, counter, arithmetic, entries."""
    with _panel().reading(_actor(username)) as work:
        found = ledger.why(work, ledger.find(work, ticket))
    t = found.ticket
    lines = [f"{t['record_no']} {t['person_name']} {t['rule_label']}：{t['record_title']}"]
    lines += [f"依据 {c}：{a.text.zh if a else '（条款文字未收录）'}" for c, a in found.articles]
    if found.due is not None:
        zone = _panel().zone
        lines += [
            f"  {c.day} {'第 ' + str(c.number) + ' 天' if c.number is not None else '不计'} {c.name.zh if c.name else ''}".rstrip()
            for c in found.due.counted
        ]
        lines.append(f"期限 {found.due.day}，自 {found.due.late_at.astimezone(zone):%Y-%m-%d %H:%M} 起逾期")
    lines += [f"  第 {m['ordinal']} 次 {m['record_no']} {m['day']} {m['rule_label']}" for m in found.members]
    lines.append(f"{t['month']} 第 {t['ordinal']} 次，×{t['factor']}：{t['arithmetic']}")
    lines += [
        f"  {e['at'].astimezone(_panel().zone):%Y-%m-%d %H:%M} {e['kind']} {e['amount']} {e['name']} {e['reason'] or ''}".rstrip()
        for e in found.entries
    ]
    said = {
        "ticket": dict(t), "articles": [c for c, _ in found.articles], "members": [m["record_no"] for m in found.members],
        "lines": [dict(x) for x in found.lines], "entries": [dict(e) for e in found.entries],
    }  # fmt: skip
    _say(as_json, said, lines)


@ledger_group.command("verify")
@click.option(
    "--heads", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
    help="A kept copy of ledger_heads.txt to compare with; by default the one in the instance folder.",
)  # fmt: skip
@_errors_as_sentences
def verify_command(heads: Path | None, as_json: bool) -> None:
    """Verify the ledger: name the first line altered, missing or moved, and whatever does not add up; status 1 if anything is found."""
    notes = heads.read_text("utf-8").splitlines() if heads else chain.notes(current_app.config["SETTINGS"].INSTANCE)
    found = verify.run(_panel(), notes, progress=None if as_json else _progress)
    flaws = [{"check": f.check, "says": str(f.says)} for f in found.flaws]
    counted = "，".join(verify.COUNTED[k].template.format(n=n) for k, n in found.counts.items())
    said = [f"[{f['check']}] {f['says']}" for f in flaws] or ["台账完好"]
    _say(as_json, {"counts": found.counts, "flaws": flaws}, [f"已核对：{counted}", *said])
    if flaws:
        raise SystemExit(1)


def _progress(done: int, of: int) -> None:
    click.echo(f"已重算 {done} / {of} 条记录", err=True)


@ledger_group.command("head")
@at_option
@_errors_as_sentences
def head_command(at: datetime | None, as_json: bool) -> None:
    """Say the ledger's last line, to be mailed, printed or kept elsewhere: moment, place, hash; it is also kept in ledger_heads.txt."""
    line = chain.note_head(_panel().engine, current_app.config["SETTINGS"].INSTANCE, at or clock.now())
    moment, place, hashed = line.split(" ")
    _say(as_json, {"at": moment, "place": int(place), "hash": hashed}, [line])


@demo_group.command("load")
@at_option
@_errors_as_sentences
def load(at: datetime | None, as_json: bool) -> None:
    """Load the demo company into an empty site."""
    lines = demo.load(_panel(), at or clock.now())
    _say(as_json, {"lines": lines}, lines)


def _cell(e: CellError) -> dict[str, Any]:
    return {"line": e.line, "row": e.row, "field": e.field, "label": e.label, "text": e.text, "reason": str(e.reason)}


def _line(e: CellError) -> str:
    place = f"第 {e.line} 行" if e.line else f"第 {e.row} 条" if e.row else ""
    return " ".join(x for x in (place, e.label or e.field, f"“{e.text}”" if e.text else "", f"{e.reason}") if x)

"""`flask ledger`: tickets, why they are what they are, and whether the ledger is whole."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app import clock
from app.cli.terminal import actor_named, answer, as_option, at_option, current_panel, errors_as_sentences
from app.services import chain, ledger, verify

group = AppGroup("ledger", help="Tickets and why they are what they are.")


@group.command("list")
@click.option("--person", default=None, help="User name.")
@click.option("--month", default=None, metavar="YYYY-MM")
@as_option
@errors_as_sentences
def list_(person: str | None, month: str | None, username: str | None, as_json: bool) -> None:
    """List tickets, latest violation first."""
    wanted = actor_named(person).person_id if person else None
    with current_panel().reading(actor_named(username)) as work:
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
    answer(as_json, {"tickets": rows, "total": str(total)}, [*lines, f"合计 {total} 元，{len(rows)} 张"])


@group.command("why")
@click.argument("ticket")
@as_option
@errors_as_sentences
def why(ticket: str, username: str | None, as_json: bool) -> None:
    """Say why TICKET (its number) is what it is: article, days counted, counter, arithmetic, entries."""
    with current_panel().reading(actor_named(username)) as work:
        found = ledger.why(work, ledger.find(work, ticket))
    t = found.ticket
    lines = [f"{t['record_no']} {t['person_name']} {t['rule_label']}：{t['record_title']}"]
    lines += [f"依据 {c}：{a.text.zh if a else '（条款文字未收录）'}" for c, a in found.articles]
    if found.due is not None:
        zone = current_panel().zone
        lines += [
            f"  {c.day} {'第 ' + str(c.number) + ' 天' if c.number is not None else '不计'} {c.name.zh if c.name else ''}".rstrip()
            for c in found.due.counted
        ]
        lines.append(f"期限 {found.due.day}，自 {found.due.late_at.astimezone(zone):%Y-%m-%d %H:%M} 起逾期")
    lines += [f"  第 {m['ordinal']} 次 {m['record_no']} {m['day']} {m['rule_label']}" for m in found.members]
    lines.append(f"{t['month']} 第 {t['ordinal']} 次，×{t['factor']}：{t['arithmetic']}")
    lines += [
        f"  {e['at'].astimezone(current_panel().zone):%Y-%m-%d %H:%M} {e['kind']} {e['amount']} {e['name']} {e['reason'] or ''}".rstrip()
        for e in found.entries
    ]
    said = {
        "ticket": dict(t), "articles": [c for c, _ in found.articles], "members": [m["record_no"] for m in found.members],
        "lines": [dict(x) for x in found.lines], "entries": [dict(e) for e in found.entries],
    }  # fmt: skip
    answer(as_json, said, lines)


@group.command("verify")
@click.option(
    "--heads", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
    help="A kept copy of ledger_heads.txt to compare with; by default the one in the instance folder.",
)  # fmt: skip
@errors_as_sentences
def verify_command(heads: Path | None, as_json: bool) -> None:
    """Verify the ledger: name the first line altered, missing or moved, and whatever does not add up; status 1 if anything is found."""
    notes = heads.read_text("utf-8").splitlines() if heads else chain.notes(current_app.config["SETTINGS"].INSTANCE)
    found = verify.run(current_panel(), notes, progress=None if as_json else _progress)
    flaws = [{"check": f.check, "says": str(f.says)} for f in found.flaws]
    counted = "，".join(verify.COUNTED[k].template.format(n=n) for k, n in found.counts.items())
    said = [f"[{f['check']}] {f['says']}" for f in flaws] or ["台账完好"]
    answer(as_json, {"counts": found.counts, "flaws": flaws}, [f"已核对：{counted}", *said])
    if flaws:
        raise SystemExit(1)


def _progress(done: int, of: int) -> None:
    click.echo(f"已重算 {done} / {of} 条记录", err=True)


@group.command("head")
@at_option
@errors_as_sentences
def head_command(at: datetime | None, as_json: bool) -> None:
    """Say the ledger's last line, to be mailed, printed or kept elsewhere: moment, place, hash; it is also kept in ledger_heads.txt."""
    line = chain.note_head(current_panel().engine, current_app.config["SETTINGS"].INSTANCE, at or clock.now())
    moment, place, hashed = line.split(" ")
    answer(as_json, {"at": moment, "place": int(place), "hash": hashed}, [line])

"""Comparing what a case expects with what the tables of a site say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.models.ledger import breach, closing, ledger_entry, notice, obligation, ticket
from app.rules.indicator import grade, period_of, rounded
from app.services import indicators, ledger, listing, moving, statements, sweep, verify
from app.services.measuring import WHOLE
from app.services.panel import Actor, Work
from tests.cases import offices
from tests.cases.playing import PEOPLE, Play, Wrong
from tests.cases.reading import Case, Expect, moment
from tests.site import SHANGHAI, Site

STANDS = ("proposed", "confirmed", "appealed", "upheld", "executed")
KINDS = {
    "assessed": "立案", "corrected": "更正", "voided": "作废", "revived": "恢复", "confirmed": "确认", "waived": "免罚",
    "cancelled": "撤销", "executed": "执行", "appealed": "申诉", "upheld": "维持", "withdrawn": "撤诉",
    "settled": "月结", "reopened": "月结重开",
}  # fmt: skip
TOLD = {"提醒": "remind", "逾期": "overdue", "违规": "breach", "解除": "lifted"}


def compare(play: Play, expect: Expect) -> None:
    """Raise Wrong, with what is the case instead, where something is not as expected."""
    with play.site.panel.reading(Actor.system(), now=play.now) as work:
        for name, limits in expect.due.items():
            for duty, limit in limits.items():
                _due(play, work, name, duty, limit)
        for name, states in expect.duties.items():
            for duty, state in states.items():
                _same(f"{name}“{duty}”", state, _state(play, work, name, duty))
        if expect.tickets is not None:
            _tickets(play, work, expect.tickets)
        for person, months in expect.fines.items():
            for month, amounts in months.items():
                _same(f"{person} {month} 罚款", [Decimal(str(a)) for a in amounts], _fines(play, work, person, month))
        for words, lines in expect.lines.items():
            _same(f"{words} 的分录", lines, _lines(work, play.ticket(work, words)))
        if expect.breaches is not None:
            _same("违规", expect.breaches, _breaches(play, work))
        for person, kinds in expect.told.items():
            _same(f"告知{person}", sorted(kinds), _told(play, work, person))
        for name, wanted in expect.fields.items():
            _fields(play, name, wanted)
        for register, count in expect.records.items():
            _same(f"{register}条数", count, len(listing.select_rows(work, play.spec(register).code)))
        for word, periods in expect.figures.items():
            for period, said in periods.items():
                _same(f"{word} {period}", said, _figure(work, word, period))
        for month, sums in expect.taken.items():
            _same(f"{month} 月结", {p: Decimal(str(v)) for p, v in sums.items()}, _taken(play, work, month))
        if expect.held is not None:
            _same("期限检查暂停", expect.held, offices.held(play))
        for person, offered in expect.offered.items():
            open_to = {o.person for o in ledger.offers(work, expect.month)}
            _same(f"{person} {expect.month} 可扣绩效", offered, play.person(person) in open_to)


def hold(ground: Site, case: Case, folder: Path) -> Play:
    """Play a case to its end and return it. Raises Wrong unless all is as expected, the ledger sound, and a sweep done again does nothing."""
    play = Play(ground, case, folder)
    play.run()
    sound(play)
    sweep.run(play.site.panel, play.now)
    again = sweep.run(play.site.panel, play.now)
    if (again.breaches, again.tickets, again.notices) != (0, 0, 0):
        raise Wrong("a sweep done again does something")
    return play


def sound(play: Play) -> None:
    """Raise Wrong unless the ledger is sound: its chain unbroken, its sums right, its judgements those of the facts."""
    flaws = [str(f.says) for f in verify.run(play.site.panel).flaws]
    if flaws:
        raise Wrong(f"台账核对不符：{flaws}")


def _same(what: str, expected: Any, actual: Any) -> None:
    if expected != actual:
        raise Wrong(f"{what}：应为 {_shown(expected)}，实为 {_shown(actual)}")


def _shown(value: Any) -> str:
    return "[" + "、".join(map(str, value)) + "]" if isinstance(value, list) else str(value)


def _obligation(play: Play, work: Work, name: str, duty: str) -> Mapping[str, Any] | None:
    """Return the latest obligation of a duty of a record; Wrong where the register knows no such duty."""
    register, record_id = play.thing(name)
    spec = play.spec(register)
    code = next((d.code for d in spec.duties if duty in (d.code, d.label.zh)), None)
    if code is None:
        raise Wrong(f"“{spec.label.zh}”没有名为“{duty}”的时限")
    o = obligation.c
    query = select(obligation).where(o.register == register, o.record_id == record_id, o.duty == code)
    return work.connection.execute(query.order_by(o.cycle.desc())).mappings().first()


def _due(play: Play, work: Work, name: str, duty: str, limit: Any) -> None:
    found = _obligation(play, work, name, duty)
    actual = None if found is None or found["state"] == "void" else found["due_at"]
    expected = None if limit is None else moment(limit)
    if actual != expected:
        shown = actual and f"{actual.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        raise Wrong(f"{name}“{duty}”自何时起算迟：应为 {limit}，实为 {shown}")


def _state(play: Play, work: Work, name: str, duty: str) -> str:
    """Return how a duty stands: 无, 待办, 已逾期, 按时完成, 逾期完成; with 待定 where its year is not announced."""
    o = _obligation(play, work, name, duty)
    if o is None or o["state"] == "void":
        return "无"
    if o["state"] == "done":
        return "按时完成" if o["done_at"] < o["due_at"] else "逾期完成"
    state = "待办" if play.now < o["due_at"] else "已逾期"
    return f"{state}（日历待定）" if o["provisional"] else state


def _figure(work: Work, word: str, key: str) -> str:
    """Return a figure as of now, in words: value, grade and, unless it is composed, what was counted: ``52.9 达标 9/17``."""
    found = work.catalog.indicators
    indicator = found.get(word) or next((i for i in found.values() if i.label.zh == word), None)
    if indicator is None:
        raise Wrong(f"没有名为“{word}”的指标")
    year, _, part = key.partition("-")
    month = 1 if not part else int(part) if part.isdecimal() else 1 + (int(part[1]) - 1) * (3 if part[0] == "Q" else 6)
    figure = indicators.figures(work, indicator, period_of(indicator.period, date(int(year), month, 1))).get(WHOLE)
    exact = figure.exact(indicator) if figure is not None else None
    if figure is None or exact is None:
        return "无数据"
    band = grade(indicator, exact)
    words = [f"{rounded(exact, indicator.places):f}", band.label.zh if band else ""]
    if figure.denominator is not None and not indicator.parts:
        words.append(f"{_plain(figure.numerator or Decimal(0))}/{_plain(figure.denominator)}")
    return " ".join(w for w in words if w)


def _taken(play: Play, work: Work, month: str) -> dict[str, Decimal]:
    """Return what the last closing of a month took from each person, gave back being negative."""
    c = closing.c
    number = work.connection.execute(select(c.id).where(c.month == month).order_by(c.nth.desc())).scalar()
    if number is None:
        raise Wrong(f"{month} 没有结账")
    names = {play.site.ids[u]: n for n, u in {**PEOPLE, **play.case.people}.items()}
    return {names.get(s.person, str(s.person)): s.total for s in statements.everybody(work, int(number))}


def _all_tickets(play: Play, work: Work) -> list[Mapping[str, Any]]:
    t = ticket.c
    query = select(ticket).order_by(t.occurred_at, t.ordinal, t.register, t.record_id, t.clause, t.id)
    return list(work.connection.execute(query).mappings())


def _tickets(play: Play, work: Work, wanted: Sequence[str]) -> None:
    """Each line of the case names some facts of one ticket; all tickets are listed, in the order of the violations."""
    actual = [_words(play, work, t) for t in _all_tickets(play, work)]
    missing = [f"缺“{w}”" for w in (line.split() for line in wanted[len(actual) :])]
    wrong = [
        f"第 {n} 张无“{word}”" for n, (line, words) in enumerate(zip(wanted, actual, strict=False), 1)
        for word in line.split() if word not in words
    ]  # fmt: skip
    if missing or wrong or len(actual) > len(wanted):
        all_of_them = "\n    ".join(" ".join(words) for words in actual)
        raise Wrong(f"处罚单 {len(actual)} 张（应 {len(wanted)} 张），{'，'.join(wrong)}：\n    {all_of_them}")


def _words(play: Play, work: Work, t: Mapping[str, Any]) -> list[str]:
    """Return everything that a case may say of a ticket, each a word."""
    names = {i: n for n, i in ((n, play.site.ids[u]) for n, u in {**PEOPLE, **play.case.people}.items())}
    words = [
        names.get(t["person"], "无人"), t["clause"], play.title(work, t["register"], t["record_id"]).replace(" ", "_"),
        f"{t['day']}", f"{t['month']}", f"第{t['ordinal']}次",
        f"{_plain(t['base_amount'])}×{_plain(t['factor'])}={_plain(t['amount'])}", f"{_plain(t['amount'])}元",
        str(moving.STATES[t["state"]]),
    ]  # fmt: skip
    if t["points"]:
        words.append(f"扣{_plain(t['points'])}分")
    if t["sanction"]:
        words.append(t["sanction"])
    return [w for w in words if w]


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return re.sub(r"\.?0+$", "", text) if "." in text else text


def _fines(play: Play, work: Work, person: str, month: str) -> list[Decimal]:
    mine = (t for t in _all_tickets(play, work) if t["person"] == play.person(person) and t["month"] == month)
    return [t["amount"] for t in mine if t["state"] in STANDS]


def _lines(work: Work, ticket_id: int) -> list[str]:
    e = ledger_entry.c
    found = work.connection.execute(select(e.kind, e.amount).where(e.ticket == ticket_id).order_by(e.seq))
    return [f"{KINDS[kind]} {_plain(amount)}" if amount else KINDS[kind] for kind, amount in found]


def _breaches(play: Play, work: Work) -> list[str]:
    """Return the breaches that stand: day, record and rule."""
    b = breach.c
    query = (
        select(breach).where(b.state == "live").order_by(b.occurred_at, b.register, b.record_id, b.rule, b.occurrence)
    )
    labels = {(r.code, x.code): x.label.zh for r in work.catalog.registers.values() for x in r.breaches}
    return [
        f"{r['day']} {play.title(work, r['register'], r['record_id'])} {labels.get((r['register'], r['rule']), r['rule'])}"
        for r in work.connection.execute(query).mappings()
    ]


def _told(play: Play, work: Work, person: str) -> list[str]:
    """Return what somebody was told about deadlines and violations of the case's own records: kind and record."""
    n = notice.c
    kinds = {code: zh for zh, code in TOLD.items()}
    query = select(n.kind, n.register, n.record_id).where(n.person == play.person(person), n.kind.in_(kinds))
    return sorted(
        f"{kinds[kind]} {play.title(work, register, record_id)}"
        for kind, register, record_id in work.connection.execute(query)
        if (register, record_id) in play.names.values()
    )


def _fields(play: Play, name: str, wanted: Mapping[str, Any]) -> None:
    register, record_id = play.thing(name)
    spec = play.spec(register)
    row = play.site.read(register, record_id)
    for word, value in wanted.items():
        if word in ("状态", "state"):
            state = spec.workflow.state(row["state"]) if spec.workflow else None
            _same(f"{name}的状态", value, state.label.zh if state else row["state"])
        else:
            code = play.column(spec, word)
            _same(f"{name}的{word}", play.values(spec, {code: value})[code], row[code])

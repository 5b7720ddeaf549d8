"""Verifying the ledger: a list of checks, each of which reads everything and names what it finds wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from app.errors import Sentence, say
from app.models.ledger import closing, ledger_entry, obligation, ticket
from app.services import chain, comparing, replay
from app.services.panel import Actor, Panel, Work
from app.services.replay import Progress

BATCH = 5_000
MOST = 100
"""Flaws that one check names at most; the others are counted."""


@dataclass(frozen=True)
class Flaw:
    """One thing found wrong, and which check found it."""

    check: str
    says: Sentence


@dataclass
class Verification:
    """What was read and what was found wrong; ``notes`` are the lines of the file of heads, as ``chain.note_head`` wrote them."""

    notes: Sequence[str] = ()
    counts: dict[str, int] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    progress: Progress | None = None


Check = Callable[[Work, Verification], Iterable[Sentence]]
"""Reads in batches, yields a sentence for each thing that is wrong, and says in ``counts`` how much it read."""


def run(
    panel: Panel,
    notes: Sequence[str] = (),
    checks: Mapping[str, Check] | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Run ``checks`` (all of them where none are given) and return what they found; ``progress`` is told of the longest.

    Writes nothing, and needs no more memory for more lines.
    """
    found = Verification(notes, progress=progress)
    with panel.reading(Actor.system()) as work:
        for name, check in (checks or CHECKS).items():
            flaws = iter(check(work, found))
            found.flaws += [Flaw(name, says) for says in islice(flaws, MOST)]
            if more := sum(1 for _ in flaws):
                found.flaws.append(Flaw(name, say("还有 {n} 处", n=more)))
    return found


def lines(work: Work, found: Verification) -> Iterator[Sentence]:
    """Follow the chain and yield the first line that is altered, missing or moved: of what comes after it nothing is known.

    The heads that were written down outside the ledger are compared on the way.
    """
    end = chain.head(work.connection)
    outside: dict[int, list[tuple[Sentence, bytes]]] = {}
    for number, note in enumerate(found.notes, 1):
        if (head := chain.read_note(note)) is None:
            yield say("末行记录文件第 {n} 行不可辨认", n=number)
        else:
            outside.setdefault(head.place, []).append((say("末行记录文件第 {n} 行", n=number), head.hash))
    c = closing.c
    for month, nth, place, hashed in work.connection.execute(select(c.month, c.nth, c.place, c.hash).order_by(c.id)):
        outside.setdefault(place, []).append((say("{month} 第 {nth} 次月结所存末行", month=month, nth=nth), hashed))
    outside.setdefault(end.place, []).append((say("数据库所存末行"), end.hash))
    last, place = chain.FIRST, 0
    for row in _entries(work):
        if (broken := _broken(work, row, place + 1, last)) is not None:
            found.counts["entries"] = place
            yield broken
            return
        last, place = row["hash"], place + 1
        for who, hashed in outside.pop(place, ()):
            if hashed != last:
                yield say("第 {place} 行与{who}不符：台账被重写过", place=place, who=who)
    found.counts["entries"] = place
    outside.pop(0, None)
    for noted in sorted(outside):
        yield say("第 {place} 行起缺失：{who}为第 {n} 行", place=place + 1, who=outside[noted][0][0], n=noted)


def _entries(work: Work) -> Iterator[Mapping[str, Any]]:
    """Yield the ledger's lines in order, as far as it reached when asked first."""
    e = ledger_entry.c
    end = work.connection.execute(select(func.max(e.place))).scalar() or 0
    query = select(ledger_entry).order_by(e.place).limit(BATCH)
    after = 0
    while batch := work.rows(query.where(e.place > after, e.place <= end)).all():
        yield from batch
        after = batch[-1]["place"]


def _broken(work: Work, row: Mapping[str, Any], place: int, last: bytes) -> Sentence | None:
    """Return what is wrong with the line found at a place after the one with the hash ``last``, or None."""
    if row["place"] != place:
        return say("第 {place} 行缺失：其后是第 {n} 行", place=place, n=row["place"])
    if chain.digest(row["previous"], row) != row["hash"]:
        number = work.connection.execute(select(ticket.c.record_no).where(ticket.c.id == row["ticket"])).scalar()
        return say("第 {place} 行被改动：处罚单 {ticket} 的第 {seq} 笔", place=place, ticket=number, seq=row["seq"])
    if row["previous"] == last:
        return None
    e = ledger_entry.c
    before = work.connection.execute(select(e.place).where(e.hash == row["previous"])).scalar()
    if before is None:
        return say("第 {place} 行之前的一行缺失或被替换", place=place)
    return say("第 {place} 行不在原位：它原在第 {n} 行之后", place=place, n=before)


def sums(work: Work, found: Verification) -> Iterator[Sentence]:
    """Yield the tickets whose lines do not add up to their amount, or whose state is not the one that their lines led to."""
    t, e = ticket.c, ledger_entry.c
    found.counts["tickets"] = work.connection.execute(select(func.count()).select_from(ticket)).scalar_one()
    totals = func.sum(e.amount).label("money"), func.sum(e.points).label("points"), func.sum(e.paid).label("paid")
    total = select(e.ticket, *totals).group_by(e.ticket).subquery()
    query = (
        select(t.record_no, t.amount, total.c.money, t.points, total.c.points.label("added"), t.paid, total.c.paid.label("taken"))
        .join_from(ticket, total, total.c.ticket == t.id, isouter=True)
        .where(or_(total.c.ticket.is_(None), total.c.money != t.amount, total.c.points != t.points, total.c.paid != t.paid)).order_by(t.id)
    )  # fmt: skip
    for number, amount, money, points, added, paid, taken in work.connection.execute(query):
        if money is None or money != amount:
            yield say(
                "处罚单 {ticket} 金额 {amount} 元，分录合计 {sum} 元", ticket=number, amount=amount, sum=money or 0
            )
        if added is not None and added != points:
            yield say("处罚单 {ticket} 扣 {points} 分，分录合计 {sum} 分", ticket=number, points=points, sum=added)
        if taken is not None and taken != paid:
            yield say("处罚单 {ticket} 已扣 {amount} 元，分录合计已扣 {sum} 元", ticket=number, amount=paid, sum=taken)
    steps = e.kind.not_in(["corrected"])
    newest = select(e.ticket, func.max(e.seq).label("seq")).where(steps).group_by(e.ticket).subquery()
    led = or_(*(and_(e.kind == kind, t.state.in_(states)) for kind, states in LEADS_TO.items()))
    unlike: Select[str, str, str] = (
        select(t.record_no, t.state, e.kind).join_from(ticket, newest, newest.c.ticket == t.id)
        .join(ledger_entry, and_(e.ticket == newest.c.ticket, e.seq == newest.c.seq)).where(~led).order_by(t.id)
    )  # fmt: skip
    for number, state, kind in work.connection.execute(unlike):
        yield say("处罚单 {ticket} 状态为“{state}”，最后一笔分录却是“{kind}”", ticket=number, state=state, kind=kind)


LEADS_TO = {
    "assessed": ("proposed",), "revived": ("proposed",), "voided": ("void",), "confirmed": ("confirmed",), "waived": ("waived",),
    "cancelled": ("cancelled",), "executed": ("executed",), "appealed": ("appealed",), "upheld": ("upheld",),
    "withdrawn": ("confirmed", "executed"), "settled": ("executed", "waived", "cancelled", "void"),
    "reopened": ("confirmed", "upheld", "executed", "appealed", "waived", "cancelled", "void"),
}  # fmt: skip
"""What state a ticket is in after a line of each kind."""


def replayed(work: Work, found: Verification) -> Iterator[Sentence]:
    """Judge everything anew from the facts and yield each place where the kept ledger is otherwise.

    As of the moment up to which deadlines have been swept: what is pending is no difference.
    """
    with replay.replayed(work.panel, replay.swept_until(work), found.progress) as anew:
        found.counts["obligations"] = anew.work.connection.execute(
            select(func.count()).select_from(obligation)
        ).scalar_one()
        for d in comparing.differences(anew):
            yield say(
                "{register} 第 {record} 号记录的{kind} {code}（第 {n} 次）{column}：现存 {stored}，应为 {right}",
                register=d.register, record=d.record_id, kind=KINDS[d.kind], code=d.code, n=d.occurrence,
                column=d.column, stored=_shown(d.stored), right=_shown(d.recomputed),
            )  # fmt: skip


def _shown(value: Any) -> str:
    return "—" if value is None else str(value)


KINDS = {"obligation": say("时限"), "breach": say("违规"), "ticket": say("处罚单")}
CHECKS: dict[str, Check] = {"lines": lines, "sums": sums, "replay": replayed}
COUNTED = {
    "entries": say("台账 {n} 行"),
    "tickets": say("处罚单 {n} 张"),
    "obligations": say("由事实重算的时限 {n} 项"),
}
"""What each count of a verification is of."""

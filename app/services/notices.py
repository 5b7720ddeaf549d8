"""Notices: something to tell somebody, exactly once; in the inbox at once, and by e-mail through an outbox."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import func, or_, select, update

from app.catalog.words import consequence
from app.errors import Sentence, say
from app.models.among import among
from app.models.bulk import insert_rows
from app.models.fixed import person
from app.models.ledger import breach, notice, obligation, outbox, ticket
from app.services import numbering
from app.services.panel import Actor, Panel, Work

KINDS: dict[str, Sentence] = {
    "remind": say("请于 {due} 前办理：{register} {number} {duty}"),
    "overdue": say("已逾期：{register} {number} {duty}（应于 {due} 前办理，责任人 {who}）"),
    "breach": say("发生违规：{register} {number} {rule}（{who}）"),
    "lifted": say("违规已解除：{register} {number} {rule}（{who}）"),
    "amended": say("处罚单 {ticket} 由 {costs_before} 改为 {costs}：{why}"),
    "to_confirm": say("处罚单 {ticket} 待确认：{rule}，{who}，{costs}"),
    "confirmed": say("处罚单 {ticket} 已确认：{rule}，{costs}"),
    "appealed": say("{who} 对处罚单 {ticket} 提出申诉，待裁定：{rule}"),
    "decided": say("处罚单 {ticket} 状态变更为“{state}”：{rule}"),
    "ordered": say("责令改正：{register} {number}（处罚单 {ticket}）"),
    "clock": say("期限检查已暂停：{why}。确认本机时间后，请在“运行状况”中恢复。"),
    "redated": say("第 {revision} 号日历使 {n} 项待办改期，如 {register} {number} 由 {before} 改为 {after} 前"),
    "report": say("{register} {number}（{period}）已自动生成，请核对后签字"),
    "figures": say("{period} 的指标已定数：{indicators}"),
    "moved": say("{register} {number} 已“{move}”，经办人 {who}"),
}
"""What each kind of notice says; never customer data, only numbers and names of registers and staff (P08 §26)."""

ATTEMPTS = 6
Letter = tuple[str, str, str, str]
"""(address, message id, subject, text)"""


def tell(
    work: Work, people: Iterable[int | None], kind: str, key: str, words: Mapping[str, Any], about: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the notices of one event, one for each person; ``key`` makes each of them happen once. ``send`` keeps them."""
    text = orjson.dumps(dict(words), default=str).decode()
    return [
        {"key": f"{key}:{p}", "person": p, "kind": kind, "words": text, "at": work.now,
         "register": about.get("register"), "record_id": about.get("record_id"), "ticket": about.get("ticket")}
        for p in dict.fromkeys(people) if p is not None
    ]  # fmt: skip


def send(work: Work, notices: Sequence[dict[str, Any]]) -> int:
    """Keep the notices that have not been given yet, and lay an e-mail for each into the outbox; return how many are new."""
    wanted = {n["key"]: n for n in notices}
    for old in work.connection.execute(select(notice.c.key).where(among(notice.c.key, wanted))).scalars():
        del wanted[old]
    if not wanted:
        return 0
    first = numbering.take(work, "notice.id", len(wanted))
    rows = [n | {"id": first + i} for i, n in enumerate(wanted.values())]
    insert_rows(work.connection, notice, rows)
    letters = [
        {"notice": r["id"], "channel": "mail", "state": "waiting", "attempts": 0, "next_at": work.now} for r in rows
    ]
    insert_rows(work.connection, outbox, letters)
    return len(rows)


def sentence(row: Mapping[str, Any]) -> Sentence:
    """Return what a notice says, to be shown in the reader's language."""
    words = orjson.loads(row["words"])
    if "points_after" in words:
        words["costs_before"], words["costs"] = (
            consequence(Decimal(words[side]), Decimal(words[f"points_{side}"]), "") for side in ("before", "after")
        )
    if "amount" in words:
        amount, points = Decimal(words["amount"]), Decimal(words["points"])
        words["costs"] = consequence(amount, points, words["sanction"] or "")
    return Sentence(KINDS[row["kind"]].template, words)


def inbox(work: Work, *, limit: int = 100, unread_only: bool = False) -> list[dict[str, Any]]:
    """Return the actor's own notices, latest first."""
    query = select(notice).where(notice.c.person == work.actor.person_id)
    if unread_only:
        query = query.where(notice.c.read_at.is_(None))
    rows = work.connection.execute(query.order_by(notice.c.at.desc(), notice.c.id.desc()).limit(limit)).mappings()
    return [dict(r) | {"sentence": sentence(r)} for r in rows]


def unread(work: Work) -> int:
    """Return how many notices the actor has not read."""
    query = (
        select(func.count())
        .select_from(notice)
        .where(notice.c.person == work.actor.person_id, notice.c.read_at.is_(None))
    )
    return int(work.connection.execute(query).scalar_one())


def mark_read(work: Work, ids: Iterable[int] | None = None) -> None:
    """Mark the actor's notices as read: those of ``ids``, or all."""
    query = (
        update(notice)
        .where(notice.c.person == work.actor.person_id, notice.c.read_at.is_(None))
        .values(read_at=work.now)
    )
    work.connection.execute(query if ids is None else query.where(notice.c.id.in_(list(ids))))


def limit_key(kind: str, o: Mapping[str, Any], seq: int) -> str:
    """Return the key of a reminder or an escalation: once for each limit that an obligation had."""
    return f"{kind}:{o['id']}:{seq}:{o['due_at']:%Y%m%d%H%M}"


def _overtaken(work: Work, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Return the notices that were true and are so no more: what they tell of has been done, redated, lifted or decided meanwhile."""
    by_word: dict[str, dict[int, list[str]]] = {}
    for r in rows:
        word, *parts = r["key"].split(":")
        by_word.setdefault(word, {})[r["id"]] = parts
    o, gone = obligation.c, set()
    for word in ("remind", "escalate"):
        mine = by_word.get(word, {})
        ids = sorted({int(parts[0]) for parts in mine.values()})
        query = select(o.id, o.due_at).where(among(o.id, ids), o.state == "open")
        owed = {r.id: {"id": r.id, "due_at": r.due_at} for r in work.connection.execute(query)} if ids else {}
        for number, (of, seq, due, *_) in mine.items():
            now = owed.get(int(of))
            if now is None or limit_key(word, now, int(seq)) != f"{word}:{of}:{seq}:{due}":
                gone.add(number)
    for word, table, state in (("breach", breach, "live"), ("ticket", ticket, "proposed")):
        mine = by_word.get(word, {})
        ids = sorted({int(parts[0]) for parts in mine.values()})
        standing = select(table.c.id).where(among(table.c.id, ids), table.c.state == state)
        there = set(work.connection.execute(standing).scalars()) if ids else set()
        gone |= {number for number, parts in mine.items() if int(parts[0]) not in there}
    return gone


def deliver(panel: Panel, now: datetime, post: Callable[[Letter], None] | None, batch: int = 100) -> int:
    """Hand waiting letters to ``post`` and return how many went out; without ``post`` (no mail set up) they are set aside.

    A letter is claimed before it is handed over, so that two deliverers never hold the same one; one that fails is tried again
    later, at growing intervals, and given up after six attempts. Its message id stays the same at every attempt. One that events
    have overtaken is not sent.
    """
    with panel.work(Actor.system(), now=now, source="system") as work:
        claimed = _claim(work, batch)
        letters = _letters(work, claimed) if post is not None else {}
    sent = 0
    for notice_id in claimed:
        error = _post(post, letters.get(notice_id))
        sent += error is None
        with panel.work(Actor.system(), now=now, source="system") as work:
            _note(work, notice_id, error)
    return sent


def _claim(work: Work, batch: int) -> list[int]:
    o = outbox.c
    waiting = or_(o.state == "waiting", o.state == "sending")
    query = (
        select(o.notice)
        .where(waiting, o.next_at <= work.now)
        .order_by(o.next_at, o.notice)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    ids = list(work.connection.execute(query).scalars())
    hold = {"state": "sending", "attempts": o.attempts + 1, "next_at": work.now + timedelta(minutes=10)}
    work.connection.execute(update(outbox).where(o.notice.in_(ids)).values(**hold))
    return ids


def _letters(work: Work, ids: Sequence[int]) -> dict[int, Letter]:
    query = select(notice, person.c.email).join(person, person.c.id == notice.c.person).where(notice.c.id.in_(ids))
    found = {}
    rows = work.connection.execute(query).mappings().all()
    overtaken = _overtaken(work, rows)
    for row in rows:
        if row["email"] and row["id"] not in overtaken:
            text = str(sentence(row))
            found[row["id"]] = (row["email"], f"<notice-{row['id']}@rulebook>", f"【规簿】{text[:60]}", text)
    return found


def _post(post: Callable[[Letter], None] | None, letter: Letter | None) -> str | None:
    if post is None or letter is None:
        return "none"
    try:
        post(letter)
    except (OSError, smtplib.SMTPException) as failure:
        return f"{type(failure).__name__}: {failure}"[:500]
    return None


def _note(work: Work, notice_id: int, error: str | None) -> None:
    o = outbox.c
    one = update(outbox).where(o.notice == notice_id)
    if error is None:
        work.connection.execute(one.values(state="sent", sent_at=work.now, error=None))
    elif error == "none":
        work.connection.execute(one.values(state="aside"))
    else:
        attempts = work.connection.execute(select(o.attempts).where(o.notice == notice_id)).scalar_one()
        again = work.now + timedelta(minutes=2**attempts)
        work.connection.execute(
            one.values(state="failed" if attempts >= ATTEMPTS else "waiting", next_at=again, error=error)
        )

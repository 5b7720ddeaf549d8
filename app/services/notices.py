"""Notices: something to tell somebody, exactly once; in the inbox at once, and through an outbox by e-mail and to groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain, repeat
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, insert, literal, select, update

from app.catalog.words import consequence
from app.errors import Missing, Sentence, say
from app.fields.label import Label
from app.models.bulk import insert_new_columns, insert_rows
from app.models.ledger import notice, outbox
from app.services import channels, numbering
from app.services.panel import Work

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
    "stuck": say("检查期限时出错，其他事项照常检查：{register} {number} {duty}。原因已写入日志，请系统管理员查看。"),
    "redated": say("第 {revision} 号日历使 {n} 项待办改期，如 {register} {number} 由 {before} 改为 {after} 前"),
    "report": say("{register} {number}（{period}）已自动生成，请核对后签字"),
    "figures": say("{period} 的指标已定数：{indicators}"),
    "moved": say("{register} {number} 已“{move}”，经办人 {who}"),
    "to_approve": say("定义草稿“{name}”待审批，提请人 {who}"),
    "draft_decided": say("定义草稿“{name}”{state}，审批人 {who}"),
}
"""What each kind of notice says; never customer data, only numbers and names of registers and staff (P08 §26)."""

TO_GROUPS: dict[str, Sentence] = {
    "remind": say("请于 {due} 前办理：{register} {number} {duty}"),
    "overdue": say("已逾期：{register} {number} {duty}（应于 {due} 前办理）"),
    "breach": say("发生违规：{register} {number} {rule}"),
    "lifted": say("违规已解除：{register} {number} {rule}"),
    "amended": say("处罚单 {ticket} 的金额已变更"),
    "to_confirm": say("处罚单 {ticket} 待确认：{rule}"),
    "confirmed": say("处罚单 {ticket} 已确认：{rule}"),
    "appealed": say("处罚单 {ticket} 有申诉待裁定：{rule}"),
    "decided": say("处罚单 {ticket} 状态变更为“{state}”：{rule}"),
    "ordered": say("责令改正：{register} {number}（处罚单 {ticket}）"),
    "clock": say("期限检查已暂停，请系统管理员查看“运行状况”"),
    "stuck": say("检查期限时出错：{register} {number} {duty}"),
    "redated": say("第 {revision} 号日历使 {n} 项待办改期"),
    "report": say("{register} {number}（{period}）已自动生成，请核对后签字"),
    "figures": say("{period} 的指标已定数"),
    "moved": say("{register} {number} 已“{move}”"),
    "to_approve": say("有定义草稿待审批"),
    "draft_decided": say("定义草稿{state}"),
}
"""What each kind says to a group: register, number, duty, due date; nobody's name, no amount, no reason."""

NAMES: dict[str, Sentence] = {
    "remind": say("到期提醒"), "overdue": say("逾期"), "breach": say("违规事项"), "lifted": say("违规解除"), "amended": say("处罚变更"),
    "to_confirm": say("待确认的处罚"), "confirmed": say("处罚已确认"), "appealed": say("申诉待裁定"), "decided": say("处罚的处理结果"),
    "ordered": say("责令改正"), "clock": say("期限检查暂停"), "redated": say("日历改期"), "report": say("自动生成的报表"),
    "figures": say("指标定数"), "moved": say("流程办理"), "stuck": say("期限检查出错"),
    "to_approve": say("待审批的定义草稿"), "draft_decided": say("定义草稿的审批结果"),
}  # fmt: skip


class Told(NamedTuple):
    """What is told of one event, and whom."""

    key: str
    people: tuple[int, ...]
    kind: str
    words: str
    register: str | None
    record_id: int | None
    ticket: int | None


BLANK = "\x00"
"""Stands for a word that is still to come."""
_SAID = Told._fields[2:]
"""What all who are told of one event are told alike; the table has columns of these names."""


def tell(
    work: Work, people: Iterable[int | None], kind: str, key: str, words: Mapping[str, Any], about: Mapping[str, Any]
) -> list[Told]:
    """Return the notices of one event, one for each person; ``key`` makes each of them happen once. ``send`` keeps them.

    ``words`` that are labels or sentences are kept in a form that every reader gets in his own language.
    """
    everybody = tuple([p for p in dict.fromkeys(people) if p is not None])
    if not everybody:
        return []
    return [
        Told(key, everybody, kind, written(words), about.get("register"), about.get("record_id"), about.get("ticket"))
    ]


def written(words: Mapping[str, Any]) -> str:
    """Return the words of a notice as they are kept."""
    return orjson.dumps(words, default=_kept).decode()


def send(work: Work, letters: Sequence[Told]) -> int:
    """Keep the notices that have not been given yet, and lay each into the outbox for every channel; return how many are new."""
    if not letters:
        return 0
    keys, people, *said = zip(*letters, strict=True)
    each = list(map(len, people))
    count = sum(each)
    first = numbering.take(work, "notice.id", count)
    columns = {
        "id": range(first, first + count),
        "key": [f"{key}:{p}" for key, told in zip(keys, people, strict=True) for p in told],
        "person": [*chain.from_iterable(people)],
        **{code: [*chain.from_iterable(map(repeat, v, each))] for code, v in zip(_SAID, said, strict=True)},
    }
    insert_new_columns(work.connection, notice, columns, {"at": work.now}, hardly_any_there=True)
    mine = notice.c.id.between(first, first + count - 1)
    waiting = {"state": "waiting", "next_at": work.now}
    mailed = select(notice.c.id, literal(channels.MAIL), *(literal(v, outbox.c[k].type) for k, v in waiting.items()))
    into = insert(outbox).from_select(["notice", "channel", *waiting], mailed.where(mine))
    kept = work.connection.execute(into.execution_options(preserve_rowcount=True)).rowcount
    if channels.any_active(work):
        new = work.rows(select(notice.c.id, notice.c.key, notice.c.kind, notice.c.person).where(mine))
        told = channels.concerned(work, new.all())
        insert_rows(work.connection, outbox, [o | waiting for o in told])
    return kept


def around(words: Mapping[str, Any]) -> list[str]:
    """Return what is written around those words that are ``BLANK``: many letters differ in these alone, ``quoted`` each."""
    return written(words).split(quoted(BLANK))


def quoted(text: str) -> str:
    """Return a text as it is written among words."""
    return orjson.dumps(text).decode()


def ready(label: Label) -> Any:
    """Return a label as words may name it, made into text once for many letters."""
    return orjson.Fragment(orjson.dumps(label, default=_kept))


def _kept(value: Any) -> Any:
    if isinstance(value, Label):
        return {"zh": value.zh, "en": value.en}
    return str(value)


def _read(value: Any, language: str) -> Any:
    if isinstance(value, dict):
        return Sentence(**value) if "template" in value else Label(**value).text(language)
    if isinstance(value, list):
        return ("、" if language == "zh" else ", ").join(_read(v, language) for v in value)
    return value


def sentence(row: Mapping[str, Any], language: str = "zh", says: Mapping[str, Sentence] = KINDS) -> Sentence:
    """Return what a notice says, to be shown in the reader's language; to a group it ``says`` less."""
    words = {k: _read(v, language) for k, v in orjson.loads(row["words"]).items()}
    if "points_after" in words:
        words["costs_before"], words["costs"] = (
            consequence(Decimal(words[side]), Decimal(words[f"points_{side}"]), "") for side in ("before", "after")
        )
    if "amount" in words:
        amount, points = Decimal(words["amount"]), Decimal(words["points"])
        words["costs"] = consequence(amount, points, words["sanction"] or "")
    return Sentence(says[row["kind"]].template, words)


def inbox(
    work: Work, *, limit: int = 100, unread_only: bool = False, kind: str = "", language: str = "zh"
) -> list[dict[str, Any]]:
    """Return the actor's own notices, latest first; of one kind where it is named."""
    query = select(notice).where(notice.c.person == work.actor.person_id)
    if kind:
        query = query.where(notice.c.kind == kind)
    if unread_only:
        query = query.where(notice.c.read_at.is_(None))
    rows = work.rows(query.order_by(notice.c.at.desc(), notice.c.id.desc()).limit(limit))
    return [dict(r) | {"sentence": sentence(r, language)} for r in rows]


def about(work: Work, number: int) -> Mapping[str, Any]:
    """Return what a notice is about: kind, register, record, ticket, each None where it is about none, and its words. Raises Missing.

    Anybody may ask: a group's message leads here too, and what it leads to decides who may see it.
    """
    n = notice.c
    query = select(n.kind, n.register, n.record_id, n.ticket, n.words).where(n.id == number)
    found = work.rows(query).first()
    if found is None:
        raise Missing
    return found


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


def limit_key(kind: str, number: int, seq: int, until: str) -> str:
    """Return the key of a reminder or an escalation of an obligation: once for each limit, ``until`` its ``minute``, that it had."""
    return f"{kind}:{number}:{seq}:{until}"


def minute(moment: datetime) -> str:
    """Return a limit as keys name it."""
    return moment.isoformat("-", "minutes")[:16].replace("-", "").replace(":", "")

"""Letters: what leaves the panel at once for one person or one group; composed when it is handed over, tried again until it arrives."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, or_, select, update

from app.errors import Sentence, say
from app.models.among import among
from app.models.channels import letter
from app.models.fixed import person
from app.models.ledger import notice, outbox
from app.services import channels, choices, gathering
from app.services.channels import Robot
from app.services.notices import KINDS, NAMES, TO_GROUPS, sentence
from app.services.overtaken import overtaken
from app.services.panel import Actor, Panel, Work
from app.services.speech import translator

ATTEMPTS = 6
FEW = 5
"""Notices of one kind that a letter tells one by one; of more it tells how many, and where they are listed."""
SHORT = 1_500
"""Bytes up to which a message to a group tells one by one: WeCom takes 2048."""
TRIAL = say("测试消息：收到即表示机器人已接通。")


class Letter(NamedTuple):
    """What is handed to a mail server (``to`` is an address) or to a robot."""

    to: str | Robot
    message_id: str
    subject: str
    text: str


class Undelivered(Exception):
    """A letter was not taken; carries why, for people."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(str(reason))
        self.reason = reason


Post = Callable[[Letter], None]
"""Hands a letter over. Raises OSError, SMTPException, Undelivered."""


@dataclass(frozen=True)
class Office:
    """The ways out that this site has: a mail server, robots; and the address at which people find the panel."""

    mail: Post | None = None
    robot: Post | None = None
    address: str = ""


@dataclass
class _Content:
    """What a letter tells: notices one by one, and of kinds with many of them how many."""

    told: list[Mapping[str, Any]] = field(default_factory=list)
    many: dict[str, int] = field(default_factory=dict)


def deliver(panel: Panel, now: datetime, office: Office, batch: int = 100) -> int:
    """Gather what may leave into letters, hand waiting ones over, and return how many went out.

    A letter is claimed before it is handed over, so that two deliverers never hold the same one; one that fails is tried again
    later, at growing intervals, and given up after six attempts. Its message id stays the same at every attempt. What events have
    overtaken is left out.
    """
    gathering.run(panel, now, mail=office.mail is not None)
    with panel.work(Actor.system(), now=now, source="system") as work:
        claimed = _claim(work, batch)
        ready = _compose(work, claimed, office.address)
    sent = 0
    for number in (c["id"] for c in claimed):
        made = ready.get(number)
        post = office.robot if made is not None and isinstance(made.to, Robot) else office.mail
        failed = _hand_over(post, made) if made is not None and post is not None else None
        state = "aside" if made is None or post is None else "sent" if failed is None else "failed"
        sent += state == "sent"
        with panel.work(Actor.system(), now=now, source="system") as work:
            _note(work, number, state, failed)
    return sent


def _claim(work: Work, batch: int) -> list[dict[str, Any]]:
    e = letter.c
    query = (
        select(letter)
        .where(or_(e.state == "waiting", e.state == "sending"), e.next_at <= work.now)
        .order_by(e.next_at, e.id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    found = [dict(r) for r in work.rows(query)]
    hold = {"state": "sending", "attempts": e.attempts + 1, "next_at": work.now + timedelta(minutes=10)}
    work.connection.execute(update(letter).where(e.id.in_([r["id"] for r in found])).values(**hold))
    return found


def _compose(work: Work, claimed: Sequence[Mapping[str, Any]], address: str) -> dict[int, Letter]:
    """Return what is handed over of each letter; those without a receiver, or with nothing left to tell, are not among them."""
    mailed = {c["person"] for c in claimed if c["channel"] == channels.MAIL}
    query = select(person.c.id, person.c.email).where(among(person.c.id, mailed), person.c.active.is_(True))
    emails = {r.id: r.email for r in work.connection.execute(query)} if mailed else {}
    language = {p: choice.language for p, choice in choices.of_people(work, mailed).items()} if mailed else {}
    robots = channels.robots(work) if any(c["channel"] != channels.MAIL for c in claimed) else {}
    contents = _contents(work, [c["id"] for c in claimed])
    found = {}
    for c in claimed:
        message_id, content = f"<letter-{c['id']}@rulebook>", contents[c["id"]]
        if c["channel"] == channels.MAIL:
            to: str | Robot | None = emails.get(c["person"])
            speaks = language.get(c["person"], "zh")
            lines = _lines(content, speaks, address, KINDS)
        else:
            to, speaks = robots.get(c["channel"], (None, "zh"))
            lines = _brief(content, speaks, address) if c["size"] else [translator(speaks)(TRIAL.template)]
        if to and lines:
            text = "\n\n".join(lines)
            first = lines[0].partition("\n")[0]
            several = say("{n} 条通知", n=len(content.told) + sum(content.many.values())).text(translator(speaks))
            found[c["id"]] = Letter(to, message_id, f"【规簿】{first[:60] if len(lines) == 1 else several}", text)
    return found


def _contents(work: Work, ids: Sequence[int]) -> dict[int, _Content]:
    o, n = outbox.c, notice.c
    mine = outbox.join(notice, n.id == o.notice)
    counted = select(o.letter, n.kind, func.count()).select_from(mine).where(among(o.letter, ids))
    found = {i: _Content() for i in ids}
    few: dict[str, list[int]] = {}
    for number, kind, count in work.connection.execute(counted.group_by(o.letter, n.kind)):
        if count > FEW:
            found[number].many[kind] = count
        else:
            few.setdefault(kind, []).append(number)
    rows: list[Mapping[str, Any]] = []
    for kind, numbers in few.items():
        query = select(notice, o.letter).select_from(mine).where(among(o.letter, numbers), n.kind == kind)
        rows += work.rows(query.order_by(n.id)).all()
    gone = overtaken(work, rows)
    for row in rows:
        if row["id"] not in gone:
            found[row["letter"]].told.append(row)
    return found


def _lines(content: _Content, language: str, address: str, says: Mapping[str, Sentence]) -> list[str]:
    """Return what a letter says, each with the address where one finds it; what there is much of first."""
    translate = translator(language)
    lines = []
    for kind, n in content.many.items():
        counted = say("{kind}：{n} 条", kind=NAMES[kind], n=n).text(translate)
        lines.append(_linked(counted, address, f"/inbox?kind={kind}"))
    for row in content.told:
        lines.append(_linked(sentence(row, language, says).text(translate), address, f"/inbox/{row['id']}"))
    return lines


def _brief(content: _Content, language: str, address: str) -> list[str]:
    """Return what a message to a group says: no more than every robot takes."""
    lines = _lines(content, language, address, TO_GROUPS)
    if len("\n\n".join(lines).encode()) > SHORT:
        many = dict(content.many)
        for row in content.told:
            many[row["kind"]] = many.get(row["kind"], 0) + 1
        lines = _lines(_Content(many=many), language, address, TO_GROUPS)
    return lines


def _linked(text: str, address: str, path: str) -> str:
    return f"{text}\n{address}{path}" if address else text


def _hand_over(post: Post, made: Letter) -> Sentence | None:
    """Hand a letter over; return why it was not taken, None where it was."""
    try:
        post(made)
    except Undelivered as refused:
        return refused.reason
    except smtplib.SMTPAuthenticationError:
        return say("邮件服务器不接受用户名或密码")
    except smtplib.SMTPRecipientsRefused:
        return say("邮件服务器不接受收件人的地址")
    except smtplib.SMTPException as failure:
        return say("邮件服务器没有接受：{why}", why=f"{type(failure).__name__}: {failure}"[:300])
    except OSError as failure:
        return say("连不上邮件服务器：{why}", why=f"{failure}"[:300] or type(failure).__name__)
    return None


def _note(work: Work, number: int, state: str, failed: Sentence | None) -> None:
    e = letter.c
    one = update(letter).where(e.id == number)
    if failed is None:
        stamp = {"sent_at": work.now} if state == "sent" else {}
        work.connection.execute(one.values(state=state, error=None, **stamp))
        return
    attempts = work.connection.execute(select(e.attempts).where(e.id == number)).scalar_one()
    again = work.now + timedelta(minutes=2**attempts)
    given_up = attempts >= ATTEMPTS
    work.connection.execute(
        one.values(state="failed" if given_up else "waiting", next_at=again, error=orjson.dumps(failed).decode())
    )

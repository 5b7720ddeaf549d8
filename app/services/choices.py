"""How each person wants to be told of what: at once, in the daily digest, or in the inbox alone; when not; in which language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from sqlalchemy import delete, insert, select

from app.errors import CellError, Invalid, Sentence, say
from app.models.among import among
from app.models.channels import notice_choice, notice_hours
from app.rules.quiet import Hours, next_digest, opens
from app.services.notices import KINDS
from app.services.panel import Work

WAYS: dict[str, Sentence] = {"at_once": say("立即"), "digest": say("每日汇总"), "inbox": say("仅站内")}
"""How one may be told beside the inbox, where everything stands."""
FIXED = frozenset(
    {"overdue", "breach", "to_confirm", "confirmed", "amended", "appealed", "decided", "ordered", "clock", "stuck"}
)
"""What nobody may keep out of his letters: overdue work and everything about fines."""
URGENT = frozenset({"ordered", "clock"})
"""What goes out at once, day and night."""
LANGUAGES = ("zh", "en")


USUAL = Hours()


@dataclass(frozen=True)
class Choice:
    """What one person has chosen; of a kind that is not named, at once."""

    hours: Hours = USUAL
    language: str = "zh"
    how: Mapping[str, str] = field(default_factory=dict)

    def way(self, kind: str) -> str:
        """Return how a kind is told: a key of ``WAYS``."""
        if kind in URGENT:
            return "at_once"
        chosen = self.how.get(kind, "at_once")
        return "digest" if chosen == "inbox" and kind in FIXED else chosen


def leaves_at(work: Work, choice: Choice, told: Mapping[str, Any]) -> datetime | None:
    """Return when a notice leaves the panel, ``work.now`` where it may now; None: never.

    A reminder of what falls due before the quiet hours end goes through: later it would be none.
    """
    kind, calendar = told["kind"], work.panel.calendar
    way = choice.way(kind)
    if way == "inbox":
        return None
    if kind in URGENT:
        return work.now
    begin = next_digest(choice.hours, told["at"], calendar) if way == "digest" else told["at"]
    if begin > work.now:
        return begin
    ready = opens(choice.hours, work.now, calendar)
    due = told.get("due_at")
    return work.now if due is not None and work.now < due <= ready else ready


def of_people(work: Work, ids: Iterable[int]) -> dict[int, Choice]:
    """Return what people have chosen, by person; whoever chose nothing has the defaults."""
    wanted = sorted(set(ids))
    how: dict[int, dict[str, str]] = {}
    for row in work.connection.execute(select(notice_choice).where(among(notice_choice.c.person, wanted))):
        how.setdefault(row.person, {})[row.kind] = row.how
    kept = {
        row.person: (Hours(row.quiet_from, row.quiet_to, row.rest_days, row.digest_at), row.language)
        for row in work.connection.execute(select(notice_hours).where(among(notice_hours.c.person, wanted)))
    }
    return {p: Choice(*kept.get(p, (USUAL, "zh")), how.get(p, {})) for p in wanted}


def mine(work: Work) -> Choice:
    """Return what the actor has chosen."""
    me = work.actor.person_id or 0
    return of_people(work, [me])[me]


def save(work: Work, hours: Hours, language: str, how: Mapping[str, str]) -> None:
    """Keep what the actor has chosen. Raises Invalid for a kind, a way or a language there is not, or a kind that must be told."""
    errors = [
        CellError(kind, say("这类通知不能只在站内") if kind in KINDS and way == "inbox" else say("没有这个选项"), way)
        for kind, way in how.items()
        if kind not in KINDS or way not in ways(kind)
    ]
    if language not in LANGUAGES:
        errors.append(CellError("language", say("没有这个选项"), language))
    if errors:
        raise Invalid(errors)
    me = work.actor.person_id
    for table in (notice_choice, notice_hours):
        work.connection.execute(delete(table).where(table.c.person == me))
    work.connection.execute(
        insert(notice_hours).values(
            person=me, quiet_from=hours.quiet_from, quiet_to=hours.quiet_to, rest_days=hours.rest_days,
            digest_at=hours.digest_at, language=language,
        )
    )  # fmt: skip
    if how:
        rows = [{"person": me, "kind": kind, "how": way} for kind, way in how.items()]
        work.connection.execute(insert(notice_choice), rows)


def ways(kind: str) -> tuple[str, ...]:
    """Return the ways one may choose for a kind of notice."""
    if kind in URGENT:
        return ("at_once",)
    return tuple(w for w in WAYS if w != "inbox" or kind not in FIXED)


def clock_time(text: str) -> time | None:
    """Return a time as people type it, such as ``8:30`` or ``20：00``; None where it is none."""
    try:
        return time.fromisoformat(text.strip().replace("：", ":").zfill(5)).replace(second=0, microsecond=0)
    except ValueError:
        return None

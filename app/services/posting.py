"""What has left the panel, what waits and what failed, for who looks after the site; and trying again."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import func, select, update

from app.errors import Refused, Sentence, say
from app.models.channels import channel, letter
from app.models.ledger import outbox
from app.services import administration, channels, people
from app.services.panel import Work

STATES: dict[str, tuple[str, ...]] = {
    "waiting": ("waiting", "sending"),
    "failed": ("failed",),
    "sent": ("sent",),
    "aside": ("aside",),
}
"""How the outbox is looked at: each view with the states of its letters."""


def counts(work: Work) -> dict[str, int]:
    """Return how many letters there are of each view, and under ``held`` how many notices wait for a digest or a quiet night to end."""
    administration.demand(work)
    by_state = {s: n for s, n in work.connection.execute(select(letter.c.state, func.count()).group_by(letter.c.state))}
    held = select(func.count()).select_from(outbox).where(outbox.c.state == "waiting")
    found = {view: sum(by_state.get(s, 0) for s in states) for view, states in STATES.items()}
    return found | {"held": int(work.connection.execute(held).scalar_one())}


def listed(work: Work, view: str, limit: int = 100) -> list[dict[str, Any]]:
    """Return the letters of a view, latest first, each with who gets it and why it failed; never what it says. Raises Forbidden."""
    administration.demand(work)
    query = select(letter).where(letter.c.state.in_(STATES[view])).order_by(letter.c.id.desc()).limit(limit)
    rows = work.rows(query).all()
    names = people.names(work, [r["person"] for r in rows if r["person"] is not None])
    groups = {channels.code_of(r.id): r.name for r in work.connection.execute(select(channel.c.id, channel.c.name))}
    return [
        dict(r)
        | {"to": groups.get(r["channel"], "") if r["channel"] != channels.MAIL else names.get(r["person"], "")}
        | {"reason": Sentence(**orjson.loads(r["error"])) if r["error"] else None}
        for r in rows
    ]


def again(work: Work, number: int | None = None) -> int:
    """Let a letter that was given up be tried again, or all of them, and return how many; they count their attempts anew.

    Raises Forbidden, and Refused where the letter named has not failed.
    """
    administration.demand(work)
    failed = update(letter).where(letter.c.state == "failed")
    if number is not None:
        failed = failed.where(letter.c.id == number)
    done = work.connection.execute(failed.values(state="waiting", attempts=0, next_at=work.now)).rowcount
    if number is not None and not done:
        raise Refused(say("这封信没有失败，不必重试"))
    return int(done)

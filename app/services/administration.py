"""Who looks after the site itself: policies in force, calendars, recalculations."""

from __future__ import annotations

from app.errors import Forbidden, say
from app.services import people
from app.services.panel import Work

ADMINISTRATOR = "system_admin"
"""The role of whoever looks after the site."""


def may(work: Work) -> bool:
    """Return whether the actor looks after the site."""
    return work.actor.is_system or ADMINISTRATOR in work.actor.roles


def demand(work: Work) -> None:
    """Raise Forbidden unless the actor looks after the site."""
    if not may(work):
        raise Forbidden(say("只有系统管理员可以办理"))


def administrators(work: Work) -> list[int]:
    """Return everybody who looks after the site."""
    return people.holders(work, ADMINISTRATOR, None)

"""The ways out of the panel beside e-mail: groups that are told by their robot, and which notices each of them gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select

from app.errors import Sentence, say
from app.models.channels import channel
from app.services import people
from app.services.panel import Work

MAIL = "mail"
"""The outbox's name for e-mail."""
ROBOTS: dict[str, tuple[Sentence, str]] = {
    "wecom": (say("企业微信"), r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send/?\?key=([\w-]+)"),
    "dingtalk": (say("钉钉"), r"https://oapi\.dingtalk\.com/robot/send/?\?access_token=([A-Za-z0-9]+)"),
    "feishu": (say("飞书"), r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]+)/?"),
    "lark": (say("Lark（飞书国际版）"), r"https://open\.larksuite\.com/open-apis/bot/v2/hook/([A-Za-z0-9-]+)/?"),
}
"""Kinds of robots: name, and the address that the group shows, with the part that is the robot's own.

No other address is taken: nobody can make the panel call a machine inside the site's network.
"""


@dataclass(frozen=True)
class Robot:
    """Where a letter to a group goes; neither part is ever printed."""

    kind: str
    token: str = field(repr=False)
    secret: str = field(default="", repr=False)


def code_of(number: int) -> str:
    """Return a channel as the outbox names it."""
    return f"robot:{number}"


def any_active(work: Work) -> bool:
    """Return whether any group is told anything."""
    return bool(_active(work))


def concerned(work: Work, notices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return which of some notices each group is told: of what several people are told at once, one."""
    found = []
    for c in _active(work):
        told = set()
        for n in notices:
            event = n["key"].rpartition(":")[0]
            if n["kind"] in c["kinds"] and event not in told and _meant(work, c, n["person"]):
                told.add(event)
                found.append({"notice": n["id"], "channel": code_of(c["id"])})
    return found


def robots(work: Work) -> dict[str, tuple[Robot, str]]:
    """Return the robot and the language of each channel that is in use, by its code; for the panel's own work."""
    rows = work.rows(select(channel).where(channel.c.active.is_(True)))
    return {code_of(r["id"]): (Robot(r["kind"], r["token"], r["secret"] or ""), r["language"]) for r in rows}


def _active(work: Work) -> list[dict[str, Any]]:
    if "channels" not in work.memo:
        rows = work.rows(select(channel).where(channel.c.active.is_(True)).order_by(channel.c.id))
        work.memo["channels"] = [known(r) for r in rows]
    return work.memo["channels"]


def _meant(work: Work, c: Mapping[str, Any], person: int) -> bool:
    if c["roles"] and not people.roles_of(work, person).intersection(c["roles"]):
        return False
    return not c["units"] or not set(c["units"]).isdisjoint(people.chain(work, people.unit_of(work, person)))


def known(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a channel as it may be shown: without its address."""
    shown = {k: row[k] for k in ("id", "name", "kind", "language", "active", "changed_by", "changed_at")}
    return shown | {k: orjson.loads(row[k]) for k in ("kinds", "roles", "units")} | {"signed": bool(row["secret"])}

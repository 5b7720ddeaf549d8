"""Connecting groups by their robots: who looks after the site says which notices each gets; its address is shown to nobody again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select, update

from app.errors import CellError, Invalid, Missing, say
from app.models.bulk import insert_one, insert_rows
from app.models.channels import channel, letter
from app.services import administration, numbering, people
from app.services.channels import ROBOTS, Robot, code_of, known
from app.services.choices import LANGUAGES
from app.services.notices import KINDS
from app.services.panel import Work


@dataclass(frozen=True)
class Wish:
    """What somebody asks of a channel; an empty ``address`` or ``secret`` leaves the one that is kept."""

    name: str
    kinds: tuple[str, ...]
    roles: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    language: str = "zh"
    active: bool = True
    address: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


def listed(work: Work) -> list[dict[str, Any]]:
    """Return every channel without its address. Raises Forbidden for whoever does not look after the site."""
    administration.demand(work)
    return [known(r) for r in work.rows(select(channel).order_by(channel.c.id))]


def get(work: Work, number: int) -> dict[str, Any]:
    """Return one channel without its address. Raises Forbidden, Missing."""
    found = next((c for c in listed(work) if c["id"] == number), None)
    if found is None:
        raise Missing
    return found


def save(work: Work, number: int | None, wish: Wish) -> int:
    """Keep a new channel, or what is changed of one, and return its number. Raises Forbidden, Missing, Invalid."""
    administration.demand(work)
    kept = get(work, number) if number is not None else None
    values = {
        "name": wish.name.strip(), "kinds": _list(wish.kinds), "roles": _list(wish.roles), "units": _list(wish.units),
        "language": wish.language, "active": wish.active, "changed_by": work.actor.person_id, "changed_at": work.now,
    }  # fmt: skip
    address = _robot(wish.address.strip())
    if address is not None:
        values |= {"kind": address.kind, "token": address.token, "secret": None}
    if wish.secret.strip():
        values["secret"] = wish.secret.strip()
    errors = list(_errors(work, wish, address is None and (kept is None or bool(wish.address.strip()))))
    kind = values.get("kind") or (kept["kind"] if kept else "")
    if wish.secret.strip() and kind and kind != "dingtalk":
        errors.append(CellError("secret", say("只有钉钉机器人可以填加签密钥；其他机器人请用自定义关键词或 IP 白名单")))
    if errors:
        raise Invalid(errors)
    if number is None:
        return insert_one(work.connection, channel, values)
    work.connection.execute(update(channel).where(channel.c.id == number).values(**values))
    return number


def try_out(work: Work, number: int) -> None:
    """Lay a trial message into the outbox of a channel. Raises Forbidden, Missing."""
    get(work, number)
    row = {
        "id": numbering.take(work, "letter.id"), "channel": code_of(number), "person": work.actor.person_id, "size": 0,
        "state": "waiting", "attempts": 0, "made_at": work.now, "next_at": work.now,
    }  # fmt: skip
    insert_rows(work.connection, letter, [row])


def _robot(address: str) -> Robot | None:
    for kind, (_, pattern) in ROBOTS.items():
        if found := re.fullmatch(pattern, address):
            return Robot(kind, found[1])
    return None


def _errors(work: Work, wish: Wish, unknown: bool) -> list[CellError]:
    found = []
    if not wish.name.strip() or len(wish.name.strip()) > 80:
        found.append(CellError("name", say("请填写名称，不超过 80 字")))
    if unknown:
        found.append(CellError("address", say("请粘贴企业微信、钉钉或飞书群机器人的完整地址，以 https:// 开头")))
    if wish.secret.strip() and not re.fullmatch(r"[A-Za-z0-9]+", wish.secret.strip()):
        found.append(CellError("secret", say("加签密钥应为字母和数字")))
    if not wish.kinds or not set(wish.kinds) <= KINDS.keys():
        found.append(CellError("kinds", say("请至少选择一类通知")))
    if not set(wish.roles) <= work.catalog.roles.keys():
        found.append(CellError("roles", say("没有这个选项")))
    if not set(wish.units) <= people.units(work).keys():
        found.append(CellError("units", say("没有这个选项")))
    if wish.language not in LANGUAGES:
        found.append(CellError("language", say("没有这个选项")))
    return found


def _list(values: Sequence[Any]) -> str:
    return orjson.dumps(list(values)).decode()

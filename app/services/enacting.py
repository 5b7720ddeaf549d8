"""A draft's way into force: its plan, what changed under it, approval by another person, publication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, select, update

from app.catalog.catalog import Catalog
from app.catalog.plan import plan as plan_of
from app.errors import CellError, Conflict, Forbidden, Invalid, Missing, Refused, Sentence, say
from app.models.drafts import draft, draft_file
from app.models.fixed import person
from app.services import administration, drafting, notices, people, publishing
from app.services.drafting import CHANGEABLE
from app.services.panel import Actor, Panel, Work
from app.services.publishing import Overtaken, Planned, Published

TRIES = 5
"""Times that a publication is tried anew because others published meanwhile."""


@dataclass(frozen=True)
class Overtaking:
    """What others published under a draft: files that both changed, and all that changed since, in sentences."""

    paths: Sequence[str]
    revisions: Sequence[int]
    sentences: Sequence[Sentence]


def plan(work: Work, number: int) -> Planned:
    """Return what publishing a draft would change, and everything found in the definitions with it."""
    return publishing.plan(work.panel.engine, drafting.files(work, number))


def overtaken(work: Work, number: int) -> Overtaking | None:
    """Return what changed under a draft; None where nobody else changed a file of it, and it stands on what is in force."""
    now, newest = drafting.in_force(work), publishing.newest(work.connection)
    changes = drafting.changes(work, number)
    bases = {c["base"] for c in changes.values()} - {newest}
    then = {base: publishing.files_in(work.connection, base) for base in bases}
    paths = [p for p, c in changes.items() if c["base"] in then and then[c["base"]].get(p) != now.get(p)]
    paths = [p for p in paths if changes[p]["text"] != now.get(p)]
    if not paths:
        return None
    base = min(changes[p]["base"] for p in paths)
    old = publishing.stored(work.connection, base) if base else Catalog()
    said = plan_of(old, publishing.stored(work.connection, newest))
    return Overtaking(paths, range(base + 1, newest + 1), said)


def settle(work: Work, number: int, path: str, *, mine: bool) -> None:
    """Decide for a file that others changed too: the draft's own text, or theirs. Raises Forbidden, Missing, Refused."""
    administration.demand(work)
    if path not in drafting.changes(work, number):
        raise Missing
    drafting.set_state(work, number, CHANGEABLE, {"state": "open"})
    f = draft_file.c
    if mine:
        base = publishing.newest(work.connection)
        work.connection.execute(update(draft_file).where(f.draft == number, f.path == path).values(base=base))
    else:
        work.connection.execute(delete(draft_file).where(f.draft == number, f.path == path))
    drafting.note_author(work, number)


def approvers(work: Work, number: int) -> list[int]:
    """Return who may approve a draft: who holds that power, else the other administrators; never who changed it.

    Nobody: there is no second person, and whoever made it publishes it alone (P05-E1 asks for approval by the general manager).
    """
    powers = [code for code, r in work.catalog.roles.items() if drafting.APPROVE in r.may]
    holders = {p for code in powers for p in people.holders(work, code, None)}
    for group in (holders, administration.administrators(work)):
        others = set(group) - set(drafting.authors(work, number))
        query = select(person.c.id).where(person.c.id.in_(others), person.c.active).order_by(person.c.id)
        if found := list(work.connection.execute(query).scalars()):
            return found
    return []


def to_decide(work: Work) -> list[dict[str, Any]]:
    """Return the drafts that wait for the actor's approval, what changed first first."""
    return [d for d in drafting.asked(work) if work.actor.person_id in approvers(work, d["id"])]


def ask(work: Work, number: int, reason: str, since: date | None = None) -> None:
    """Ask for the approval of a draft; whoever may give it is told. Raises Forbidden, Missing, Refused, Invalid."""
    administration.demand(work)
    _ready(work, number, reason, since)
    values = {"state": "asked", "reason": reason.strip(), "in_force_from": since, "decision": None}
    drafting.set_state(
        work, number, ("open", "refused"), values | {"asked_by": work.actor.person_id, "asked_at": work.now}
    )
    _tell(work, number, approvers(work, number), "to_approve")


def decide(work: Work, number: int, *, approve: bool, reason: str) -> None:
    """Approve a draft, or refuse it; never one's own. Whoever asked is told. Raises Missing, Forbidden, Refused, Invalid."""
    asked_by = drafting.get(work, number)["asked_by"]
    if work.actor.person_id not in approvers(work, number):
        raise Forbidden(say("定义的改动须由没有参与起草的审批人批准"))
    if not reason.strip():
        raise Invalid([CellError("reason", say("请写明理由"), label="理由")])
    decided = {"decided_by": work.actor.person_id, "decided_at": work.now, "decision": reason.strip()}
    drafting.set_state(work, number, ("asked",), decided | {"state": "approved" if approve else "refused"})
    _tell(work, number, [asked_by], "draft_decided")


def _tell(work: Work, number: int, to: Iterable[int | None], kind: str) -> None:
    """Tell people that a draft waits for them, or what was decided of it; each time anew."""
    d = drafting.get(work, number)
    words = {"draft": number, "name": d["name"], "who": work.actor.name, "state": drafting.STATES[d["state"]]}
    key = f"{kind}:{number}:{work.now:%Y%m%d%H%M%S%f}"
    notices.send(work, notices.tell(work, to, kind, key, words, {}))


def _ready(work: Work, number: int, reason: str, since: date | None) -> None:
    """Raise unless a draft says something, could be published and says why."""
    if not reason.strip():
        raise Invalid([CellError("reason", say("请写明理由"), label="理由")])
    if since is not None and since < work.today:
        raise Refused(publishing.too_early(work.today))
    if not drafting.changes(work, number):
        raise Refused(say("草稿与现行定义相同，没有可发布的内容"))
    _demand_untouched(work, number)
    found = plan(work, number)
    if found.catalog is None:
        raise publishing.Unsound(found.findings)


def _demand_untouched(work: Work, number: int) -> None:
    if (moved := overtaken(work, number)) is not None:
        names = "、".join(moved.paths)
        raise _Touched(say("起草期间，{files} 已被他人发布为新版，请先核对", files=names))


class _Touched(Conflict):
    """Others published what a draft changes too."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__([], 0)
        self.args = (str(reason),)
        self.reason = reason


def publish(
    panel: Panel,
    actor: Actor,
    number: int,
    *,
    now: datetime,
    reason: str = "",
    since: date | None = None,
    new_rows_only: bool = False,
) -> Published:
    """Bring a draft into force; with it, in one transaction, it becomes ``published``.

    ``reason`` and ``since`` are taken where nobody had to be asked. What others published meanwhile stays, unless they changed the
    same files. Raises Forbidden, Missing, Refused, Conflict, Invalid, Unsound.
    """
    for _ in range(TRIES):
        with panel.reading(actor, now=now) as work:
            d = _publishable(work, number)
            if d["state"] != "approved":
                d |= {"reason": reason, "in_force_from": since}
            _ready(work, number, d["reason"], max(d["in_force_from"], work.today) if d["in_force_from"] else None)
            upon, files = publishing.newest(work.connection), drafting.files(work, number)
            mine = drafting.changes(work, number)
            day = max(d["in_force_from"], work.today) if d["in_force_from"] else None

        try:
            return publishing.publish(
                panel.engine, files, actor=actor, reason=d["reason"].strip(), now=now, zone=panel.zone,
                in_force_from=day, upon=upon, beside=partial(_published, d, mine, now), new_rows_only=new_rows_only,
            )  # fmt: skip
        except Overtaken as overtaken_by:
            last = overtaken_by
    raise last


def _published(
    d: Mapping[str, Any], files: Mapping[str, Any], now: datetime, connection: Connection, revision: int
) -> None:
    """Mark the draft that became a revision. Raises Refused where it was changed since it was read."""
    kept = {"state": "published", "revision": revision, "reason": d["reason"].strip(), "changed_at": now}
    same = update(draft).where(draft.c.id == d["id"], draft.c.state == d["state"])
    unchanged = connection.execute(same.values(**kept)).rowcount == 1
    if not unchanged or drafting.changes_in(connection, d["id"]) != files:
        raise Refused(say("草稿刚被他人改动，请重新核对后再发布"))


def _publishable(work: Work, number: int) -> dict[str, Any]:
    administration.demand(work)
    d = drafting.get(work, number)
    if d["state"] not in CHANGEABLE:
        raise Refused(say("这份草稿{state}，不能这样办理", state=drafting.STATES[d["state"]]))
    alone = d["state"] == "approved" or work.actor.is_system
    if not alone and (others := approvers(work, number)):
        names = "、".join(people.names(work, others).values())
        raise Refused(say("须先提交审批，由 {names} 批准后才能发布", names=names))
    return d

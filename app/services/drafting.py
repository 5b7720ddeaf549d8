"""Drafts: definitions that are being made or changed; the difference from the files in force, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from app.catalog.catalog import Catalog
from app.catalog.findings import Finding
from app.catalog.loader import SITE, Remembered, digest, load, readable
from app.errors import CellError, Conflict, Forbidden, Invalid, Missing, Refused, Sentence, say
from app.models.drafts import draft, draft_author, draft_file
from app.services import administration, numbering, people, publishing
from app.services.panel import Work

T = TypeVar("T")
STATES = {
    "open": say("编辑中"), "asked": say("待审批"), "approved": say("已批准"), "refused": say("已退回"),
    "published": say("已发布"), "dropped": say("已放弃"),
}  # fmt: skip
CHANGEABLE = ("open", "asked", "approved", "refused")
APPROVE = "approve_definitions"
LARGEST = 1_000_000
"""Characters of a file, at most."""


def may(work: Work) -> bool:
    """Return whether the actor may make and publish drafts."""
    return administration.may(work)


def sees(work: Work) -> bool:
    """Return whether the actor may read drafts: who makes them, and who approves them."""
    return may(work) or people.may(work, APPROVE)


def begin(
    work: Work, name: str, files: Mapping[str, str | None] | None = None, since: date | None = None, reason: str = ""
) -> int:
    """Begin a draft, with files where they are given (path → YAML, None: taken away), and return its number.

    ``since`` is the day from which it shall be in force, ``reason`` why; both can still be changed. Raises Forbidden, Invalid.
    """
    administration.demand(work)
    if not name.strip():
        raise Invalid([CellError("name", say("必填"), label="名称")])
    number = numbering.take(work, "draft.id", 1)
    base = publishing.newest(work.connection)
    row = {
        "id": number, "name": name.strip()[:120], "reason": reason.strip(), "base": base, "in_force_from": since, "state": "open",
        "begun_by": work.actor.person_id, "begun_at": work.now, "changed_at": work.now,
    }  # fmt: skip
    work.connection.execute(insert(draft).values(**row))
    for path, text in (files or {}).items():
        _keep(work, number, path, text, base)
    return number


def back(work: Work, revision: int) -> int:
    """Begin a draft that brings the files of an earlier publication back, and return its number. Raises Forbidden, Missing."""
    then, now = publishing.files_in(work.connection, revision), in_force(work)
    if not then:
        raise Missing
    wanted: dict[str, str | None] = {p: t for p, t in then.items() if now.get(p) != t}
    wanted |= dict.fromkeys(now.keys() - then.keys())
    return begin(work, f"恢复第 {revision} 号发布", wanted)


def upgrade(work: Work, shipped: Mapping[str, str]) -> int:
    """Begin a draft that puts new shipped definitions (path → YAML, all of them) in the place of those in force; the site's own stay.

    Returns its number. Raises Forbidden.
    """
    return begin(work, "升级随程序附带的定义", newer(work, shipped))


def newer(work: Work, shipped: Mapping[str, str]) -> dict[str, str | None]:
    """Return the shipped files that are not in force as they are now shipped; None for those that are shipped no longer."""
    now = {p: t for p, t in in_force(work).items() if not is_own(p)}
    changed: dict[str, str | None] = {p: t for p, t in shipped.items() if now.get(p) != t}
    return changed | dict.fromkeys(now.keys() - shipped.keys())


def listed(work: Work) -> list[dict[str, Any]]:
    """Return all drafts, what changed last first. Raises Forbidden."""
    demand_sight(work)
    rows = work.connection.execute(select(draft).order_by(draft.c.changed_at.desc(), draft.c.id.desc())).mappings()
    return [dict(r) for r in rows]


def asked(work: Work) -> list[dict[str, Any]]:
    """Return the drafts that wait for an approval, what changed first first; none for who may not read drafts."""
    if not sees(work):
        return []
    query = select(draft).where(draft.c.state == "asked").order_by(draft.c.changed_at, draft.c.id)
    return [dict(r) for r in work.connection.execute(query).mappings()]


def get(work: Work, number: int) -> dict[str, Any]:
    """Return one draft. Raises Forbidden, Missing."""
    demand_sight(work)
    row = work.connection.execute(select(draft).where(draft.c.id == number)).mappings().first()
    if row is None:
        raise Missing
    return dict(row)


def demand_sight(work: Work) -> None:
    """Raise Forbidden unless the actor may read drafts and publications."""
    if not sees(work):
        raise Forbidden(say("只有系统管理员和审批人可以查看定义的草稿和发布"))


def authors(work: Work, number: int) -> list[int]:
    """Return everybody who ever changed a draft."""
    a = draft_author.c
    return list(work.connection.execute(select(a.person).where(a.draft == number).order_by(a.person)).scalars())


def changes(work: Work, number: int) -> dict[str, dict[str, Any]]:
    """Return the files of a draft by path: text (None: taken away), base, person, at."""
    return changes_in(work.connection, number)


def changes_in(connection: Connection, number: int) -> dict[str, dict[str, Any]]:
    """Return the files of a draft like ``changes``."""
    query = select(draft_file).where(draft_file.c.draft == number).order_by(draft_file.c.path)
    return {r["path"]: dict(r) for r in connection.execute(query).mappings()}


def in_force(work: Work) -> dict[str, str]:
    """Return the files in force: the newest publication's, which this process may not serve yet."""
    key = ("files in force", publishing.newest(work.connection))
    if key not in work.memo:
        work.memo[key] = publishing.files_in(work.connection, key[1])
    return dict(work.memo[key])


def files(work: Work, number: int) -> dict[str, str]:
    """Return all files (path → YAML) as they would be in force with a draft."""
    return laid(in_force(work), {p: c["text"] for p, c in changes(work, number).items()})


def catalog(work: Work, number: int) -> tuple[Catalog | None, list[Finding]]:
    """Return the catalog that there would be with a draft, None while it has errors, and everything found in it."""
    return _read_once(work, number, load)


def legible(work: Work, number: int) -> Catalog:
    """Return what can be read of a draft's catalog, whatever is wrong with the rest: for help while one writes."""
    return _read_once(work, number, readable)


def _read_once(work: Work, number: int, read: Callable[[Mapping[str, str], Remembered], T]) -> T:
    """Return what ``read`` makes of a draft's files; remembered by this process, the last one only, while they stay as they are.

    Of others nothing is read but the files whose texts are new.
    """
    found, memory = files(work, number), work.panel.memory
    key, place = digest(found), ("draft", read.__name__)
    kept: tuple[str, T] | None = memory.get(place)
    if kept is None or kept[0] != key:
        kept = memory[place] = key, read(found, memory.setdefault("definitions read", Remembered()))
    return kept[1]


def laid(under: Mapping[str, str], over: Mapping[str, str | None]) -> dict[str, str]:
    """Return files with changes laid over them; None takes one away."""
    both: dict[str, str | None] = {**under, **over}
    return {p: t for p, t in both.items() if t is not None}


def save(work: Work, number: int, path: str, text: str, seen: str | None = None) -> None:
    """Keep the text of one of the site's files in a draft.

    ``seen`` is the text that was changed, where that is known: raises Conflict where it is another by now. What is the same as in
    force leaves the draft. Raises Forbidden, Missing, Refused.
    """
    demand_change(work, number, path)
    now = files(work, number).get(path, "")
    if seen is not None and seen != now:
        raise Conflict([], 0)
    if len(text) > LARGEST:
        raise Refused(say("文件太大，最多 {n} 个字", n=LARGEST))
    if text != now or path not in files(work, number):
        _changed(work, number, path, text)


def put(work: Work, number: int, files: Mapping[str, str]) -> None:
    """Keep the texts of several of the site's files (path → YAML) in a draft. Raises like ``save``."""
    administration.demand(work)
    for path, text in files.items():
        save(work, number, path, text)


def take_away(work: Work, number: int, path: str) -> None:
    """Leave one of the site's files out: a new one leaves the draft, one in force retires with it. Raises Forbidden, Missing, Refused."""
    demand_change(work, number, path)
    if path not in files(work, number):
        raise Missing
    _changed(work, number, path, None)


def is_own(path: str) -> bool:
    """Return whether a file is the site's own, to be changed as it likes."""
    return path.startswith(SITE)


def demand_change(work: Work, number: int, path: str) -> None:
    """Raise unless the actor may change a file of a draft: Forbidden, Missing, Refused."""
    administration.demand(work)
    d = get(work, number)
    if d["state"] not in CHANGEABLE:
        raise Refused(say("这份草稿{state}，不能再改", state=STATES[d["state"]]))
    parts = path.split("/")
    if not is_own(path) and path not in changes(work, number):
        raise Refused(say("随程序附带的定义不能直接改，请在 {folder} 下扩展或新增", folder=SITE))
    if not path.endswith((".yaml", ".yml")) or len(path) > 200 or any(p in ("", ".", "..") for p in parts):
        raise Refused(say("“{path}”不能作为文件名：须以 .yaml 结尾，每一级都有名称", path=path))


def _changed(work: Work, number: int, path: str, text: str | None) -> None:
    """Keep a file as it was changed; what had been asked or decided was about something else."""
    set_state(
        work, number, CHANGEABLE, {"state": "open"}
    )  # first: it waits for whoever publishes the draft at this moment
    base = publishing.newest(work.connection)
    kept = changes(work, number).get(path)
    if in_force(work).get(path) == text:
        work.connection.execute(delete(draft_file).where(draft_file.c.draft == number, draft_file.c.path == path))
        note_author(work, number)
    else:
        _keep(work, number, path, text, kept["base"] if kept else base)


def _keep(work: Work, number: int, path: str, text: str | None, base: int) -> None:
    f = draft_file.c
    work.connection.execute(delete(draft_file).where(f.draft == number, f.path == path))
    row = {"draft": number, "path": path, "text": text, "base": base, "person": work.actor.person_id, "at": work.now}
    work.connection.execute(insert(draft_file).values(**row))
    note_author(work, number)


def note_author(work: Work, number: int) -> None:
    """Remember that the actor had a hand in a draft."""
    person = work.actor.person_id
    if person is not None and person not in authors(work, number):
        work.connection.execute(insert(draft_author).values(draft=number, person=person))


def drop(work: Work, number: int) -> None:
    """Give a draft up; it stays to be read. Raises Forbidden, Missing, Refused."""
    administration.demand(work)
    set_state(work, number, CHANGEABLE, {"state": "dropped"})


def set_state(work: Work, number: int, now: Iterable[str], values: Mapping[str, Any]) -> None:
    """Change a draft that is in one of the states ``now``. Raises Missing, Refused."""
    d = draft.c
    changed = update(draft).where(d.id == number, d.state.in_(tuple(now))).values(changed_at=work.now, **values)
    if work.connection.execute(changed).rowcount != 1:
        state: Sentence = STATES[get(work, number)["state"]]
        raise Refused(say("这份草稿{state}，不能这样办理", state=state))

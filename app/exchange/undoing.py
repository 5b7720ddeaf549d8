"""A whole import taken back, or made again: in batches, once, whatever is killed in between; what others changed since is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping, select, update

from app.errors import CellError, Forbidden, Refused, say
from app.exchange import runs
from app.models.bulk import insert_one
from app.models.fixed import import_run, record_version
from app.services import people, scope
from app.services.panel import Actor, Panel, Work
from app.services.reversing import take_back

BATCH = 500
"""Records that one transaction takes back."""
WORDS = ("撤销导入", "重做导入")


def begin(
    panel: Panel, actor: Actor, run_id: int, *, now: datetime, again: bool = False, source: str = "import"
) -> int:
    """Note a run that takes import ``run_id`` back (``again``: that makes it again) and return its number for ``importing.carry_on``.

    Whoever brought the file may, and whoever else may import into its register, each with the records within reach. Raises
    Missing, Forbidden, and Refused where there is nothing to take back.
    """
    with panel.work(actor, now=now, source=source) as work:
        run = _demand(work, run_id)
        if run["undoes"] is not None or run["state"] in runs.GOING or not run["created"] + run["updated"]:
            raise Refused(say("这次导入没有可以撤销的内容"))
        if again != (run["undone_by"] is not None):
            raise Refused(say("这次导入没有撤销过") if again else say("这次导入已经撤销"))
        steps = _steps(work, run_id)
        if any(s["state"] in runs.GOING for s in steps):
            raise Refused(say("这次导入正在撤销或重做，请稍候"))
        last = next((s for s in reversed(steps) if s["created"] + s["updated"]), None)
        reverses = last if last is not None else run
        row = {
            "register": run["register"], "file_name": run["file_name"], "sha256": "", "person": actor.person_id, "source": source,
            "options": orjson.dumps({"again": again}).decode(), "started_at": now, "state": "waiting",
            "total": reverses["created"] + reverses["updated"], "done_line": 0,
            "created": 0, "updated": 0, "unchanged": 0, "refused": 0, "undoes": run_id, "reverses": reverses["id"],
        }  # fmt: skip
        return insert_one(work.connection, import_run, row)


def may(work: Work, register: str) -> bool:
    """Return whether the actor may take imports into a register back."""
    return scope.may(work, register, "import") and not work.spec(register).append_only


def is_again(run: RowMapping) -> bool:
    """Return whether a run makes an import again rather than taking it back."""
    return bool(orjson.loads(run["options"])["again"])


def _demand(work: Work, run_id: int) -> RowMapping:
    runs.hold(work, f"undo:{run_id}")
    run = runs.row_of(work.connection, run_id)
    spec = scope.demand(work, run["register"], "import")
    if spec.append_only:
        raise Forbidden(say("“{register}”只能新增，不能修改或删除", register=spec.label.zh))
    return run


def _steps(work: Work, run_id: int) -> list[RowMapping]:
    """Return the runs that took an import back and made it again, in their order."""
    query = select(import_run).where(import_run.c.undoes == run_id).order_by(import_run.c.id)
    return list(work.connection.execute(query).mappings())


def carry_on(panel: Panel, row: RowMapping, *, now: datetime, progress: Callable[[int, int], None]) -> None:
    """Do such a run from where it stands to its end."""
    run_id, done = row["id"], row["done_line"]
    with panel.reading(Actor.system(), now=now) as work:
        actor = Actor.system() if row["person"] is None else people.actor(work, row["person"])
    again = is_again(row)
    counted = row["created"] + row["updated"] + row["refused"]
    while ids := _next(panel, row, done, up=again):
        with panel.work(actor, now=now, source=row["source"], reason=WORDS[again], gives_way=True) as work:
            if not runs.claim(work, run_id, done, ids[-1]):
                break
            found = take_back(work, row["register"], row["reverses"], ids, taking=run_id)
            runs.count(work, run_id, created=found.entries, updated=found.changes, refused=len(found.kept))
            numbers = _numbers(work, row["register"], list(found.kept))
            runs.keep_errors(work, run_id, [CellError("", why, numbers.get(i, ""), i) for i, why in found.kept.items()])
        done = ids[-1]
        counted += len(ids)
        progress(counted, row["total"] or 0)
    with panel.work(Actor.system(), source="system") as work:
        ended = runs.row_of(work.connection, run_id)
        if ended["state"] in ("running", "cancelling") and (not ids or ended["state"] == "cancelling"):
            runs.finish(work, run_id, "cancelled" if ids else "done")
            if ended["created"] + ended["updated"]:
                undone = None if again else run_id
                work.connection.execute(
                    update(import_run).where(import_run.c.id == row["undoes"]).values(undone_by=undone)
                )


def _next(panel: Panel, row: RowMapping, done: int, *, up: bool) -> list[int]:
    """Return the next records that the run to be reversed touched: the latest first, so that none goes before those that point to it."""
    v = record_version.c
    query = (
        select(v.record_id)
        .where(v.import_run == row["reverses"], v.register == row["register"])
        .distinct()
        .limit(BATCH)
    )
    if done:
        query = query.where(v.record_id > done if up else v.record_id < done)
    with panel.reading(Actor.system()) as work:
        return list(work.connection.execute(query.order_by(v.record_id if up else v.record_id.desc())).scalars())


def _numbers(work: Work, register: str, ids: list[int]) -> dict[int, str]:
    table: Any = work.tables[register]
    query = select(table.c.id, table.c.record_no).where(table.c.id.in_(ids))
    return {i: n for i, n in work.connection.execute(query)} if ids else {}

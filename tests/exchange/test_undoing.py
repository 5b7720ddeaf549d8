"""An import is taken back whole, updates included; what others changed since stays and is told; and it can be made again."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from app.errors import Forbidden, Refused
from app.exchange import importing, runs, undoing
from app.exchange.importing import AlreadyImported, ImportReport
from app.models.fixed import import_run, person_role, record_version
from app.models.ledger import obligation
from app.services import records, versions
from app.services.listing import select_rows
from app.services.panel import Actor, Panel
from tests.exchange.sample import CLERK, GUEST, NOW

HEAD = "受理编号,接到时间,类别,投诉内容,协办人,涉及金额"
OTHER = Actor(3, "王五", frozenset({"clerk"}), 1)


def brought(
    panel: Panel, *rows: str, header: str = HEAD, keys: tuple[str, ...] = ("card_no",), **options: Any
) -> ImportReport:
    file = io.BytesIO("\n".join((header, *rows)).encode())
    report = importing.run(panel, CLERK, "card", file, now=NOW, keys=keys, **options)
    assert (report.state, report.errors) == ("done", ())
    return report


def stepped(panel: Panel, run: int, actor: Actor = CLERK, **options: Any) -> ImportReport:
    return importing.carry_on(panel, undoing.begin(panel, actor, run, now=NOW, **options), now=NOW)


def checksum(panel: Panel) -> str:
    """Return a checksum of all that a register holds and owes; stamps of when and by whom a row was last written are none of it."""
    with panel.reading(Actor.system(), now=NOW) as work:
        rows = select_rows(work, "card", order="id")
        o = obligation.c
        owed = work.connection.execute(
            select(o.record_id, o.duty, o.due_at).where(o.state == "open").order_by(o.record_id)
        ).all()
    kept = [{k: v for k, v in r.items() if k not in ("version", "updated_at", "updated_by")} for r in rows]
    return hashlib.sha256(repr((kept, owed)).encode()).hexdigest()


def card(panel: Panel, card_no: str) -> dict[str, Any]:
    with panel.reading(Actor.system(), now=NOW) as work:
        (found,) = [r for r in select_rows(work, "card", order="id") if r["card_no"] == card_no]
        return found


def change(panel: Panel, actor: Actor, which: str, **values: Any) -> None:
    with panel.work(actor, now=NOW) as work:
        records.update(work, "card", card(panel, which)["id"], values)


@pytest.fixture
def before(panel: Panel) -> str:
    """The checksum of a register with three cards, before the import that every test takes back."""
    brought(panel, *(f"A{n},2026-03-0{n},质量,第 {n} 件,李四,{n}.50" for n in (1, 2, 3)), keys=())
    return checksum(panel)


SECOND = (
    "A2,2026-03-02,服务,改过,张三;李四,",
    "A3,2026-03-03,质量,第 3 件,李四,3.50",
    "A4,2026-03-04,质量,新的,,9",
    "A5,2026-03-05,费用,也是,,",
)


def test_an_import_is_taken_back_to_the_last_cell_and_made_again(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    after = checksum(panel)
    assert (run.created, run.updated, run.unchanged) == (2, 1, 1)
    undone = stepped(panel, run.run_id)
    assert (undone.state, undone.created, undone.updated, undone.refused) == ("done", 2, 1, 0)
    assert checksum(panel) == before
    assert runs.report(panel, run.run_id).undone_by == undone.run_id
    again = stepped(panel, run.run_id, again=True)
    assert (again.created, again.updated, again.refused) == (2, 1, 0)
    assert checksum(panel) == after
    assert runs.report(panel, run.run_id).undone_by is None
    stepped(panel, run.run_id)
    assert checksum(panel) == before


def test_what_the_rows_owed_goes_with_them_and_comes_back_with_them(panel: Panel, before: str) -> None:
    def owing() -> int:
        with panel.engine.connect() as connection:
            return connection.execute(select(func.count()).where(obligation.c.state == "open")).scalar_one()

    run = brought(panel, *SECOND)
    assert owing() == 5
    stepped(panel, run.run_id)
    assert owing() == 3
    stepped(panel, run.run_id, again=True)
    assert owing() == 5


def test_every_step_is_in_the_history_of_each_record(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    undone = stepped(panel, run.run_id)
    with panel.reading(CLERK, now=NOW) as work:
        latest = versions.of_record(work, "card", card(panel, "A2")["id"])[0]
        kept = (
            work.connection.execute(select(record_version.c.import_run).order_by(record_version.c.id.desc()))
            .scalars()
            .first()
        )
    assert (latest.name, latest.source, latest.reason, set(latest.changes)) == (
        "张三", "import", "撤销导入", {"kind", "content", "helpers", "amount"},
    )  # fmt: skip
    assert kept == undone.run_id


def test_rows_that_somebody_changed_since_are_kept_and_told_with_who_it_was(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    change(panel, OTHER, "A4", remark="我加的")
    change(panel, OTHER, "A2", content="我改的")
    undone = stepped(panel, run.run_id)
    assert (undone.created, undone.updated, undone.refused) == (1, 0, 2)
    told = {e.row: str(e.reason) for e in undone.errors}
    assert set(told) == {card(panel, "A2")["id"], card(panel, "A4")["id"]}
    assert all("王五" in why for why in told.values())
    assert (card(panel, "A2")["content"], card(panel, "A2")["kind"]) == ("我改的", "服务")


def test_another_cell_that_somebody_changed_of_an_updated_row_is_left_to_them(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    change(panel, OTHER, "A2", remark="我加的")
    change(panel, OTHER, "A3", content="与导入无关")
    undone = stepped(panel, run.run_id)
    assert (undone.updated, undone.refused) == (1, 0)
    assert {k: card(panel, "A2")[k] for k in ("content", "remark")} == {"content": "第 2 件", "remark": "我加的"}
    assert card(panel, "A3")["content"] == "与导入无关"


def test_rows_that_are_gone_locked_or_of_others_are_kept(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    with panel.work(CLERK, now=NOW) as work:
        records.move(work, "card", card(panel, "A2")["id"], "close", {"closed_on": NOW.date()})
    with panel.work(Actor.system(), now=NOW) as work:
        records.remove(work, "card", card(panel, "A4")["id"])
    undone = stepped(panel, run.run_id)
    assert (undone.created, undone.updated) == (1, 0)
    assert sorted(str(e.reason) for e in undone.errors) == ["之后已删除", "记录在当前状态下已锁定"]


def test_a_row_that_another_record_points_to_is_kept_until_that_one_is_gone(panel: Panel) -> None:
    file = io.BytesIO("客户名称\n丙公司\n丁公司\n".encode())
    run = importing.run(panel, Actor.system(), "customer", file, now=NOW)
    with panel.work(CLERK, now=NOW) as work:
        records.create(work, "card", {"received_at": NOW, "kind": "质量", "content": "指着它", "customer": 4})
    undone = stepped(panel, run.run_id, Actor.system())
    assert (undone.created, [e.row for e in undone.errors]) == (1, [4])
    assert "投诉卡" in str(undone.errors[0].reason)


def test_the_same_content_may_come_again_without_a_question_once_it_is_taken_back(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    with pytest.raises(AlreadyImported):
        brought(panel, *SECOND)
    stepped(panel, run.run_id)
    assert brought(panel, *SECOND).created == 2


def test_the_importer_and_who_else_may_import_take_it_back_and_nobody_else(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    with pytest.raises(Forbidden):
        undoing.begin(panel, GUEST, run.run_id, now=NOW)
    with panel.engine.begin() as connection:
        connection.execute(person_role.insert(), [{"id": 9, "user_id": 3, "role_id": 1}])
    assert stepped(panel, run.run_id, OTHER).created == 2
    assert checksum(panel) == before


def test_who_loses_the_right_meanwhile_takes_nothing_back(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    after = checksum(panel)
    taking = undoing.begin(panel, CLERK, run.run_id, now=NOW)
    with panel.engine.begin() as connection:
        connection.execute(person_role.delete().where(person_role.c.user_id == 1))
    assert importing.carry_on(panel, taking, now=NOW).state == "failed"
    assert checksum(panel) == after


def test_what_is_not_there_to_be_taken_back_is_refused(panel: Panel, before: str) -> None:
    run = brought(panel, *SECOND)
    with pytest.raises(Refused):
        undoing.begin(panel, CLERK, run.run_id, now=NOW, again=True)
    taking = undoing.begin(panel, CLERK, run.run_id, now=NOW)
    with pytest.raises(Refused):
        undoing.begin(panel, CLERK, run.run_id, now=NOW)
    importing.carry_on(panel, taking, now=NOW)
    for other in (run.run_id, taking):
        with pytest.raises(Refused):
            undoing.begin(panel, CLERK, other, now=NOW)


def test_a_run_that_breaks_off_between_two_batches_goes_on_where_it_stood(
    panel: Panel, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "BATCH", 1)
    run = brought(panel, *SECOND)
    taking = undoing.begin(panel, CLERK, run.run_id, now=NOW)

    class Killed(BaseException):
        pass

    def progress(done: int, total: int) -> None:
        assert total == 3
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        importing.carry_on(panel, taking, now=NOW, progress=progress)
    assert (runs.report(panel, taking).state, runs.report(panel, taking).created) == ("running", 2)
    assert importing.carry_on(panel, taking, now=NOW).state == "done"
    assert importing.carry_on(panel, taking, now=NOW).updated == 1
    assert checksum(panel) == before


def test_a_run_that_is_cancelled_leaves_what_it_did_and_that_can_be_reversed(
    panel: Panel, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "BATCH", 1)
    run = brought(panel, *SECOND)
    after = checksum(panel)
    taking = undoing.begin(panel, CLERK, run.run_id, now=NOW)

    def stop(done: int, total: int) -> None:
        with panel.work(CLERK, now=NOW) as work:
            runs.cancel(work, taking)

    assert importing.carry_on(panel, taking, now=NOW, progress=stop).state == "cancelled"
    assert runs.report(panel, taking).created == 1
    assert stepped(panel, run.run_id, again=True).created == 1
    assert checksum(panel) == after


def test_taking_back_asks_the_database_no_more_for_many_rows_than_for_few(panel: Panel) -> None:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("UPDATE obligation"):  # each obligation is closed by itself
            seen.append(statement)

    counted = []
    for first, size in ((0, 20), (100, 200)):
        run = brought(panel, *(f"B{n},2026-03-01,质量,第 {n} 件,," for n in range(first, first + size)), keys=())
        event.listen(panel.engine, "before_cursor_execute", note)
        seen.clear()
        assert stepped(panel, run.run_id).created == size
        event.remove(panel.engine, "before_cursor_execute", note)
        counted.append(len(seen))
    assert counted[1] < counted[0] + 20


def test_a_value_that_two_rows_exchanged_is_not_taken_back_by_halves(panel: Panel, before: str) -> None:
    with panel.engine.begin() as connection:
        connection.execute(update(import_run).values(sha256="x"))
    run = brought(panel, "TS-2026-00001,A9,2026-03-01", header="编号,受理编号,接到时间", keys=("record_no",))
    change(panel, OTHER, "A2", card_no="A1")
    undone = stepped(panel, run.run_id)
    assert (undone.updated, undone.refused, card(panel, "A9")["record_no"]) == (0, 1, "TS-2026-00001")

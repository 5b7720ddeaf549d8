"""Blocks of changes: all or nothing, one change to take back and to make again, and never over what others did since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.errors import Conflicts, Forbidden, Missing, Refused
from app.models.fixed import change_set, record_version
from app.services import blocks, listing, obligations, records, scope
from app.services.blocks import Block, ChangedSince, Done, Unacceptable
from app.services.panel import Actor
from tests.services.test_records import COMPLAINT, complaint, edit
from tests.site import Site, at

NOON = at("2025-03-03 16:00")


def act(site: Site, what: Any, *args: Any, who: str = "clerk", minutes: int = 0, register: str = "complaint") -> Done:
    """Do something with blocks as somebody, some minutes after the records were entered."""
    with site.panel.work(site.actor(who), now=NOON + timedelta(minutes=minutes), source="grid") as work:
        done = what(work, register, *args)
        assert isinstance(done, Done)
        return done


def change(site: Site, block: Block, who: str = "clerk", minutes: int = 0, register: str = "complaint") -> Done:
    return act(site, blocks.change, block, "粘贴", who=who, minutes=minutes, register=register)


def new(**values: Any) -> dict[str, Any]:
    return {**COMPLAINT, "receptionist": 10, **values}


def visible(site: Site, who: str = "clerk") -> list[int]:
    with site.panel.reading(site.actor(who)) as work:
        return sorted(r["id"] for r in listing.select_rows(work, "complaint"))


def test_a_block_is_one_transaction_one_change_and_one_version_of_each_record(site: Site) -> None:
    first, second = complaint(site), complaint(site)
    block = Block(
        {first: {"content": "改一", "remark": "注"}, second: {"content": "改二"}},
        adds=[new(content="新来的"), new(content="又一件")],
    )
    done = change(site, block)
    assert (done.changed, len(done.added), done.deleted) == ((first, second), 2, ())
    with site.panel.reading(Actor.system()) as work:
        v = record_version.c
        query = select(v.record_id, v.version, v.source).where(v.change_set == done.id).order_by(v.record_id)
        written = [tuple(r) for r in work.connection.execute(query)]
    assert written == [(first, 2, "grid"), (second, 2, "grid"), (done.added[0], 1, "grid"), (done.added[1], 1, "grid")]


def test_one_bad_cell_keeps_the_whole_block_from_being_written_and_every_error_is_told(site: Site) -> None:
    made = complaint(site)
    block = Block({made: {"content": "改", "channel": "心灵感应"}}, adds=[new(content=None), new(loss_amount=-1)])
    with pytest.raises(Unacceptable) as refused:
        change(site, block)
    told = {(s.record, s.added, s.error.field) for s in refused.value.spots}
    assert told == {(made, None, "channel"), (None, 0, "content"), (None, 1, "loss_amount")}
    assert site.read("complaint", made)["version"] == 1
    assert visible(site) == [made]
    with site.panel.reading(Actor.system()) as work:
        assert work.connection.execute(select(func.count()).select_from(change_set)).scalar() == 0


def test_undo_and_redo_bring_cells_new_rows_and_what_they_owe_back_and_forth(site: Site) -> None:
    made = complaint(site)
    done = change(
        site, Block({made: {"content": "改", "severity": "重大", "customer_demand": ("维修", "道歉")}}, adds=[new()])
    )
    (added,) = done.added
    assert (visible(site), owed(site, added)) == ([made, added], {"open"})
    act(site, blocks.undo, minutes=1)
    row = site.read("complaint", made)
    assert (row["content"], row["severity"], row["customer_demand"]) == (COMPLAINT["content"], "一般", ("道歉",))
    assert (visible(site), owed(site, added)) == ([made], set())
    act(site, blocks.redo, minutes=2)
    row = site.read("complaint", made)
    assert (row["content"], row["severity"], set(row["customer_demand"])) == ("改", "重大", {"维修", "道歉"})
    assert (visible(site), owed(site, added)) == ([made, added], {"open"})
    act(site, blocks.undo, minutes=3)
    assert visible(site) == [made]
    assert site.read("complaint", made)["content"] == COMPLAINT["content"]


def owed(site: Site, record: int) -> set[str]:
    with site.panel.reading(Actor.system()) as work:
        return {o["state"] for o in obligations.of_record(work, "complaint", record)}


def test_several_changes_are_taken_back_from_the_last_to_the_first_and_made_again_in_their_order(site: Site) -> None:
    made = complaint(site)
    for n in (1, 2, 3):
        change(site, Block({made: {"content": f"第{n}次"}}), minutes=n)
    seen = []
    for step in (
        blocks.undo,
        blocks.undo,
        blocks.undo,
        blocks.redo,
        blocks.redo,
        blocks.undo,
        blocks.redo,
        blocks.redo,
    ):
        act(site, step, minutes=10)
        seen.append(site.read("complaint", made)["content"])
    assert seen == ["第2次", "第1次", COMPLAINT["content"], "第1次", "第2次", "第1次", "第2次", "第3次"]
    with pytest.raises(Missing):
        act(site, blocks.redo)


def test_a_new_change_forgets_what_could_have_been_made_again(site: Site) -> None:
    made = complaint(site)
    change(site, Block({made: {"content": "一"}}))
    act(site, blocks.undo)
    change(site, Block({made: {"content": "二"}}))
    with pytest.raises(Missing):
        act(site, blocks.redo)
    act(site, blocks.undo)
    assert site.read("complaint", made)["content"] == COMPLAINT["content"]
    act(site, blocks.redo)  # the second, not the first that it took the place of
    assert site.read("complaint", made)["content"] == "二"
    with pytest.raises(Missing):
        act(site, blocks.redo)


def test_what_somebody_changed_since_is_not_taken_back_and_named(site: Site) -> None:
    first, second = complaint(site), complaint(site)
    change(site, Block({first: {"content": "我改的"}, second: {"content": "我改的"}}))
    edit(site, "hr", second, "2025-03-03 16:05", content="别人改的")
    with pytest.raises(ChangedSince) as refused:
        act(site, blocks.undo, minutes=10)
    (cell,) = refused.value.cells
    assert (cell.record, cell.field, cell.now, cell.expected, cell.by) == (
        second,
        "content",
        "别人改的",
        "我改的",
        "hr",
    )
    assert site.read("complaint", first)["content"] == "我改的"


def test_what_others_changed_beside_my_cells_stays(site: Site) -> None:
    made = complaint(site)
    change(site, Block({made: {"content": "我改的"}}))
    edit(site, "hr", made, "2025-03-03 16:05", remark="别人的备注")
    act(site, blocks.undo, minutes=10)
    row = site.read("complaint", made)
    assert (row["content"], row["remark"]) == (COMPLAINT["content"], "别人的备注")


def test_a_record_that_somebody_went_on_with_is_not_taken_away(site: Site) -> None:
    (added,) = change(site, Block(adds=[new()])).added
    edit(site, "hr", added, "2025-03-03 16:05", remark="已电话核实")
    with pytest.raises(ChangedSince) as refused:
        act(site, blocks.undo, minutes=10)
    assert [(c.record, c.field, c.by) for c in refused.value.cells] == [(added, "remark", "hr")]
    assert visible(site) == [added]


def test_taking_back_ones_own_row_without_the_right_to_delete_ends_after_an_hour_or_when_something_was_missed(
    site: Site,
) -> None:
    (added,) = change(site, Block(adds=[new()])).added
    with pytest.raises(Unacceptable, match="删除"):
        act(site, blocks.undo, minutes=61)
    with pytest.raises(Forbidden), site.panel.work(site.actor("clerk"), now=NOON) as work:
        records.remove(work, "complaint", added)
    late = change(site, Block(adds=[new(received_at=at("2025-02-01 09:00"))]), minutes=61).added
    with pytest.raises(Unacceptable, match="删除"):
        act(site, blocks.undo, minutes=62)
    assert visible(site) == [added, *late]


def test_deleted_rows_come_back_with_undo(site: Site) -> None:
    with site.panel.work(Actor.system(), now=NOON) as work:
        units = [records.create(work, "unit", {"name": f"临时{n}", "kind": "部门"}) for n in range(3)]
    with site.panel.work(Actor.system(), now=NOON) as work:
        done = blocks.change(work, "unit", Block(deletes=units))
    assert done.deleted == tuple(units)
    with site.panel.reading(Actor.system()) as work:
        assert not listing.select_rows(work, "unit", ids=units)
    with site.panel.work(Actor.system(), now=NOON) as work:
        assert set(blocks.undo(work, "unit").added) == set(units)
    with site.panel.reading(Actor.system()) as work:
        assert {r["name"] for r in listing.select_rows(work, "unit", ids=units)} == {"临时0", "临时1", "临时2"}


def test_a_cell_that_somebody_changed_meanwhile_shows_both_values_and_nothing_of_the_block_is_written(
    site: Site,
) -> None:
    first, second = complaint(site), complaint(site)
    edit(site, "hr", second, content="别人的")
    with pytest.raises(Conflicts) as refused:
        change(site, Block({first: {"content": "我的"}, second: {"content": "我的"}}, {first: 1, second: 1}))
    ((record, conflict),) = refused.value.by_record.items()
    (clash,) = conflict.clashes
    assert (record, clash.mine, clash.theirs, conflict.by) == (second, "我的", "别人的", "hr")
    assert site.read("complaint", first)["version"] == 1


def test_nobody_takes_back_anothers_change(site: Site) -> None:
    made = complaint(site)
    change(site, Block({made: {"content": "改"}}))
    for who in ("hr", "gm"):
        with pytest.raises(Missing):
            act(site, blocks.undo, who=who)
    with site.panel.reading(site.actor("stranger")) as work:
        closed = next(c for c in site.panel.catalog.registers if not scope.may(work, c, "read"))
    with pytest.raises(Forbidden):
        act(site, blocks.undo, who="stranger", register=closed)


def test_writing_what_is_there_already_is_no_change(site: Site) -> None:
    made = complaint(site)
    assert change(site, Block({made: {"content": COMPLAINT["content"]}})).id is None
    with site.panel.reading(site.actor("clerk")) as work:
        assert blocks.steps(work, "complaint") == (None, None)


def test_a_record_out_of_sight_looks_like_none_and_a_locked_one_is_told_only_to_those_who_see_it(site: Site) -> None:
    made = complaint(site)
    with site.panel.work(Actor.system(), now=NOON) as work:
        work.connection.execute(update(work.tables["complaint"]).values(state="closed"))
    said = {}
    for who in ("clerk", "sales1"):
        with pytest.raises(Unacceptable) as refused:
            change(site, Block({made: {"content": "改"}}), who=who)
        said[who] = str(refused.value.spots[0].error.reason)
    with pytest.raises(Unacceptable) as refused:
        change(site, Block({999_999: {"content": "改"}}), who="sales1")
    assert "锁定" in said["clerk"]
    assert said["sales1"] == str(refused.value.spots[0].error.reason)


def test_the_person_complained_about_takes_no_part_and_sees_nothing(site: Site) -> None:
    made = complaint(site)
    edit(site, "hr", made, complained_person=site.ids["clerk"])
    with pytest.raises(Unacceptable) as refused:
        change(site, Block({made: {"content": "改"}}, {made: 1}))
    assert str(refused.value.spots[0].error.reason) == str(Missing().reason)


def test_a_block_has_its_limit(site: Site) -> None:
    with pytest.raises(Refused, match="5000"):
        change(site, Block(adds=[{}] * (blocks.MOST + 1)))

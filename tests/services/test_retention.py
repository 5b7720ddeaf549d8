"""What must be kept cannot be deleted before its time, nor afterwards without an approved destruction."""

from __future__ import annotations

from datetime import date

import pytest

from app.errors import Refused
from app.services import records
from app.services.panel import Actor
from tests.site import Site, at, publish, shipped

BOXES = """\
code: box
label: 案卷
domain: customers
fields:
  - {code: name, label: 名称, type: text, required: true}
  - {code: closed_on, label: 归档日期, type: date}
retention:
  starts: closed_on
  keep: [{months: 120, cite: {policy: P08, article: '25'}}]
  destroyed_by: {register: shredding, through: boxes, state: approved}
access: [{role: everyone, can: [read, add, edit, delete]}]
---
code: shredding
label: 销毁记录
domain: customers
fields:
  - {code: boxes, label: 案卷, type: reference, register: box, several: true}
workflow:
  states: [{code: proposed, label: 待批}, {code: approved, label: 已批, locked: true}]
  transitions: [{code: approve, label: 批准, from: proposed, to: approved, by: [gm]}]
access: [{role: everyone, can: [read, add]}]
"""


@pytest.fixture
def boxes(site: Site) -> Site:
    """Return the site with files that are kept for ten years, and their destructions."""
    panel = publish(site.panel.engine, shipped() | {"registers/customers/box.yaml": BOXES}, at("2025-01-02 08:00"))
    return Site(panel, site.ids, site.units)


def delete(site: Site, box: int, when: str) -> str:
    """Return why a file cannot be deleted; empty where it has been."""
    try:
        with site.panel.work(site.actor("clerk"), now=at(when)) as work:
            records.remove(work, "box", box, "处理")
    except Refused as refused:
        return str(refused.reason)
    return ""


def test_a_file_is_kept_until_its_time_is_over_and_its_destruction_approved(boxes: Site) -> None:
    box = boxes.create("clerk", "box", "2025-03-03 09:00", name="甲", closed_on=date(2015, 3, 8))
    assert delete(boxes, box, "2025-03-08 23:59") == "须保存至 2025-03-08，不能删除（依据 P08-25）"
    assert delete(boxes, box, "2025-03-09 00:00") == "保管期已满，须凭批准的《销毁记录》销毁（依据 P08-25）"
    with boxes.panel.work(Actor.system(), now=at("2025-03-09 09:00")) as work:
        order = records.create(work, "shredding", {"boxes": (box,)})
    assert delete(boxes, box, "2025-03-09 10:00") != ""
    boxes.move("gm", "shredding", order, "approve", "2025-03-09 11:00")
    assert delete(boxes, box, "2025-03-09 12:00") == ""
    assert boxes.read("shredding", order)["boxes"] == (box,)


def test_a_file_whose_time_has_not_begun_cannot_be_deleted(boxes: Site) -> None:
    box = boxes.create("clerk", "box", "2025-03-03 09:00", name="乙")
    assert delete(boxes, box, "2025-03-03 09:10") == "保管期限尚未起算，不能删除（依据 P08-25）"


def test_what_a_step_asks_for_may_stand_among_several_in_one_field(boxes: Site) -> None:
    closing = """\
workflow:
  states: [{code: kept, label: 在库}, {code: gone, label: 已销毁, locked: true}]
  transitions: [{code: clear_out, label: 出库, from: kept, to: gone, by: [gm]}]
refuse:
  - code: not_approved
    transition: [clear_out]
    unless: {register: shredding, match: {boxes: id}, where: {field: state, is: approved}}
    say: 销毁未批准
    cite: {policy: P08, article: '25'}
access:"""
    files = shipped() | {"registers/customers/box.yaml": BOXES.replace("access:", closing, 1)}
    site = Site(publish(boxes.panel.engine, files, at("2025-01-03 08:00")), boxes.ids, boxes.units)
    first, second, third = (site.create("clerk", "box", "2025-03-03 09:00", name=name) for name in "甲乙丙")
    order = site.create("clerk", "shredding", "2025-03-03 10:00", boxes=(first, second))
    with pytest.raises(Refused) as refused:
        site.move("gm", "box", second, "clear_out", "2025-03-03 11:00")
    assert str(refused.value.reason) == "销毁未批准（依据 P08-25）"
    site.move("gm", "shredding", order, "approve", "2025-03-03 12:00")
    site.move("gm", "box", second, "clear_out", "2025-03-03 13:00")
    assert site.read("box", second)["state"] == "gone"
    with pytest.raises(Refused):
        site.move("gm", "box", third, "clear_out", "2025-03-03 13:00")


def test_a_unit_that_has_not_adopted_the_policy_need_not_keep_its_files(boxes: Site) -> None:
    files = shipped() | {
        "registers/customers/box.yaml": BOXES.replace("{policy: P08, article: '25'}", "{policy: P99, article: A1}")
    }
    files |= {"policies/P99.yaml": "policy: P99\nlabel: 甲\narticles: [{article: A1, text: 甲}]\n"}
    elsewhere = Site(publish(boxes.panel.engine, files, at("2025-01-03 08:00")), boxes.ids, boxes.units)
    box = elsewhere.create("clerk", "box", "2025-03-03 09:00", name="丙")
    assert delete(elsewhere, box, "2025-03-03 12:00") == ""

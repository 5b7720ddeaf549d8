"""A mistake in a case file is named with its file and line; a wrong expectation fails with the line of its step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.playing import Play, Wrong
from tests.cases.reading import BadCase, read
from tests.site import Site


def written(folder: Path, steps: str, title: str = "试") -> Path:
    """Write a case file whose steps begin on line 4."""
    (folder / "one.yaml").write_text(f"title: {title}\nsource: 试\nsteps:\n{steps}", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("  - {at: 2025-03-03 09:00, fly: A}", "one.yaml:4: fly"),
        ("  - {sweep: 2025-03-03 09:00}\n  - {sweep: 2025-03-02 09:00}", "one.yaml:5: 这一步早于上一步"),
        ("  - {sweep: 2025-03-03 9点}", "one.yaml:4: 时间写作"),
        ("  - {do: 飞}", "one.yaml:4: 飞：没有这个做法"),
        ("  - {who: 外人}", "one.yaml:4: : Value error, 一步只做一件事"),
        ("  - expect:\n      tickets: []\n      ticket: []", "one.yaml:4: expect.ticket"),
    ],
)
def test_a_mistake_in_a_case_file_is_named_with_its_line(tmp_path: Path, steps: str, says: str) -> None:
    with pytest.raises(BadCase, match=says.replace("(", r"\(")):
        read(written(tmp_path, steps))


def test_two_cases_of_one_title_are_refused(tmp_path: Path) -> None:
    text = "title: 同\nsource: 试\nsteps: []\n---\ntitle: 同\nsource: 试\nsteps: []\n"
    (tmp_path / "two.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadCase, match=r"two.yaml:5: 题目“同”与 two.yaml:1 重复"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        ("tickets: [销售顾问甲 第1次 50元]", "one.yaml:5: 处罚单 0 张（应 1 张）"),
        (
            "due: {顾客: {新客户建档: 2025-03-06 24:00}}",
            "自何时起算迟：应为 2025-03-06 24:00，实为 2025-03-05 00:00:00",
        ),
        ("duties: {顾客: {新客户建档: 按时完成}}", "应为 按时完成，实为 待办"),
        ("fines: {销售顾问甲: {2025-03: [50]}}", r"应为 \[50\]，实为 \[\]"),
        ("fields: {顾客: {状态: 已归档}}", "顾客的状态"),
        ("breaches: [2025-03-04 顾客 逾期]", "违规：应为"),
        ("told: {销售顾问甲: [提醒 顾客]}", "告知销售顾问甲：应为"),
        ("records: {车辆: 3}", "车辆条数：应为 3，实为 0"),
        ("due: {谁: {新客户建档: null}}", "没有名为“谁”的记录"),
        ("duties: {顾客: {飞: 待办}}", "没有名为“飞”的时限"),
    ],
)
def test_a_wrong_expectation_fails_with_the_line_of_its_step(
    site: Site, tmp_path: Path, expected: str, says: str
) -> None:
    fields = (
        "客户名称: 顾客乙, 客户性质: 个人, 渠道类型: 车主, 一般/特殊客户: 一般客户, 地址: 上海, 联系电话: 021, 密级: 普通, "
        "客户经理/负责人: 销售顾问甲"
    )
    enter = f"  - {{at: 2025-03-03 09:00, enter: 客户档案, name: 顾客, fields: {{{fields}}}}}"
    steps = f"{enter}\n  - expect: {{{expected}}}"
    (case,) = read(written(tmp_path, steps)).cases
    with pytest.raises(Wrong, match=says):
        Play(site, case, tmp_path).run()


def test_a_refusal_that_does_not_come_or_for_another_reason_fails(site: Site, tmp_path: Path) -> None:
    for steps, says in (
        ("  - {at: 2025-03-03 09:00, who: 外人, enter: 车辆, fields: {}, refused: 已锁定}", "被拒绝"),
        ("  - {at: 2025-03-03 09:00, sweep: 2025-03-03 09:00, refused: 权限}", "本应被拒绝"),
    ):
        (case,) = read(written(tmp_path, steps)).cases
        with pytest.raises(Wrong, match=says):
            Play(site, case, tmp_path).run()

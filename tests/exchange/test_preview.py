"""A trial run says what an import would do, cell by cell, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from app.errors import Forbidden, Invalid
from app.exchange import importing
from app.exchange.importing import Preview
from app.models import engine as engines
from app.models.fixed import import_run, record_version
from app.services.panel import Panel
from tests.exchange.sample import CLERK, GUEST, NOW

Cards = Callable[..., Path]
DAY = "2026-03-05"


def tried(panel: Panel, file: Path, **options: Any) -> Preview:
    with panel.reading(CLERK, now=NOW) as work:
        return importing.dry_run(work, "card", file, **options)


def counts(preview: Preview) -> tuple[int, int, int, int]:
    return preview.new, preview.changed, preview.unchanged, preview.refused


def test_a_trial_run_counts_what_an_import_would_do_and_writes_nothing(panel: Panel, card_file: Cards) -> None:
    importing.run(panel, CLERK, "card", card_file(f"A1,{DAY},质量,甲", f"A2,{DAY},质量,乙"), now=NOW)
    file = card_file(
        f"A1,{DAY},质量,甲",
        f"A2,{DAY},费用,乙",
        f"A3,{DAY},服务,丙",
        "A4,昨天,质量,丁",
        f"A5,{DAY},质量,",
        name="second.csv",
    )
    with panel.engine.connect() as connection:
        before = connection.execute(select(func.count()).select_from(record_version)).scalar()
    preview = tried(panel, file, keys=["card_no"])
    assert (preview.total, counts(preview)) == (5, (1, 1, 1, 2))
    assert [(e.line, e.field) for e in preview.errors] == [(5, "received_at"), (6, "content")]
    with panel.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(record_version)).scalar() == before
        assert connection.execute(select(func.count()).select_from(import_run)).scalar() == 1
    report = importing.run(panel, CLERK, "card", file, keys=["card_no"], mode="good", now=NOW)
    assert (report.created, report.updated, report.unchanged, report.refused) == counts(preview)


def test_the_first_rows_are_shown_cell_by_cell(panel: Panel, card_file: Cards) -> None:
    header = "受理编号,接到时间,类别,投诉内容,投诉客户,原因"
    importing.run(panel, CLERK, "card", card_file(f"A1,{DAY},质量,甲,KH-0003,", header=header), now=NOW)
    file = card_file(f"A1,{DAY},费用,甲,甲公司,旧错误", f"A2,{DAY},蓝,乙,丙公司,", header=header, name="second.csv")
    first, second = tried(panel, file, keys=["card_no"]).rows
    assert (first.line, first.status, second.status) == (2, "changed", "refused")
    assert [(c.status, c.before) for c in first.cells] == [
        ("same", ""), ("same", ""), ("changed", "质量"), ("same", ""), ("changed", "乙公司"), ("left_out", ""),
    ]  # fmt: skip
    assert [c.status for c in second.cells] == ["same", "same", "bad", "same", "bad", "left_out"]
    assert "蓝" in str(second.cells[2].reason)


def test_a_row_of_the_wrong_length_is_shown_with_its_reason(panel: Panel, card_file: Cards) -> None:
    (row,) = tried(panel, card_file("A1,x")).rows
    assert (row.status, "2 格" in str(row.errors[0].reason)) == ("refused", True)


def test_a_name_that_several_have_is_asked_about_with_all_whom_it_may_mean(panel: Panel, card_file: Cards) -> None:
    header = "受理编号,接到时间,类别,投诉内容,跟进人,投诉客户"
    file = card_file(f"A1,{DAY},质量,甲,王五,乙公司", header=header)
    (row,) = tried(panel, file).rows
    person, customer = row.cells[4:]
    assert person.meant == (("wangwu", "王五"), ("wangwu2", "王五"))
    assert customer.meant == (("KH-0002", "乙公司"), ("KH-0003", "乙公司"))
    corrections = [(2, 4, person.meant[1][0]), (2, 5, customer.meant[0][0])]
    preview = tried(panel, file, corrections=corrections)
    assert counts(preview) == (1, 0, 0, 0)


def test_what_concerns_the_whole_file_is_told_before_any_row(panel: Panel, card_file: Cards) -> None:
    preview = tried(panel, card_file("A1,红", header="受理编号,颜色"))
    assert {e.text or e.field for e in preview.file_errors} == {"颜色", "received_at", "kind", "content"}
    assert preview.rows == ()


def test_an_unsuitable_key_is_told(panel: Panel, card_file: Cards) -> None:
    file = card_file(f"A1,{DAY},质量,甲")
    assert [e.field for e in tried(panel, file, keys=["content"]).file_errors] == ["content"]
    assert [e.field for e in tried(panel, file, keys=["id_number"]).file_errors] == ["id_number"]


def test_a_chosen_mapping_makes_an_unknown_column_known(panel: Panel, card_file: Cards) -> None:
    file = card_file(f"A1,{DAY},质量,甲,红", header="单号,什么时候,类别,投诉内容,颜色")
    preview = tried(panel, file, mapping=[None, "received_at", None, None, ""])
    assert counts(preview) == (1, 0, 0, 0)
    assert [h for h, _ in preview.matching.left_out] == ["颜色"]


def test_the_list_of_errors_is_capped_and_their_number_is_not(
    panel: Panel, card_file: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dialect in engines.BATCH:
        monkeypatch.setitem(engines.BATCH, dialect, 400)
    preview = tried(panel, card_file(*(f"A{n},昨天,颜色,甲" for n in range(900))))
    assert (len(preview.errors), preview.error_count, preview.refused, len(preview.rows)) == (1_000, 1_800, 900, 50)


def test_an_empty_file_and_a_forbidden_one_are_refused(panel: Panel, card_file: Cards) -> None:
    with pytest.raises(Invalid):
        tried(panel, card_file(header=""))
    with panel.reading(GUEST, now=NOW) as work, pytest.raises(Forbidden):
        importing.dry_run(work, "card", card_file(f"A1,{DAY},质量,甲"))


def test_a_trial_run_asks_as_often_for_many_rows_as_for_few(panel: Panel, card_file: Cards) -> None:
    def statements(rows: int) -> int:
        seen: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)

        header = "受理编号,接到时间,类别,投诉内容,投诉客户,跟进人"
        file = card_file(*(f"A{n},{DAY},质量,甲,甲公司,张三" for n in range(rows)), header=header, name=f"{rows}.csv")
        event.listen(panel.engine, "before_cursor_execute", note)
        assert tried(panel, file, keys=["card_no"]).new == rows
        event.remove(panel.engine, "before_cursor_execute", note)
        return len(seen)

    assert statements(10) == statements(400)

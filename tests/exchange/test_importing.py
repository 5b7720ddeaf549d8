"""A file goes in as people expect: tried out first, all of it or its good rows, exactly once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, func, select

from app.errors import Forbidden
from app.exchange import importing, runs
from app.exchange.importing import AlreadyImported, Cancelled, ImportReport
from app.models import engine as engines
from app.models.fixed import import_run, record_version
from app.models.ledger import obligation
from app.services.listing import select_rows
from app.services.panel import Actor, Panel
from tests.exchange.sample import CLERK, GUEST, NOW

Cards = Callable[..., Path]
DAY = "2026-03-05"


def run(panel: Panel, file: Path, **options: Any) -> ImportReport:
    return importing.run(panel, CLERK, "card", file, now=NOW, **options)


def cards(panel: Panel, actor: Actor = CLERK) -> list[dict[str, Any]]:
    with panel.reading(actor, now=NOW) as work:
        return select_rows(work, "card", order="id")


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.refused


def in_batches_of(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for dialect in engines.BATCH:
        monkeypatch.setitem(engines.BATCH, dialect, size)


def test_every_type_of_field_comes_in_as_a_person_types_it(panel: Panel, card_file: Cards) -> None:
    file = card_file(
        'A1,2026年3月5日 上午9:30,质量,"第一行\n第二行",甲公司,张三,"李四;wangwu",安全、首保,420106199001011234,￥1.5万,-3,88.5%,是,20260304,有事',
        header="受理编号,接到时间,类别,投诉内容,投诉客户,跟进人,协办人,标签,身份证号,涉及金额（元）,评分,满意率,是否紧急,发生日期,备注",
    )
    report = run(panel, file)
    assert (report.state, counts(report), report.errors) == ("done", (1, 0, 0, 0), ())
    (card,) = cards(panel)
    expected = {
        "received_at": datetime(2026, 3, 5, 1, 30, tzinfo=UTC), "kind": "质量", "content": "第一行\n第二行", "customer": 1,
        "handler": 1, "helpers": (2, 3), "tags": ("首保", "安全"), "id_number": "420106199001011234",
        "amount": Decimal("15000.00"), "score": -3, "rate": Decimal("88.50"), "urgent": True,
        "happened_on": date(2026, 3, 4), "remark": "有事", "record_no": "TS-2026-00001", "state": "open",
    }  # fmt: skip
    assert {k: card[k] for k in expected} == expected


def test_an_imported_row_has_its_history_and_its_obligation(panel: Panel, card_file: Cards) -> None:
    report = run(panel, card_file(f"A1,{DAY},质量,甲", f"A2,{DAY},服务,乙"))
    with panel.engine.connect() as connection:
        v = record_version.c
        kept = connection.execute(select(v.record_id, v.person, v.source, v.import_run).where(v.register == "card"))
        assert sorted(kept.all()) == [(1, 1, "import", report.run_id), (2, 1, "import", report.run_id)]
        assert connection.execute(select(func.count()).select_from(obligation)).scalar() == 2


def test_a_blank_cell_of_a_new_row_takes_the_default(panel: Panel, card_file: Cards) -> None:
    run(panel, card_file(f"A1,{DAY},质量,甲,", header="受理编号,接到时间,类别,投诉内容,评分"))
    assert cards(panel)[0]["score"] == 1


def test_all_or_nothing_writes_nothing_and_tells_every_error_with_its_line(panel: Panel, card_file: Cards) -> None:
    file = card_file(
        f"A1,{DAY},质量,甲", "A2,昨天,质量,乙", f"A3,{DAY},颜色,", f"A4,{DAY},服务,丁", f"A4,{DAY},服务,戊", "x,y"
    )
    report = run(panel, file)
    assert (report.state, report.refused, report.created) == ("failed", 5, 0)
    assert cards(panel) == []
    assert [(e.line, e.field) for e in report.errors] == [
        (3, "received_at"), (4, "kind"), (4, "content"), (5, "card_no"), (6, "card_no"), (7, ""),
    ]  # fmt: skip
    assert report.errors[0].text == "昨天"


def test_errors_of_a_row_s_values_are_told_too_once_its_cells_can_be_read(panel: Panel, card_file: Cards) -> None:
    report = run(panel, card_file(f"A1,{DAY},质量,甲,99", header="受理编号,接到时间,类别,投诉内容,评分"))
    assert [(e.line, e.field, e.text) for e in report.errors] == [(2, "score", "99")]


def test_good_rows_go_in_and_bad_ones_come_back_as_a_file_that_can_be_corrected(
    panel: Panel, card_file: Cards, tmp_path: Path
) -> None:
    file = card_file(f"A1,{DAY},质量,甲", 'A2,昨天,质量,"乙\n=1+1"', f"A3,{DAY},颜色,-5", f"A4,{DAY},服务,丁")
    report = run(panel, file, mode="good")
    assert (report.state, counts(report)) == ("done", (2, 0, 0, 2))
    assert report.errors_file is not None
    book = load_workbook(report.errors_file)
    sheet = book.worksheets[0]
    rows = [[c.value for c in row] for row in sheet.iter_rows()]
    assert [r[:4] for r in rows] == [
        ["受理编号", "接到时间", "类别", "投诉内容"], ["A2", "昨天", "质量", "乙\n=1+1"], ["A3", DAY, "颜色", "-5"],
    ]  # fmt: skip
    assert [rows[0][4], "日期时间" in rows[1][4], "类别" in rows[2][4]] == ["原因", True, True]
    marked = {c.coordinate: str(c.comment.text) for row in sheet["A2:D3"] for c in row if c.comment}
    assert {k: k in marked for k in ("B2", "C3")} == dict.fromkeys(marked, True)
    assert "可选范围" in marked["C3"]
    assert {c.coordinate for row in sheet["A2:E3"] for c in row if c.fill.fgColor.rgb == "00F8D7DA"} == {
        *marked,
        "E2",
        "E3",
    }
    again = run(panel, report.errors_file, mode="good")
    assert counts(again) == (0, 0, 0, 2), "as it is it can be brought again, and is refused for the same reasons"
    assert again.errors_file is not None
    assert [c.value for c in load_workbook(again.errors_file).worksheets[0][1]] == rows[0]
    sheet["B2"], sheet["C3"] = DAY, "费用"
    corrected = tmp_path / "corrected.xlsx"
    book.save(corrected)
    assert counts(run(panel, corrected, mode="good")) == (2, 0, 0, 0)
    assert sorted(c["card_no"] for c in cards(panel)) == ["A1", "A2", "A3", "A4"]


def test_rows_are_updated_by_a_key_and_only_where_they_differ(panel: Panel, card_file: Cards) -> None:
    run(panel, card_file(f"A1,{DAY},质量,甲", f"A2,{DAY},质量,乙"))
    file = card_file(f"A1,{DAY},质量,甲", f"A2,{DAY},服务,乙", f"A3,{DAY},质量,丙", name="second.csv")
    report = run(panel, file, keys=["card_no"])
    assert counts(report) == (1, 1, 1, 0)
    assert [(c["card_no"], c["kind"], c["version"]) for c in cards(panel)] == [
        ("A1", "质量", 1), ("A2", "服务", 2), ("A3", "质量", 1),
    ]  # fmt: skip


def test_an_update_leaves_columns_alone_that_the_file_does_not_have_and_clears_empty_cells(
    panel: Panel, card_file: Cards
) -> None:
    run(panel, card_file(f"A1,{DAY},质量,甲,3,5", header="受理编号,接到时间,类别,投诉内容,评分,涉及金额"))
    run(panel, card_file("A1,", header="受理编号,涉及金额", name="second.csv"), keys=["card_no"])
    (card,) = cards(panel)
    assert (card["score"], card["amount"], card["content"]) == (3, None, "甲")


def test_several_keys_together_find_a_record(panel: Panel, card_file: Cards) -> None:
    header = "投诉客户,发生日期,接到时间,类别,投诉内容"
    run(panel, card_file(f"甲公司,{DAY},{DAY},质量,甲", f"甲公司,2026-03-06,{DAY},质量,乙", header=header))
    file = card_file(f"甲公司,2026/3/6,{DAY},费用,乙", header=header, name="second.csv")
    assert counts(run(panel, file, keys=["customer", "happened_on"])) == (0, 1, 0, 0)
    assert [c["kind"] for c in cards(panel)] == ["质量", "费用"]


def test_record_numbers_are_a_key_and_a_row_without_one_is_new(panel: Panel, card_file: Cards) -> None:
    run(panel, card_file(f"A1,{DAY},质量,甲"))
    file = card_file(
        f"TS-2026-00001,{DAY},费用,甲,处理中",
        f",{DAY},服务,新,",
        header="编号,接到时间,类别,投诉内容,状态",
        name="second.csv",
    )
    assert counts(run(panel, file, keys=["record_no"])) == (1, 1, 0, 0)
    assert [(c["record_no"], c["kind"]) for c in cards(panel)] == [("TS-2026-00001", "费用"), ("TS-2026-00002", "服务")]


def test_a_key_that_stands_twice_in_the_file_is_refused_on_both_lines(panel: Panel, card_file: Cards) -> None:
    file = card_file(f"A1,{DAY},质量,甲", f"A2,{DAY},质量,乙", f" A1 ,{DAY},质量,丙")
    report = run(panel, file, keys=["card_no"], mode="good")
    assert [e.line for e in report.errors] == [2, 4]
    assert "4" in str(report.errors[0].reason)


def test_a_key_that_fits_two_records_is_refused(panel: Panel, card_file: Cards) -> None:
    header = "身份证号,接到时间,类别,投诉内容"
    run(panel, card_file(f"7,{DAY},质量,甲", f"7,{DAY},质量,乙", header=header))
    report = run(panel, card_file(f"7,{DAY},费用,丙", header=header, name="second.csv"), keys=["id_number"])
    assert (report.state, "2 条" in str(report.errors[0].reason)) == ("failed", True)


def test_a_blank_key_is_refused(panel: Panel, card_file: Cards) -> None:
    report = run(panel, card_file(f",{DAY},费用,丙"), keys=["card_no"])
    assert [(e.line, e.field) for e in report.errors] == [(2, "card_no")]


def test_a_state_cannot_be_changed_by_a_file(panel: Panel, card_file: Cards) -> None:
    header = "受理编号,接到时间,类别,投诉内容,状态"
    report = run(panel, card_file(f"A1,{DAY},质量,甲,已结案", header=header))
    assert (report.state, "已结案" in str(report.errors[0].reason)) == ("failed", True)
    run(panel, card_file(f"A1,{DAY},质量,甲,Open", header=header, name="second.csv"))
    third = run(panel, card_file(f"A1,{DAY},质量,甲,已结案", header=header, name="third.csv"), keys=["card_no"])
    assert [e.field for e in third.errors] == ["state"]


def test_an_ambiguous_name_and_an_unknown_one_are_refused(panel: Panel, card_file: Cards) -> None:
    header = "投诉客户,跟进人,接到时间,类别,投诉内容"
    file = card_file(
        f"乙公司,张三,{DAY},质量,甲", f"KH-0002,王五,{DAY},质量,甲", f"丙,wangwu2,{DAY},质量,甲", header=header
    )
    report = run(panel, file)
    assert [(e.line, e.field) for e in report.errors] == [(2, "customer"), (3, "handler"), (4, "customer")]


@pytest.mark.parametrize(
    ("header", "word"), [("受理编号,接到时间,类别", "投诉内容"), ("受理编号,接到时间,类别,投诉内容,颜色", "颜色")]
)
def test_missing_and_unknown_columns_refuse_the_file(panel: Panel, card_file: Cards, header: str, word: str) -> None:
    report = run(panel, card_file("A1,2026-03-05,质量,甲,红"[: -2 if "颜色" not in header else None], header=header))
    assert report.state == "failed"
    assert any(word in f"{e.label}{e.reason}" for e in report.errors)


def test_a_broken_file_is_refused_whole_even_where_good_rows_would_go_in(panel: Panel, card_file: Cards) -> None:
    report = run(panel, card_file(f"A1,{DAY},质量,甲", f'A2,{DAY},质量,"乙'), mode="good")
    assert (report.state, counts(report), [e.line for e in report.errors]) == ("failed", (0, 0, 0, 0), [3])


def test_the_same_content_again_is_asked_about(panel: Panel, card_file: Cards) -> None:
    header = "接到时间,类别,投诉内容"
    first = run(panel, card_file(f"{DAY},质量,甲", header=header))
    with pytest.raises(AlreadyImported) as question:
        run(panel, card_file(f"{DAY},质量,甲", header=header, name="other.csv"))
    assert (question.value.run_id, question.value.status) == (first.run_id, 409)
    assert run(panel, card_file(f"{DAY},质量,甲", header=header), again=True).created == 1
    assert len(cards(panel)) == 2


def test_what_failed_may_be_brought_again_without_a_question(panel: Panel, card_file: Cards) -> None:
    assert run(panel, card_file("A1,昨天,质量,甲")).state == "failed"
    assert run(panel, card_file("A1,昨天,质量,甲")).state == "failed"


def test_who_may_not_import_gets_nowhere(panel: Panel, card_file: Cards) -> None:
    with pytest.raises(Forbidden):
        importing.run(panel, GUEST, "card", card_file(f"A1,{DAY},质量,甲"), now=NOW)
    assert cards(panel, GUEST) == []


def test_a_field_that_another_role_writes_is_left_alone(panel: Panel, card_file: Cards) -> None:
    run(panel, card_file(f"A1,{DAY},质量,甲,机密", header="受理编号,接到时间,类别,投诉内容,内部意见"))
    assert cards(panel)[0]["secret"] is None


def test_a_run_says_who_brought_what_and_how_it_ended(panel: Panel, card_file: Cards) -> None:
    report = run(panel, card_file(f"A1,{DAY},质量,甲", name="三月投诉.csv"))
    with panel.engine.connect() as connection:
        row = runs.row_of(connection, report.run_id)
    kept = [row[k] for k in ("register", "file_name", "person", "source", "state", "total", "created", "started_at")]
    assert kept == ["card", "三月投诉.csv", 1, "import", "done", 1, 1, NOW]


def test_progress_is_told_after_each_batch(panel: Panel, card_file: Cards, monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches_of(2, monkeypatch)
    told: list[tuple[int, int]] = []
    run(
        panel,
        card_file(*(f"A{n},{DAY},质量,甲" for n in range(5))),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize(("mode", "left"), [("good", 2), ("all", 0)])
def test_a_cancelled_run_keeps_what_its_mode_promises(
    panel: Panel, card_file: Cards, monkeypatch: pytest.MonkeyPatch, mode: Any, left: int
) -> None:
    in_batches_of(2, monkeypatch)

    def stop(done: int, total: int) -> None:
        raise Cancelled

    report = run(panel, card_file(*(f"A{n},{DAY},质量,甲" for n in range(5))), mode=mode, progress=stop)
    assert (report.state, len(cards(panel))) == ("cancelled", left)
    assert importing.carry_on(panel, report.run_id, now=NOW).state == "cancelled"


def test_a_run_stops_between_batches_when_somebody_asks(
    panel: Panel, card_file: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_batches_of(2, monkeypatch)
    run_id = importing.prepare(
        panel, CLERK, "card", card_file(*(f"A{n},{DAY},质量,甲" for n in range(5))), now=NOW, mode="good"
    )

    def ask(done: int, total: int) -> None:
        if done == 2:
            with panel.work(CLERK) as work:
                runs.cancel(work, run_id)

    assert importing.carry_on(panel, run_id, now=NOW, progress=ask).state == "cancelled"
    assert len(cards(panel)) == 2


def test_a_run_that_is_over_is_only_reported(panel: Panel, card_file: Cards) -> None:
    report = run(panel, card_file(f"A1,{DAY},质量,甲"))
    assert importing.carry_on(panel, report.run_id, now=NOW) == report
    assert len(cards(panel)) == 1


def test_errors_past_the_first_bad_batch_are_told_as_well(
    panel: Panel, card_file: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_batches_of(2, monkeypatch)
    rows = [f"A{n},{'昨天' if n in (1, 4) else DAY},质量,甲" for n in range(6)]
    report = run(panel, card_file(*rows))
    assert ([e.line for e in report.errors], report.refused, cards(panel)) == ([3, 6], 2, [])


def test_the_number_of_statements_does_not_grow_with_the_rows_of_a_batch(panel: Panel, card_file: Cards) -> None:
    def statements(*rows: str, name: str) -> int:
        seen: list[str] = []
        file = card_file(*rows, header="受理编号,接到时间,类别,投诉内容,投诉客户,跟进人", name=name)

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)

        event.listen(panel.engine, "before_cursor_execute", note)
        assert run(panel, file).state == "done"
        event.remove(panel.engine, "before_cursor_execute", note)
        return len(seen)

    statements("W0,2026-03-05,质量,甲,甲公司,张三", name="first.csv")  # the first record of all begins the counters
    few = statements(*(f"A{n},{DAY},质量,甲,甲公司,张三" for n in range(10)), name="few.csv")
    many = statements(*(f"B{n},{DAY},质量,甲,甲公司,张三" for n in range(400)), name="many.csv")
    assert many <= few


def test_two_uploads_of_one_content_at_once_are_one_run_and_one_question(panel: Panel, card_file: Cards) -> None:
    file = card_file(f"A1,{DAY},质量,甲")
    importing.prepare(panel, CLERK, "card", file, now=NOW)
    with pytest.raises(AlreadyImported):
        importing.prepare(panel, CLERK, "card", file, now=NOW)
    with panel.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(import_run)).scalar() == 1

"""Headers find their fields however people write them; what finds none is said, never dropped."""

from __future__ import annotations

import pytest

from app.exchange.columns import Matching, known_names, match
from app.exchange.naming import folded
from app.fields.base import Field
from tests.exchange.sample import catalog

CARD = catalog().registers["card"]
TYPED = [f for f in CARD.fields if f.typed and not f.edited_by]


def matched(*headers: str, writable: list[Field] = TYPED, **mapping: list[str | None]) -> Matching:
    return match(CARD, headers, seen=CARD.fields, writable=writable, **mapping)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("接到时间", "received_at"),
        ("Received", "received_at"),
        ("RECEIVED_AT", "received_at"),
        ("  接到 时间＊", "received_at"),
        ("ｒｅｃｅｉｖｅｄ", "received_at"),
        ("涉及金额（元）", "amount"),
        ("身份证号(必填)", "id_number"),
        ("ticket", "card_no"),
        ("编号", "record_no"),
        ("No.", "record_no"),
        ("状态", "state"),
        ("备注", "remark"),
    ],
)
def test_a_header_finds_its_field_by_label_code_or_synonym(header: str, code: str) -> None:
    found = matched(header)
    assert (found.codes, found.errors) == ((code,), ())


def test_an_unknown_column_is_an_error_that_names_it() -> None:
    (error,) = matched("类别", "颜色").errors
    assert (error.text, "颜色" in str(error.reason)) == ("颜色", True)


def test_a_column_without_a_header_is_called_by_its_place() -> None:
    (error,) = matched("类别", "", "投诉内容").errors
    assert error.text == "第 2 列"


def test_two_columns_for_one_field_are_an_error_that_names_both() -> None:
    (error,) = matched("受理编号", "类别", "单号").errors
    assert error.field == "card_no"
    assert "受理编号" in str(error.reason)
    assert "单号" in str(error.reason)


def test_a_person_may_choose_otherwise_column_by_column() -> None:
    found = matched("颜色", "单号", "类别", mapping=["kind", None, ""])
    assert [f and f.code for f in found.columns] == ["kind", "card_no", None]
    assert [header for header, _ in found.left_out] == ["类别"]


def test_required_fields_without_a_column_are_listed() -> None:
    assert [f.code for f in matched("类别").missing] == ["received_at", "content"]


def test_what_the_panel_writes_and_what_this_person_may_not_is_left_out_with_a_sentence() -> None:
    found = matched("结案人", "结案人时间", "内部意见", "原件", "登记人", "原因")
    assert found.codes == ()
    assert [header for header, _ in found.left_out] == ["结案人", "结案人时间", "内部意见", "原件", "登记人", "原因"]
    assert "无权" in str(dict(found.left_out)["内部意见"])


def test_a_register_s_own_field_wins_over_the_one_that_every_register_has() -> None:
    own = CARD.model_copy(
        update={
            "fields": (
                *CARD.fields,
                CARD.fields[0].model_copy(update={"code": "note", "label": CARD.column("remark").label}),
            )
        }
    )
    found = match(own, ["备注"], seen=own.fields, writable=own.fields)
    assert found.codes == ("note",)


def test_the_names_that_help_to_find_the_header_row_are_folded() -> None:
    assert {folded("接到时间"), folded("Ticket"), "kind"} <= known_names(CARD.fields)

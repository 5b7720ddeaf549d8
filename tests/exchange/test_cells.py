"""A guarded cell is safe in a spreadsheet and comes back as what it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.exchange.cells import guarded, unguarded


@pytest.mark.parametrize("text", ["=1+1", "+86 138", "-5", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''-"])
def test_what_could_be_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["420106199001011234", "007", "3-5", "1/2", "1e5", "9:30", "1.50"])
def test_what_a_spreadsheet_would_turn_into_a_number_or_day_ends_with_a_tab(text: str) -> None:
    assert guarded(text) == text + "\t"


@pytest.mark.parametrize("text", ["", "张三", "12", "13800138000", "TS-2026-00001", "'abc", "A=1", "京A12345"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


@settings(deadline=None)
@given(st.text(max_size=12) | st.text("'=+-@\t\r\n0123456789e./:", max_size=20))
def test_every_text_comes_back_identically(text: str) -> None:
    assert unguarded(guarded(text)) == text or text.endswith("\t")

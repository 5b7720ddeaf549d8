from __future__ import annotations

from datetime import date
from pathlib import Path

import holidays
import pytest
from pydantic import ValidationError

from app.rules.yearbook import Holiday, Yearbook, read_yearbook

BOOK = Yearbook.model_validate(read_yearbook())


@pytest.mark.parametrize(
    ("year", "off", "worked"), [(2023, 27, 7), (2024, 28, 8), (2025, 28, 5), (2026, 33, 6)], ids=str
)
def test_a_year_has_as_many_days_off_and_make_up_days_as_its_notice(year: int, off: int, worked: int) -> None:
    found = next(y for y in BOOK.years if y.year == year)
    assert sum(len(h.rest) for h in found.holidays) == off
    assert sum(len(h.work) for h in found.holidays) == worked


def test_a_year_without_a_notice_is_provisional_and_has_no_make_up_days() -> None:
    assert [y.year for y in BOOK.years if not y.announced] == [2027]
    assert [h.work for h in BOOK.years[-1].holidays] == [()] * 7


def test_every_year_names_its_notice() -> None:
    assert all(str(y.year) in y.notice for y in BOOK.years if y.announced)
    assert all(y.notice for y in BOOK.years)


def test_every_day_that_the_statute_names_bears_the_name_of_a_holiday() -> None:
    ours = {d: h.label.zh for y in BOOK.years for h in y.holidays for d in h.rest}
    theirs = holidays.country_holidays("CN", years=range(2023, 2028), language="zh_CN", observed=False)
    short = {d: name.removeprefix("农历").replace("除夕", "春节") for d, name in theirs.items() if "调休" not in name}
    assert {d: name for d, name in short.items() if name.split("；")[0] not in ours.get(d, "")} == {}


def test_make_up_work_on_a_weekday_is_refused() -> None:
    with pytest.raises(ValidationError, match="2026-01-05"):
        Holiday.model_validate({"label": "元旦", "from": date(2026, 1, 1), "work": [date(2026, 1, 5)]})


def test_a_holiday_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="before it begins"):
        Holiday.model_validate({"label": "元旦", "from": date(2026, 1, 2), "to": date(2026, 1, 1)})


@pytest.mark.parametrize(
    ("years", "complaint"),
    [([(2025, True), (2027, True)], "follow one another"), ([(2025, False), (2026, True)], "cannot follow")],
)
def test_years_that_are_out_of_order_are_refused(years: list[tuple[int, bool]], complaint: str) -> None:
    written = [{"year": y, "announced": known, "holidays": []} for y, known in years]
    with pytest.raises(ValidationError, match=complaint):
        Yearbook.model_validate({"calendar": "cn", "label": "中国大陆", "years": written})


def test_another_calendar_file_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("calendar: site\nlabel: 本店\nyears: [{year: 2025, announced: true, holidays: []}]\n", "utf-8")
    assert Yearbook.model_validate(read_yearbook(path)).calendar == "site"

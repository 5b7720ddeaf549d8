"""Lines that the database writes are, byte for byte, those that Python writes of the same values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from app.exchange import csv_lines, exporting
from app.exchange.csv_cells import settled
from app.models.fixed import person
from app.services import listing, records, scope
from app.services.listing import Filter
from app.services.panel import Actor, Panel
from tests.exchange.sample import CLERK, NOW
from tests.exchange.test_exporting import CARD, FULL, PLAIN, enter, exported
from tests.site import Site
from tests.site import at as site_at

STARTS = (
    "'",
    "''",
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
    "A",
    "Z",
    "[",
    "`",
    "a",
    "z",
    "{",
    "~",
    "㐀",
    "中",
    "鿿",
    "ꀀ",
    "𠮷",
    "é",
    " ",
)
MISREAD = (
    "0", "00", "007", "0.5", "12", "12345678901", "123456789012", "1-2", "1.2", "1.20", "1.0", "3/5", "2026-03-05", "1-2-3-4",
    "1e5", "1E+5", "1.5e-3", "1e", "e5", "9:30", "09:30:15", "123:45", "9:3", "٠١", "٣/٤", "１２３", "१२३४५६७८९०१२", "1２", "²", "12a",
    "5、", "1,5", "1.", ".5", "10.",
)  # fmt: skip
ENDS = ("", "x", ",", '"', "\n", "\r", ' "a", b', "%s%%(x)s", ":b", "{0}", "\\", "\x1f", "\x7f")
TEXTS = (*(f"{a}{b}" for a in STARTS for b in ENDS), *MISREAD, *(f"'{m}" for m in MISREAD))


def by_python(panel: Panel, monkeypatch: pytest.MonkeyPatch, actor: Actor = CLERK, **options: Any) -> bytes:
    with monkeypatch.context() as patch:
        patch.setattr(csv_lines, "stream", lambda *given, **named: None)
        return exported(panel, actor, **options)


def written(panel: Panel, **options: Any) -> bool:
    """Whether the database writes the lines of such an export."""
    with panel.reading(CLERK, now=NOW) as work:
        spec = work.spec("card")
        fields = exporting.chosen(work, spec, exporting.Wanted(**options))
        return csv_lines.stream(work, spec, fields, "zh", "") is not None


def test_texts_that_a_spreadsheet_would_spoil(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 3, 5, tzinfo=UTC)
    table = panel.models.tables["card"]
    same = {"created_at": at, "updated_at": at, "version": 1, "received_at": at, "state": "open"}
    rows = [
        {"id": n, "record_no": f"{n}", "kind": t, "content": t, "id_number": t, "remark": t[::-1]}
        for n, t in enumerate(TEXTS, 1)
    ]
    with panel.engine.begin() as connection:
        connection.execute(insert(table), [r | same for r in rows])
    assert written(panel)
    for order in ("id", "-content"):
        assert exported(panel, order=order).split(b"\r\n") == by_python(panel, monkeypatch, order=order).split(b"\r\n")


def test_values_of_every_kind_with_all_they_point_to(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["=甲", '乙"丙', "丁,戊", "007", ""]
    with panel.work(Actor.system(), now=NOW) as work:
        work.connection.execute(update(person).where(person.c.id == 4).values(first_name='五",', last_name="=王"))
        customers = records.create_many(work, "customer", [{"name": n} for n in names if n])
    moments = [
        datetime(y, m, 1, 15, 59, s, tzinfo=UTC)
        for y in (1900, 1949, 1988, 1991, 2026, 2099)
        for m in (1, 7)
        for s in (0, 7)
    ]
    amounts = [Decimal(a) for a in ("0", "0.01", "0.10", "12345678901.99")]
    cards = [
        FULL | {
            "card_no": f"k{n}", "received_at": at, "customer": (*customers, 2, None)[n % 6], "amount": amounts[n % 4],
            "helpers": [(4,), (1, 2, 3), None][n % 3], "happened_on": date(1900 + n, 1 + n % 12, 1), "score": n % 19 - 9,
            "urgent": [True, False, None][n % 3], "tags": [("首保",), ("返修", "媒体"), None][n % 3],
        }
        for n, at in enumerate(moments)
    ]  # fmt: skip
    enter(panel, *cards, PLAIN)
    for options in (
        {},
        {"language": "en"},
        {"encoding": "gb18030"},
        {"filters": [Filter("kind", "in", ["质量"])], "search": "逗号"},
    ):
        assert exported(panel, **options) == by_python(panel, monkeypatch, **options)
    assert exported(panel).count(b"\r\n") == len(cards) + 2


def test_many_records_of_which_some_come_in_later_batches(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(
        panel,
        *(
            PLAIN | {"customer": n % 3 + 1, "handler": n % 4 + 1, "helpers": (n % 4 + 1,) if n % 5 else None}
            for n in range(25)
        ),
    )
    expected = by_python(panel, monkeypatch)
    monkeypatch.setattr(csv_lines, "BATCH", {"sqlite": 4, "postgresql": 4})
    assert exported(panel) == expected
    monkeypatch.setattr(csv_lines, "FEW", 2)  # nothing is named as a whole
    assert exported(panel) == expected


def test_one_column_and_names_that_are_other_codes_are_left_to_python(panel: Panel) -> None:
    assert not written(panel, columns=["content"])
    spec = panel.catalog.registers["card"]
    tags = next(f for f in spec.fields if f.code == "tags")
    swapped = tags.model_copy(
        update={
            "choices": tuple(
                o.model_copy(update={"zh": p.code}) for o, p in zip(tags.choices, tags.choices[1:], strict=False)
            )
        }
    )  # type: ignore[attr-defined]
    with panel.reading(CLERK, now=NOW) as work:
        assert csv_lines.stream(work, spec, [spec.fields[0], swapped], "zh", "") is None
        assert csv_lines.stream(work, spec, [spec.fields[0], tags], "zh", "") is not None


def test_the_clocks_of_the_zone_are_known_from_the_last_time_they_were_changed() -> None:
    since, offset = settled(ZoneInfo("Asia/Shanghai"))
    assert (since.year, offset) == (1991, 8 * 3600)
    assert settled(ZoneInfo("Europe/Berlin"))[0].year >= 2099


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(new=st.lists(CARD, min_size=1, max_size=12))
def test_hostile_values(panel: Panel, monkeypatch: pytest.MonkeyPatch, new: list[dict[str, Any]]) -> None:
    with panel.work(Actor.system(), now=datetime(2026, 3, 5, tzinfo=UTC)) as work:
        ids = records.create_many(work, "card", new)
    which = [Filter("id", "in", ids)]
    assert exported(panel, filters=which) == by_python(panel, monkeypatch, filters=which)


def test_every_persons_rows_and_columns_of_every_register(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "stream_ids", lambda *given, **named: iter([list(range(1, 40))]))
    told: dict[bool, int] = {True: 0, False: 0}
    for name in site.ids:
        with site.panel.reading(site.actor(name), now=site_at("2025-03-03 10:00")) as work:
            for register in work.catalog.registers:
                if register not in work.tables or not scope.may(work, register, "export"):
                    continue
                ours = b"".join(exporting.parts(work, register, exporting.Wanted()))
                with monkeypatch.context() as patch:
                    patch.setattr(csv_lines, "stream", lambda *given, **named: None)
                    assert ours == b"".join(exporting.parts(work, register, exporting.Wanted())), (name, register)
                told[ours.count(b"\r\n") > 1] += 1
    assert told[True] >= 5
    assert told[False] >= 20

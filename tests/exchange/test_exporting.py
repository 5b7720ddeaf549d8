"""An export opens safely in a spreadsheet and imports to the very same values."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update

from app.errors import Forbidden, Refused
from app.exchange import exporting, importing
from app.exchange.exporting import Wanted
from app.models.fixed import person, record_version
from app.services import records
from app.services.listing import Filter, select_rows
from app.services.panel import Actor, Panel
from tests.exchange.sample import CLERK, GUEST, NOW

MOMENT = datetime(2026, 3, 5, 1, 30, 7, tzinfo=UTC)
FULL = {
    "card_no": "007", "received_at": MOMENT, "customer": 1, "handler": 3, "helpers": (2, 4), "kind": "质量",
    "tags": ("首保", "安全"), "content": '=1+1\n"引号",逗号\n𠮷㐂😀', "id_number": "420106199001011234",
    "amount": Decimal("0.10"), "score": -5, "rate": Decimal("88.50"), "urgent": False, "happened_on": date(2026, 3, 5),
    "remark": "+86 138",
}  # fmt: skip
PLAIN = {"received_at": MOMENT, "kind": "服务", "content": "-"}


def enter(panel: Panel, *cards: dict[str, Any]) -> list[int]:
    with panel.work(CLERK, now=NOW) as work:
        return records.create_many(work, "card", cards)


def exported(panel: Panel, actor: Actor = CLERK, **options: Any) -> bytes:
    out = io.BytesIO()
    with panel.reading(actor, now=NOW) as work:
        exporting.export(work, "card", out, **options)
    return out.getvalue()


def table(content: bytes, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline="")))


def cards(panel: Panel) -> list[dict[str, Any]]:
    with panel.reading(Actor.system(), now=NOW) as work:
        return select_rows(work, "card", order="id")


def test_an_export_reads_as_people_write(panel: Panel) -> None:
    enter(panel, FULL)
    (row,) = table(exported(panel))
    assert list(row)[:3] == ["编号", "状态", "归属部门"]
    expected = {
        "编号": "TS-2026-00001", "状态": "处理中", "受理编号": "007\t", "接到时间": "2026-03-05 09:30:07", "投诉客户": "甲公司",
        "跟进人": "wangwu", "协办人": "李四;wangwu2", "标签": "首保;安全", "投诉内容": '\'=1+1\n"引号",逗号\n𠮷㐂😀',
        "身份证号": "420106199001011234\t", "涉及金额": "0.10", "评分": "-5", "满意率": "88.50", "是否紧急": "否",
        "发生日期": "2026-03-05", "备注": "'+86 138", "结案人": "", "结案人时间": "",
    }  # fmt: skip
    assert {k: row[k] for k in expected} == expected


def test_no_cell_of_text_begins_a_formula(panel: Panel) -> None:
    enter(panel, *(PLAIN | {"content": f"{c}1", "id_number": f"{c}1"} for c in "=+-@"))
    cells = [row[c] for row in table(exported(panel)) for c in ("投诉内容", "身份证号")]
    assert len(cells) == 8
    assert {c[0] for c in cells} == {"'"}


def test_gb18030_keeps_every_character(panel: Panel) -> None:
    enter(panel, FULL)
    (row,) = table(exported(panel, encoding="gb18030"), "gb18030")
    assert "𠮷㐂😀" in row["投诉内容"]


def test_headers_and_states_come_in_english_and_import_all_the_same(panel: Panel, tmp_path: Path) -> None:
    enter(panel, FULL)
    content = exported(panel, language="en")
    assert table(content)[0]["State"] == "Open"
    assert round_trip(panel, content, tmp_path) == (0, 0, 1, 0)


def test_columns_rows_and_order_are_as_asked(panel: Panel) -> None:
    enter(panel, FULL, PLAIN)
    chosen = exported(panel, columns=["kind", "record_no"], filters=[Filter("kind", "in", ["服务"])])
    assert chosen.decode("utf-8-sig") == "类别,编号\r\n服务,TS-2026-00002\r\n"
    ordered = table(exported(panel, columns=["record_no"], order="id"))
    assert [r["编号"] for r in ordered] == ["TS-2026-00001", "TS-2026-00002"]


def test_an_unknown_column_is_refused_before_anything_is_sent(panel: Panel) -> None:
    with panel.reading(CLERK, now=NOW) as work, pytest.raises(Refused):
        exporting.parts(work, "card", Wanted(columns=["colour"]))


def test_who_may_not_export_gets_nothing(panel: Panel) -> None:
    with panel.reading(GUEST, now=NOW) as work, pytest.raises(Forbidden):
        exporting.parts(work, "card", Wanted())


def round_trip(panel: Panel, content: bytes, folder: Path) -> tuple[int, int, int, int]:
    path = folder / "back.csv"
    path.write_bytes(content)
    report = importing.run(panel, CLERK, "card", path, now=NOW, keys=["record_no"], again=True)
    assert report.errors == ()
    return report.created, report.updated, report.unchanged, report.refused


def test_an_export_imports_without_changing_a_cell(panel: Panel, tmp_path: Path) -> None:
    (closed, *_) = enter(panel, FULL, PLAIN, PLAIN | {"card_no": "'=a", "id_number": "''x"})
    with panel.work(CLERK, now=NOW) as work:
        records.move(work, "card", closed, "close", {"closed_on": date(2026, 3, 6)})
    before = cards(panel)
    for encoding in ("utf-8-sig", "gb18030"):
        assert round_trip(panel, exported(panel, encoding=encoding), tmp_path) == (0, 0, 3, 0)
    assert cards(panel) == before


def test_an_export_imports_to_equal_records_where_there_are_none(panel: Panel, tmp_path: Path) -> None:
    enter(panel, FULL, PLAIN)
    before = cards(panel)
    content = exported(panel)
    with panel.work(Actor.system(), now=NOW) as work:
        work.connection.execute(record_version.delete())
        for table_ in (panel.models.links["card", "helpers"], panel.models.tables["card"]):
            work.connection.execute(table_.delete())
    assert round_trip(panel, content, tmp_path) == (2, 0, 0, 0)
    apart = ("id", "unit", "version", "created_by", "updated_by")
    values = [[{k: v for k, v in card.items() if k not in apart} for card in every] for every in (before, cards(panel))]
    assert sorted(values[0], key=lambda c: c["record_no"]) == sorted(values[1], key=lambda c: c["record_no"])


def test_names_that_fit_two_rows_are_exported_as_numbers(panel: Panel, tmp_path: Path) -> None:
    enter(panel, PLAIN | {"customer": 2})
    content = exported(panel)
    assert table(content)[0]["投诉客户"] == "KH-0002"
    assert round_trip(panel, content, tmp_path) == (0, 0, 1, 0)


def test_somebody_who_has_left_stays_named_in_records_that_are_exported_and_imported(
    panel: Panel, tmp_path: Path
) -> None:
    enter(panel, PLAIN | {"handler": 2, "helpers": (1, 2)})
    with panel.engine.begin() as connection:
        connection.execute(update(person).where(person.c.id == 2).values(active=False))
    content = exported(panel)
    assert table(content)[0]["跟进人"] == "李四"
    assert round_trip(panel, content, tmp_path) == (0, 0, 1, 0)


def test_fields_of_one_label_are_exported_under_their_codes(panel: Panel) -> None:
    fields = panel.catalog.registers["card"].fields
    alike = tuple(f.model_copy(update={"label": fields[0].label}) for f in fields[:2])
    assert exporting.named(alike, alike) == ["card_no", "received_at"]


def test_an_export_streams_its_headers_first_and_asks_once_for_each_batch(panel: Panel) -> None:
    enter(panel, *(PLAIN | {"customer": n % 3 + 1, "handler": n % 4 + 1} for n in range(300)))
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    with panel.reading(CLERK, now=NOW) as work:
        parts = exporting.parts(work, "card", Wanted())
        headers = next(parts)
        event.listen(panel.engine, "before_cursor_execute", note)
        rest = list(parts)
        event.remove(panel.engine, "before_cursor_execute", note)
    assert headers.startswith("\ufeff编号,状态".encode())
    assert len(b"".join(rest).splitlines()) == 300
    assert len(seen) < 25


HOSTILE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30) | st.text(
    "'=+-@\t\r\n\"',;0123456789e./: 𠮷", max_size=20
)
CARD = st.fixed_dictionaries(
    {
        "received_at": st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
        "kind": st.sampled_from(["质量", "服务", "费用"]),
        "content": HOSTILE.map(str.strip).filter(bool),
    },
    optional={
        "id_number": HOSTILE.map(lambda t: t[:40] or None),
        "remark": HOSTILE.map(lambda t: t or None),
        "tags": st.sets(st.sampled_from(["首保", "返修", "安全", "媒体"]), min_size=1).map(
            lambda chosen: tuple(t for t in ("首保", "返修", "安全", "媒体") if t in chosen)
        ),
        "helpers": st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, unique=True).map(tuple),
        "customer": st.sampled_from([1, 2, 3]),
        "amount": st.decimals(0, 10**9, places=2),
        "score": st.integers(-9, 9),
        "urgent": st.booleans(),
        "happened_on": st.dates(date(1900, 1, 1), date(2090, 1, 1)),
    },
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(new=st.lists(CARD, min_size=1, max_size=8))
def test_hostile_values_survive_the_round_trip(panel: Panel, tmp_path: Path, new: list[dict[str, Any]]) -> None:
    with panel.work(Actor.system(), now=datetime(2026, 3, 5, tzinfo=UTC)) as work:
        ids = records.create_many(work, "card", new)
    before = [c for c in cards(panel) if c["id"] in ids]
    content = exported(panel, filters=[Filter("id", "in", ids)])
    assert round_trip(panel, content, tmp_path) == (0, 0, len(new), 0)
    assert [c for c in cards(panel) if c["id"] in ids] == before

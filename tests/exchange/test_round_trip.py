"""Every shipped register goes out as CSV in each encoding and as a workbook that another program saved again, and comes back with 0 cells changed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert

from app.catalog.loader import load
from app.catalog.register import RegisterSpec
from app.exchange import exporting, importing
from app.fields.base import Field
from app.fields.links import File, Link, Person, Signature
from app.fields.links import Role as RoleField
from app.fields.numbers import Integer, Scaled, YesNo
from app.fields.texts import Choice, LongText, SeveralChoices, Text
from app.fields.times import Date, Moment
from app.models.ddl import add_missing
from app.models.engine import open_engine
from app.models.fixed import fixed, person
from app.models.registers import build_models
from app.rules.calendar import calendar_from
from app.rules.yearbook import read_yearbook
from app.services.panel import Actor, Panel
from tests.exchange.sample import NOW
from tests.servers import Databases
from tests.site import everything

ZONE = ZoneInfo("Asia/Shanghai")
TEXTS = (
    "=1+1", "+86 138", "-5", "@SUM(A1)", "'=引用", '"引号" 和 ""两个""', "逗号,分号;竖线|制表", "420106199001011234", "0070", "1e5", "3-5",
    "12:30", "1.50", "😀👨‍👩‍👧", "𠮷野家㐂", "_x0041_", "TRUE", "null", "NaN", "原因", "全角１２３", "#N/A",
)  # fmt: skip
PEOPLE = (("zhangsan", "三", "张"), ("wangwu", "五", "王"), ("wangwu2", "五", "王"))
ROWS = 3
"""Records of each register: two full of hostile values, one with nothing that may be missing."""


@pytest.fixture(scope="module")
def panel(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """All shipped registers with records that no form would let in so easily."""
    catalog, _ = load(everything())
    assert catalog is not None
    models = build_models(catalog)
    engine = open_engine(fresh_database("sqlite"))
    calendar = calendar_from(read_yearbook(), ZONE)
    opened = Panel(catalog, models, engine, calendar, ZONE, tmp_path_factory.mktemp("files"))
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        fixed.create_all(connection)
        add_missing(connection, catalog)
        for n, (username, first, last) in enumerate(PEOPLE, 1):
            row = {"id": n, "username": username, "first_name": first, "last_name": last, "active": True}
            connection.execute(insert(person).values(**row, email=f"{username}@example.com"))
        for place, spec in enumerate(catalog.tables()):
            table = models.tables[spec.code]
            connection.execute(insert(table), [record(spec, n, place) for n in range(1, ROWS + 1)])
            for f in (f for f in spec.fields if f.many and not isinstance(f, File)):
                pointing = [{"record_id": 1, "target": n, "place": n} for n in (1, 2)]
                connection.execute(insert(models.links[spec.code, f.code]), pointing)
    yield opened
    engine.dispose()


def record(spec: RegisterSpec, n: int, place: int) -> dict[str, Any]:
    """Return the ``n``-th record of a register as its table holds it."""
    row: dict[str, Any] = {
        "id": n, "record_no": f"{spec.code[:30]}-{n}", "unit": 1 if n < ROWS else None, "created_at": NOW, "updated_at": NOW, "version": 1,
        "state": spec.workflow.initial if spec.workflow else None, "state_at": NOW, "remark": TEXTS[place % len(TEXTS)] if n < ROWS else None,
    }  # fmt: skip
    together = {code for key in spec.unique_together for code in key}
    for at, f in enumerate(spec.fields):
        if f.many:
            continue
        alone = f.unique or f.code in together
        full = n < ROWS or (f.required and f.typed) or alone
        row[f.code] = value(f, n if alone else at + place + n, n, alone) if full else None
        if isinstance(f, Signature):
            row[f"{f.code}_at"] = NOW if full else None
    return row


def value(f: Field, seed: int, n: int, alone: bool) -> Any:  # one answer for each kind of field
    """Return a value of a field that spreadsheets would like to spoil."""
    text = TEXTS[seed % len(TEXTS)]
    match f:
        case Signature() | Person():
            return n if alone else 1 + seed % 3
        case File():
            return None
        case Link():
            return n if alone else 1 + seed % 2
        case Choice():
            return f.choices[seed % len(f.choices)].code
        case SeveralChoices():
            return tuple(o.code for o in f.choices[:2])
        case LongText():
            return f"{text}\n第二行，{TEXTS[(seed + 7) % len(TEXTS)]}\n\n{n}"
        case Text():
            return f"{n}{text}"[: f.max_length] if alone else text[: f.max_length]
        case Integer() if alone:
            return n
        case Integer():
            return int(f.max if f.max is not None else f.min if f.min is not None else -(10**14) - n)
        case Scaled():
            return Decimal(f.max if f.max is not None else "123456789012.30" if f.places >= 2 else 7).quantize(
                Decimal(1).scaleb(-f.places)
            )
        case YesNo():
            return seed % 2 == 0
        case Date():
            return date(2026, 3, n) if alone else date(1900, 1, 1) if seed % 2 else date(2026, 2, 28)
        case Moment():
            return datetime(2026, 3, 5, 16, 0, seed % 60, tzinfo=UTC)
        case RoleField():
            return None
    return text[:40]  # a number that the panel gives


def exported(panel: Panel, code: str, **options: Any) -> bytes:
    out = io.BytesIO()
    with panel.reading(Actor.system(), now=NOW) as work:
        exporting.export(work, code, out, **options)
    return out.getvalue()


def saved_again(content: bytes) -> bytes:
    """Return a workbook as openpyxl reads and writes it."""
    book, out = load_workbook(io.BytesIO(content)), io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("form", ["utf-8-sig", "gb18030", "xlsx"])
def test_no_cell_of_any_register_changes_on_its_way_out_and_back(panel: Panel, form: str) -> None:
    wrong: dict[str, Any] = {}
    unseen = set(TEXTS)
    for spec in panel.catalog.tables():
        options = {"form": "xlsx"} if form == "xlsx" else {"encoding": form}
        content = exported(panel, spec.code, **options)
        content = saved_again(content) if form == "xlsx" else content
        if form != "xlsx":
            plain = content.decode(form).replace('""', '"')
            unseen = {t for t in unseen if t not in plain}
        with panel.reading(Actor.system(), now=NOW) as work:
            seen = importing.dry_run(work, spec.code, io.BytesIO(content), keys=["record_no"])
        found = (seen.new, seen.changed, seen.unchanged, seen.refused)
        if found != (0, 0, ROWS, 0):
            told = [str(e.reason) for e in (*seen.file_errors, *seen.errors)]
            cells = [(c.before, c.text) for r in seen.rows for c in r.cells if c.status == "changed"]
            wrong[spec.code] = (found, told[:3], cells[:3])
    assert wrong == {}
    assert form == "xlsx" or unseen == set(), "every hostile value was on its way"

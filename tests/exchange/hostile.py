"""Records of every shipped register full of values that no form would let in so easily and that spreadsheets like to spoil."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from app.catalog.loader import load
from app.catalog.register import RegisterSpec
from app.exchange import exporting
from app.exchange.plan import make_plan
from app.exchange.runs import Options
from app.exchange.sorting import Sorted
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
from tests.site import everything

ZONE = ZoneInfo("Asia/Shanghai")
TEXTS = (
    "=1+1", "+86 138", "-5", "@SUM(A1)", "'=引用", '"引号" 和 ""两个""', "逗号,分号;竖线|制表", "420106199001011234", "0070", "1e5", "3-5",
    "12:30", "1.50", "😀👨‍👩‍👧", "𠮷野家㐂", "_x0041_", "TRUE", "null", "NaN", "原因", "全角１２３", "#N/A", "12.50%", "¥1,234.50", "2026年3月5日",
    "1/2", "'", "=HYPERLINK(\"http://x\",\"点\")", "<b>&amp;</b>", "  两头有空  ", "Inf", "1,234", "-0", "{=1}", "\\n", "%", "$A$1",
)  # fmt: skip
DAYS = (
    date(1900, 1, 1), date(2026, 2, 28), date(1900, 2, 28), date(1900, 3, 1), date(2024, 2, 29), date(9999, 12, 31), date(1899, 12, 30),
    date(1904, 1, 1), date(1582, 10, 15), date(1969, 12, 31),
)  # fmt: skip
CLOCKS = ((16, 0, 0), (15, 59, 59), (0, 0, 1), (4, 30, 0), (15, 59, 0))
"""Hours, minutes and seconds in UTC; the first is where a day begins in Shanghai."""
AMOUNTS = ("123456789012.30", "0", "0.01", "0.1", "99999999999999.9", "999999999999999.99")
LONG = "\n".join("长" * 15_000 for _ in range(2))
"""More than the field takes. LibreOffice breaks a line of more than 16,367 characters among several in two."""
_POINTING_AHEAD = {
    "sqlite": "PRAGMA defer_foreign_keys=ON",
    "postgresql": "SET LOCAL session_replication_role = replica",
}
"""Lets records point to those that are entered after them."""
ROWS = 3
"""Records of each register: some full of hostile values, the last with nothing that may be missing."""


def open_panel(url: str, folder: Path, rows: int = ROWS) -> Panel:
    """Return a panel of all shipped registers over an empty database, each register with ``rows`` records."""
    catalog, _ = load(everything())
    assert catalog is not None
    models = build_models(catalog)
    engine = open_engine(url)
    opened = Panel(catalog, models, engine, calendar_from(read_yearbook(), ZONE), ZONE, folder)
    with engine.begin() as connection:
        connection.exec_driver_sql(_POINTING_AHEAD[engine.dialect.name])
        fixed.create_all(connection)
        add_missing(connection, catalog)
        for n in range(1, rows + 1):  # all but one have the same name
            first, last = ("三", "张") if n == 1 else ("五", "王")
            row = {"id": n, "username": f"name{n}", "first_name": first, "last_name": last, "active": True}
            connection.execute(insert(person).values(**row, email=f"name{n}@example.com"))
        for place, spec in enumerate(catalog.tables()):
            table = models.tables[spec.code]
            connection.execute(insert(table), [record(spec, n, place, rows) for n in range(1, rows + 1)])
            for f in (f for f in spec.fields if f.many and not isinstance(f, File)):
                pointing = [{"record_id": 1, "target": n, "place": n} for n in (1, 2)]
                connection.execute(insert(models.links[spec.code, f.code]), pointing)
    return opened


def record(spec: RegisterSpec, n: int, place: int, rows: int = ROWS) -> dict[str, Any]:
    """Return the ``n``-th record of a register as its table holds it."""
    row: dict[str, Any] = {
        "id": n, "record_no": f"{spec.code[:30]}-{n}", "unit": 1 if n < rows else None, "created_at": NOW, "updated_at": NOW, "version": 1,
        "state": spec.workflow.initial if spec.workflow else None, "state_at": NOW, "remark": TEXTS[(place + n) % len(TEXTS)] if n < rows else None,
    }  # fmt: skip
    together = {code for key in spec.unique_together for code in key}
    for at, f in enumerate(spec.fields):
        if f.many:
            continue
        alone = f.unique or f.code in together
        full = n < rows or (f.required and f.typed) or alone
        row[f.code] = value(f, n if alone else at + place + n, n, alone) if full else None
        if isinstance(f, Signature):
            row[f"{f.code}_at"] = NOW if full else None
    return row


def value(f: Field, seed: int, n: int, alone: bool) -> Any:  # one answer for each kind of field
    """Return a value of a field that spreadsheets would like to spoil."""
    text = TEXTS[seed % len(TEXTS)]
    match f:
        case Signature() | Person():
            return n if alone else 1 + seed % ROWS
        case File():
            return None
        case Link():
            return n if alone else 1 + seed % 2
        case Choice():
            return f.choices[seed % len(f.choices)].code
        case SeveralChoices():
            return tuple(o.code for o in f.choices[:2])
        case LongText():
            whole = f"{text}\n第二行，{TEXTS[(seed + 7) % len(TEXTS)]}\n\n{n}"
            return f.parse((f"{whole}\n{LONG}" if seed % 23 == 0 else whole)[: f.max_length])
        case Text():
            return f.parse((f"{n}{text}" if alone else text)[: f.max_length])
        case Integer() if alone:
            return n
        case Integer():
            return int(f.max if f.max is not None else f.min if f.min is not None else -(10**14) - n)
        case Scaled():
            given = Decimal(AMOUNTS[seed % len(AMOUNTS)] if f.places >= 2 else 7)
            return max(f.min or Decimal(0), given if f.max is None else min(given, f.max)).quantize(
                Decimal(1).scaleb(-f.places)
            )
        case YesNo():
            return seed % 2 == 0
        case Date():
            return date(2026, 3, n) if alone else DAYS[seed % len(DAYS)]
        case Moment():
            return datetime(2026, 3, 5, *CLOCKS[seed % len(CLOCKS)], tzinfo=UTC)
        case RoleField():
            return None
    return text[:40]  # a number that the panel gives


def exported(panel: Panel, code: str, **options: Any) -> bytes:
    """Return a register as a file."""
    out = io.BytesIO()
    with panel.reading(Actor.system(), now=NOW) as work:
        exporting.export(work, code, out, **options)
    return out.getvalue()


def changed(panel: Panel, code: str, file: Path | io.BytesIO, rows: int = ROWS) -> list[str]:
    """Return what an import of a register's file by its numbers would change or could not read; nothing where all is as it was."""
    with panel.reading(Actor.system(), now=NOW) as work:
        plan = make_plan(work, code, file, Options(keys=("record_no",)))
        found = plan.sort(work, list(plan.sheet.rows()), 1) if not plan.errors else Sorted()
    told = [f"{e.line} {e.field} {e.text[:60]!r}: {e.reason}" for e in plan.errors]
    told += [f"{e.line} {e.field} {e.text[:60]!r}: {e.reason}" for one in found.refused for e in one.errors]
    told += [f"{one.line} is new" for one in found.new]
    told += [
        f"{c.parsed.line} {f}: {str(c.before.get(f))[:60]!r} → {str(v)[:60]!r}"
        for c in found.changed
        for f, v in c.changes.items()
    ]
    return told if told or len(found.unchanged) == rows else [f"{len(found.unchanged)} rows instead of {rows}"]

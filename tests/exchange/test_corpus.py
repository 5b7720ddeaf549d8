"""Files as offices make them are read right or asked about, and never wrong in silence."""

from __future__ import annotations

import io
from typing import Any

import pytest

from app.errors import Invalid
from app.exchange.plan import make_plan
from app.exchange.runs import Options
from app.services.panel import Panel
from tests.exchange.corpus import FILE, SIZE, Made, corpus
from tests.exchange.sample import CLERK, NOW


def came_of(panel: Panel, made: Made) -> tuple[str, dict[int, dict[str, Any] | set[str]]]:
    """Return whether the whole file is asked about, and for each row its values, or the fields that are."""
    with panel.reading(CLERK, now=NOW) as work:
        try:
            plan = make_plan(work, "card", io.BytesIO(made.content), Options())
        except Invalid:
            return FILE, {}
        if plan.errors:
            return FILE, {}
        parsed = plan.parser.parse(work, list(plan.sheet.rows()))
        plan.survey.refuse_doubles(plan.spec, parsed)
        required = {f.code for f in plan.spec.fields if f.required and f.typed}
    found: dict[int, dict[str, Any] | set[str]] = {}
    for r in parsed:
        asked = {e.field for e in r.errors} | {c for c, v in r.values.items() if v is None and c in required}
        found[r.row] = asked or r.values
    return "", found


def silently_wrong(made: Made, asks: str, found: dict[int, dict[str, Any] | set[str]]) -> list[str]:
    """Return the values that would go in although they are not what the file means."""
    if asks:
        return []
    wrong = []
    for n, got in found.items():
        want = (made.rows or {}).get(n)
        if isinstance(got, dict) and (not isinstance(want, dict) or got != {k: want.get(k) for k in got}):
            wrong.append(f"{made.name}: row {n}: {got}")
    return wrong


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_files_are_read_right_or_asked_about_and_never_wrong_in_silence(panel: Panel) -> None:
    files = list(corpus())
    assert len(files) == SIZE == len({m.name for m in files})
    silent: list[str] = []
    other: list[str] = []
    for made in files:
        asks, found = came_of(panel, made)
        silent += silently_wrong(made, asks, found)
        if (asks, found) != (made.asks, made.rows or {}):
            other.append(f"{made.name}: {asks or found} instead of {made.asks or made.rows}")
    assert silent == []
    assert len(other) <= SIZE * 0.005, "\n".join(other)

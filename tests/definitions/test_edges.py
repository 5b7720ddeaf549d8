"""Every limit of the requirements that is no time, on both sides: amounts, shares, rounds, how long records are kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.catalog.catalog import Catalog
from app.catalog.marked import plain, read_documents
from app.catalog.register import RegisterSpec
from app.errors import Refused
from app.fields.links import Signature
from app.services import retention
from app.services.panel import Panel, Work
from config import ROOT
from tests.definitions.limits import PERSON, SECOND, find
from tests.definitions.test_limits import TABLE as LIMITS
from tests.site import at

DECIDED = {
    "C-10", "C-29", "C-37", "C-55", "C-58",  # entered by who assesses, approves, sells or contracts
    "C-64",  # office hours; both sides of the closing are those of D-09
}  # fmt: skip
"""Rows without two sides of their own."""
HERE = Path(__file__).parent
EDGES: list[dict[str, Any]] = yaml.safe_load((HERE / "edges.yaml").read_text("utf-8"))


def of(catalog: Catalog, label: str) -> RegisterSpec:
    return next(r for r in catalog.registers.values() if r.label.zh == label)


def code(spec: RegisterSpec, label: str) -> str:
    return next(f.code for f in spec.fields if f.label.zh == label)


@pytest.mark.parametrize("edge", [e for e in EDGES if "part" in e], ids=lambda e: f"{'-'.join(e['rows'])} {e['part']}")
def test_up_to_the_limit_nothing_is_wrong_and_beyond_it_is(ground: tuple[Panel, int], edge: dict[str, Any]) -> None:
    spec = of(ground[0].catalog, edge["of"])
    field = spec.field(code(spec, edge["field"]))
    assert field is not None
    given = {label if "." in label else code(spec, label): value for label, value in edge.get("given", {}).items()}
    check = next((c for c in spec.checks if c.code == edge["part"]), None)
    part = check or next(b for b in (*spec.breaches, *spec.refuse) if b.code == edge["part"])

    def wrong(value: Any) -> bool:
        row = given | {field.code: value if isinstance(value, bool) else field.parse(str(value))}
        return (part.when is None or part.when.holds(row)) and (check is None or not check.require.holds(row))

    assert {str(v): wrong(v) for v in (*edge["fine"], *edge["wrong"])} == {
        **{str(v): False for v in edge["fine"]},
        **{str(v): True for v in edge["wrong"]},
    }


@pytest.mark.parametrize("edge", [e for e in EDGES if "kept" in e], ids=lambda e: f"{'-'.join(e['rows'])} {e['kept']}")
def test_what_is_kept_may_not_go_before_its_last_day_has_ended(work: Work, edge: dict[str, Any]) -> None:
    spec = of(work.catalog, edge["kept"])
    column, begins, last = code(spec, edge["field"]), at(str(edge["begins"])), at(str(edge["last"]))
    field = spec.field(column)
    begun = begins if ":" in str(edge["begins"]) else work.local_day(begins)
    held = {column: PERSON, f"{column}_at": begun} if isinstance(field, Signature) else {column: begun}
    row = {"id": 1, "unit": None, **{f.code: None for f in spec.fields}, **held}
    work.now = last
    with pytest.raises(Refused, match="须保存至"):
        retention.refuse_if_kept(work, spec, row)
    work.now = last + SECOND
    if spec.retention is not None and spec.retention.destroyed_by is not None:
        with pytest.raises(Refused, match="保管期已满，须凭批准的"):
            retention.refuse_if_kept(work, spec, row)
    else:
        retention.refuse_if_kept(work, spec, row)


@pytest.mark.parametrize("edge", [e for e in EDGES if "default" in e], ids=lambda e: f"{'-'.join(e['rows'])} {e['of']}")
def test_what_nobody_enters_holds_our_figure(ground: tuple[Panel, int], edge: dict[str, Any]) -> None:
    spec = of(ground[0].catalog, edge["of"])
    field = spec.field(code(spec, edge["field"]))
    assert field is not None
    assert field.default == edge["default"]


def test_every_time_limit_of_the_requirements_has_both_its_sides(ground: tuple[Panel, int]) -> None:
    catalog = ground[0].catalog
    ((root, _),) = read_documents("requirements.yaml", (ROOT / "docs/requirements.yaml").read_text("utf-8"))
    rows = {name: row for name, row in plain(root).items() if name.startswith(("D-", "C-"))}  # type: ignore[attr-defined]
    played = {(row, spec.code, duty.code) for x in LIMITS for spec, duty in [find(catalog, x.duty)] for row in x.rows}
    owed = {
        (name, *path.split("."))
        for name, row in rows.items()
        for path in row.get("by", ())
        if tuple(path.split(".")) in catalog.duties
    }
    assert owed - played == set()


def test_every_limit_and_every_penalty_has_a_case_or_is_a_persons_decision() -> None:
    ((root, _),) = read_documents("requirements.yaml", (ROOT / "docs/requirements.yaml").read_text("utf-8"))
    wanted = {name for name in plain(root) if name.startswith(("D-", "C-", "PN-"))}  # type: ignore[attr-defined]
    cases = "\n".join(p.read_text("utf-8") for p in (HERE.parent / "cases").rglob("*.yaml"))
    sources = "；".join(re.findall(r"(?m)^source: (.*)$", cases))
    shown = {row for x in (*(x.rows for x in LIMITS), *(e["rows"] for e in EDGES)) for row in x}
    assert wanted - shown - set(re.findall(r"(?:C|D|PN)-\d\d", sources)) == DECIDED

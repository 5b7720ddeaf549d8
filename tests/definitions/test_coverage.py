"""Every article of every policy and every numbered requirement is met by definitions, or done by people for a reason that is given."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalog.catalog import Catalog
from app.catalog.coverage import coverage
from app.catalog.loader import load
from app.catalog.marked import plain, read_documents
from config import ROOT
from tests.definitions.paths import places
from tests.site import everything

COUNTED = {"R": 185, "W": 62, "D": 54, "C": 72, "PN": 28, "K": 22, "T": 44, "M": 54, "O": 62}
"""How many requirements of each kind there are; they are numbered from 1."""
ACCESS = {*range(1, 4), *range(10, 18), *range(20, 29), *range(30, 34), *range(40, 51)}
"""The numbers of the access rules."""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The shipped catalog."""
    found, _ = load(everything())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def requirements() -> dict[str, Any]:
    """What docs/requirements.yaml says."""
    ((root, findings),) = read_documents("requirements.yaml", (ROOT / "docs/requirements.yaml").read_text("utf-8"))
    assert findings == []
    return plain(root)  # type: ignore[no-any-return]


def test_no_article_is_open(catalog: Catalog) -> None:
    stand = [(f"{c.policy.code}-{c.article.no}", c.state) for articles in coverage(catalog).values() for c in articles]
    assert [article for article, state in stand if state == "open"] == []


def test_whatever_people_do_by_hand_says_why_in_both_languages(catalog: Catalog) -> None:
    reasons = {f"{p.code}-{a.no}": a.manual for p in catalog.policies.values() for a in p.articles if a.manual}
    assert [clause for clause, why in reasons.items() if not why.zh or not why.en] == []


def test_every_requirement_has_its_row(requirements: dict[str, Any]) -> None:
    expected = {
        f"{kind}{n:03}" if kind == "R" else f"{kind}-{n:02}" for kind, of in COUNTED.items() for n in range(1, of + 1)
    }
    assert set(requirements) == expected | {f"AR-{n:02}" for n in ACCESS}


def test_every_row_is_met_by_parts_that_there_are_and_says_what_is_left_to_people(
    catalog: Catalog, requirements: dict[str, Any]
) -> None:
    known = places(catalog)
    assert {name: row for name, row in requirements.items() if row.keys() - {"title", "by", "people"}} == {}
    assert {name: row for name, row in requirements.items() if not row.get("by") and not row.get("people")} == {}
    assert {
        f"{name}: {path}" for name, row in requirements.items() for path in row.get("by", ()) if path not in known
    } == set()
    assert [name for name, row in requirements.items() if not row["title"]] == []


def test_no_register_is_without_a_requirement_but_those_that_hold_the_site_together(
    catalog: Catalog, requirements: dict[str, Any]
) -> None:
    named = {path.removeprefix("register:") for row in requirements.values() for path in row.get("by", ())}
    assert set(catalog.registers) - named == {"unit", "property_project", "delegation"}


def test_every_sheet_that_is_printed_meets_a_requirement(catalog: Catalog, requirements: dict[str, Any]) -> None:
    named = {path for name, row in requirements.items() if name.startswith("O-") for path in row["by"]}
    sheets = {f"{r.code}.prints.{sheet.code}" for r in catalog.registers.values() for sheet in r.prints}
    assert sheets - named == {"contract.prints.ledger", "customer.prints.directory"}

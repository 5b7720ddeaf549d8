"""Every article of every policy and every numbered requirement is met, done by people for a reason, or listed here as open."""

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

OPEN = {
    "P01-二(一)3", "P01-二(三)2",
    "P02-三(二)1", "P02-七(二)1",
    "P03-4",
    "P04-7.1", "P04-13.1", "P04-13.3", "P04-13.4", "P04-14.3",
    "P05-L133", "P05-A2", "P05-C1.2", "P05-C1.4", "P05-C1.5", "P05-C1.6", "P05-C1.7", "P05-C1.8", "P05-C1.9", "P05-C1.10", "P05-C1.11",
    "P06-7.1", "P06-13.1(1)", "P06-13.1(2)", "P06-13.2", "P06-13.3",
    "P07-4.1.2a1", "P07-4.1.2a2", "P07-4.1.2a3", "P07-8.1", "P07-8.2",
    "P10-8",
    "P12-annex 1", "P12-annex 2",
    "P13-B1(1)", "P13-B3(1)", "P13-B3(2)", "P13-B3(3)", "P13-E1", "P13-E4",
    "P14-4.1.1", "P14-4.1.2a3", "P14-4.1.2b", "P14-4.1.2c", "P14-5.1.1", "P14-5.1.2a", "P14-5.1.2b", "P14-5.1.2c",
    "P14-5.1.3", "P14-5.1.4", "P14-6a", "P14-6d",
    "P16-1.1", "P16-3.1",
    "P17-L813", "P17-1.3-3(1)", "P17-1.3-3(2)", "P17-2.1",
    "P18-3.1",
    "P19-4",
    "P20-B2", "P20-E2(2)",
}  # fmt: skip
"""Articles that the panel should carry out and does not yet. It only ever shrinks."""


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


def test_no_article_is_open_but_those_we_know_of(catalog: Catalog) -> None:
    found = {
        f"{c.policy.code}-{c.article.no}"
        for articles in coverage(catalog).values()
        for c in articles
        if c.state == "open"
    }
    assert sorted(found - OPEN) == []


def test_whatever_people_do_by_hand_says_why_in_both_languages(catalog: Catalog) -> None:
    reasons = {f"{p.code}-{a.no}": a.manual for p in catalog.policies.values() for a in p.articles if a.manual}
    assert [clause for clause, why in reasons.items() if not why.zh or not why.en] == []


def test_every_requirement_has_its_row(requirements: dict[str, Any]) -> None:
    expected = {
        f"{kind}{n:03}" if kind == "R" else f"{kind}-{n:02}" for kind, of in COUNTED.items() for n in range(1, of + 1)
    }
    assert set(requirements) == expected | {f"AR-{n:02}" for n in ACCESS}


def test_every_row_is_met_by_parts_that_there_are_or_says_what_is_missing(
    catalog: Catalog, requirements: dict[str, Any]
) -> None:
    known = places(catalog)
    assert {name: row for name, row in requirements.items() if not row.get("by") and not row.get("open")} == {}
    assert {
        f"{name}: {path}" for name, row in requirements.items() for path in row.get("by", ()) if path not in known
    } == set()
    assert [name for name, row in requirements.items() if not row["title"]] == []


def test_no_register_is_without_a_requirement_but_those_that_hold_the_site_together(
    catalog: Catalog, requirements: dict[str, Any]
) -> None:
    named = {path.removeprefix("register:") for row in requirements.values() for path in row.get("by", ())}
    assert set(catalog.registers) - named == {"unit", "property_project", "delegation"}

"""Each check finds the smallest mistake of its kind, at its line, with its sentence."""

from __future__ import annotations

import pytest

from app.catalog.findings import CHECKS, errors
from app.catalog.loader import Remembered, load, readable
from tests.catalog.cases import CASES
from tests.catalog.ground import GROUND, files, found

MEMO = "code: memo\nlabel: 便签\ndomain: office\naccess: [{role: clerk, can: [read]}]\nfields: []\n"
PLANNED = {"D311", "D312", "D313", "D951", "D952", "D953", "D954"}
"""Found by comparing two catalogs: tests/catalog/test_plan.py, tests/catalog/test_upgrade.py."""


def test_the_ground_that_the_cases_stand_on_is_sound() -> None:
    assert load({"about.yaml": GROUND})[1] == []


def test_every_check_has_a_case() -> None:
    assert set(CASES) | PLANNED == set(CHECKS)


@pytest.mark.parametrize("check", CASES)
def test_a_mistake_is_found_at_its_line_with_its_sentence(check: str) -> None:
    case = CASES[check]
    findings = found(case.text, case.file)
    assert "\n".join(map(str, findings)) == case.expected
    assert {f.check for f in findings} == {check}


@pytest.mark.parametrize("check", CASES)
def test_only_errors_keep_definitions_from_coming_into_force(check: str) -> None:
    case = CASES[check]
    loaded, findings = load(files(case.text, case.file))
    assert {f.level for f in findings} == {case.level}
    assert (loaded is None) == bool(errors(findings)) == (case.level == "error")


def test_what_was_remembered_of_other_files_changes_no_finding() -> None:
    remembered = Remembered()
    for case in [*CASES.values(), *reversed(CASES.values())]:
        given = files(case.text, case.file)
        fresh = load(given)
        assert load(given, remembered) == fresh
        assert load({"about.yaml": GROUND}, remembered)[1] == []
        assert load(given, remembered) == fresh


def test_of_files_whose_texts_stay_nothing_is_read_anew() -> None:
    remembered = Remembered()
    given = {"about.yaml": GROUND, "memo.yaml": MEMO}
    before = readable(given, remembered)
    after = readable(given | {"memo.yaml": MEMO.replace("便签", "便条")}, remembered)
    assert after.policies == before.policies and after.policies
    assert all(after.policies[code] is policy for code, policy in before.policies.items())
    assert after.registers["memo"].label.zh == "便条"

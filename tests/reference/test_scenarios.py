"""Every hard case that the panel must decide rightly has something that proves it: cases by their source, tests by their name."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.cases.ground import FILES

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS: dict[int, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("scenarios.yaml").read_text("utf-8"))


def cases() -> dict[int, list[str]]:
    """Return the titles of the cases by the number of the scenario that their source names."""
    found: dict[int, list[str]] = {}
    for case in FILES.cases:
        for numbers in re.findall(r"deadlines ([\d、]+)", case.source):
            for n in numbers.strip("、").split("、"):
                found.setdefault(int(n), []).append(case.title)
    return found


@cache
def functions(path: str) -> frozenset[str]:
    """Return the names of the functions of a test module."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(part.name for part in tree.body if isinstance(part, ast.FunctionDef))


def test_the_scenarios_are_numbered_without_gaps_and_each_case_names_one() -> None:
    assert list(SCENARIOS) == list(range(1, 81))
    assert cases().keys() <= SCENARIOS.keys()


def test_every_scenario_has_a_case_or_a_test_that_is_there() -> None:
    by_case = cases()
    named = {n: [t.split("::") for t in s.get("tests", [])] for n, s in SCENARIOS.items()}
    assert [n for n in SCENARIOS if not named[n] and n not in by_case] == []
    assert [(n, name) for n, tests in named.items() for path, name in tests if name not in functions(path)] == []

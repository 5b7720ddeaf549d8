"""What two texts differ in, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

AROUND = 3
"""Lines shown before and after each difference."""


@dataclass(frozen=True)
class Line:
    """One line of a comparison: ``old`` and ``new`` are its numbers (from 1; None where it is not there), ``first`` of a stretch."""

    old: int | None
    new: int | None
    text: str
    first: bool = False


def differences(old: str, new: str) -> list[Line]:
    """Return the lines in which two texts differ, those taken away before those put in, with a few around them."""
    a, b = old.splitlines(), new.splitlines()
    groups = SequenceMatcher(None, a, b, autojunk=False).get_grouped_opcodes(AROUND)
    return [line for group in groups for line in _stretch(group, a, b)]


def _stretch(group: list[tuple[str, int, int, int, int]], a: list[str], b: list[str]) -> Iterator[Line]:
    first = True
    for kind, i, i_end, j, j_end in group:
        for n in range(i, i_end):
            yield Line(n + 1, j + n - i + 1 if kind == "equal" else None, a[n], first)
            first = False
        for n in range(j, j_end if kind != "equal" else j):
            yield Line(None, n + 1, b[n], first)
            first = False

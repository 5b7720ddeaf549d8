"""What stands in one column of a file, counted row by row with memory that does not grow with the rows."""

from __future__ import annotations

import unicodedata
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from app.exchange.proposal.traits import PLACES, SEVERAL, Traits, traits_of
from app.exchange.survey import fingerprint

EXAMPLES = 5
"""Rows that are named of those that do not fit."""
DISTINCT = 500
"""Different values that are counted one by one; a column with more is none of a closed list."""
_REMEMBERED = 5_000
_NEARLY = 20
"""A column is followed as a key as long as fewer than one of so many values came before."""
LONG = 200
"""Characters of the longest text that is one line."""


@dataclass
class Fits:
    """How many values are of a kind, and the first rows whose value is not."""

    count: int = 0
    strange: list[tuple[int, str]] = field(default_factory=list)
    """(line, text) of the first that are not."""


KINDS: Mapping[str, Callable[[Traits], bool]] = {
    "date": lambda t: t.day,
    "day_or_serial": lambda t: t.day or t.serial,
    "number": lambda t: t.places is not None and t.places <= PLACES and not t.percent,
    "integer": lambda t: t.whole and not t.percent,
    "percent": lambda t: t.places is not None and t.places <= PLACES,
    "yes_no": lambda t: t.yes_no is not None,
    "label": lambda t: bool(t.label),
}
"""Whether a value is of a kind. A serial number of a day is one only where most others are written out."""
_COUNTED: Mapping[str, Callable[[Traits], bool]] = {
    "serial": lambda t: t.serial, "clock": lambda t: t.clock, "negative": lambda t: t.negative, "beyond": lambda t: t.beyond,
    "signed": lambda t: t.percent, "money": lambda t: t.money, "yes": lambda t: t.yes_no is True, "no": lambda t: t.yes_no is False,
    **{label: (lambda t, label=label: t.label == label) for label in ("id", "phone", "zeros", "long")},  # type: ignore[misc]
}  # fmt: skip


@dataclass
class Seen:
    """One column: ``rows`` in all, ``filled`` of them with a value."""

    rows: int = 0
    filled: int = 0
    spoilt: Fits = field(default_factory=Fits)
    """Cells that the spreadsheet itself has damaged, such as long numbers in powers of ten."""
    fits: dict[str, Fits] = field(default_factory=lambda: {kind: Fits() for kind in KINDS})
    counts: Counter[str] = field(default_factory=Counter)
    places: int = 0
    longest: int = 0
    lines: bool = False
    """Whether some value has several lines."""
    words: Counter[str] | None = field(default_factory=Counter)
    """Each value with how often it comes, folded; None once there are more than ``DISTINCT``."""
    spelt: dict[str, Counter[str]] = field(default_factory=dict)
    """How each of ``words`` is written."""
    parts: Counter[str] | None = field(default_factory=Counter)
    """Words of cells that hold several, as ``words``."""
    in_parts: int = 0
    """Cells that hold several words."""
    counting: bool = True
    """Whether the values are 1, 2, 3 … down the rows."""
    _marks: array[int] | None = field(default_factory=lambda: array("q"))
    _places: array[int] = field(default_factory=lambda: array("Q"))
    _known: dict[str, Traits] = field(default_factory=dict)

    def take(self, texts: Sequence[str], lines: Sequence[int], doubted: Mapping[int, str]) -> Counter[str]:
        """Count the cells of some rows, and return the values among them; ``doubted`` are those not to be trusted, by place."""
        values: Counter[str] = Counter()
        for n, (text, line) in enumerate(zip(texts, lines, strict=True)):
            if n in doubted:
                _note(self.spoilt, line, doubted[n])
            plain = text.strip()
            if self.counting and plain != str(self.rows + n + 1):
                self.counting = False
            if plain and n not in doubted:
                values[plain] += 1
                if self._marks is not None:
                    self._marks.append(fingerprint(("v",), {"v": " ".join(plain.split())}) or 0)
                    self._places.append(line)
        self.rows += len(texts)
        self.spoilt.count += len(doubted)
        self.filled += values.total() + len(doubted)
        self._traits(values, texts, lines)
        self._words(values)
        if self.words is not None and self._marks is not None and self.filled > DISTINCT * 2:
            self._marks, self._places = None, array("Q")  # a closed list: no key
        return values

    def _traits(self, values: Counter[str], texts: Sequence[str], lines: Sequence[int]) -> None:
        if len(self._known) + len(values) > _REMEMBERED:
            self._known.clear()
        known = self._known
        for text in values.keys() - known.keys():
            known[text] = traits_of(text)
        for kind, fitting in KINDS.items():
            strange = {v for v in values if not fitting(known[v])}
            fits = self.fits[kind]
            fits.count += sum(n for v, n in values.items() if v not in strange)
            note_strange(fits, strange, texts, lines)
        for name, counted in _COUNTED.items():
            if n := sum(n for v, n in values.items() if counted(known[v])):
                self.counts[name] += n
        places = (t.places for v in values if (t := known[v]).places is not None)
        self.places = max(self.places, max((p for p in places if p is not None and p <= PLACES), default=0))
        self.longest = max(self.longest, max(map(len, values), default=0))
        self.lines = self.lines or any("\n" in v for v in values)

    def _words(self, values: Counter[str]) -> None:
        for value, n in values.items():
            if self.words is not None:
                word = folded_word(value)
                self.words[word] += n
                self.spelt.setdefault(word, Counter())[" ".join(value.split())] += n
                if len(self.words) > DISTINCT or len(value) > LONG:
                    if len(value) > LONG or self.words.total() * _NEARLY > len(self.words) * (_NEARLY + 1):
                        self._marks, self._places = None, array("Q")
                    self.words, self.spelt = None, {}
            if self.parts is not None:
                named = [p.strip() for p in SEVERAL.split(value) if p.strip()]
                self.in_parts += n if len(named) > 1 else 0
                for part in named:
                    self.parts[part] += n
                if len(self.parts) > DISTINCT:
                    self.parts = None

    def repeated(self) -> tuple[int, list[int]] | None:
        """Return how many values stand in the column more than once, and the first lines of such; None where many do."""
        if self._marks is None:
            return None
        ordered = sorted(self._marks)
        twice = {a for a, b in zip(ordered, islice(ordered, 1, None), strict=False) if a == b}
        if len(twice) * _NEARLY > len(ordered):
            return None
        lines = [line for mark, line in zip(self._marks, self._places, strict=True) if mark in twice] if twice else []
        return len(twice), lines[:EXAMPLES]


def note_strange(fits: Fits, strange: set[str], texts: Sequence[str], lines: Sequence[int]) -> None:
    """Add the first rows that hold one of ``strange`` values to those that do not fit."""
    if strange and len(fits.strange) < EXAMPLES:
        for text, line in zip(texts, lines, strict=True):
            if text.strip() in strange:
                _note(fits, line, text.strip())


def _note(fits: Fits, line: int, text: str) -> None:
    if len(fits.strange) < EXAMPLES:
        fits.strange.append((line, text[:40]))


def folded_word(text: str) -> str:
    """Return a word as people mean it, however wide, cased or spaced it is written."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()

"""Whether the words of a column name people, units or records that are there; only what the person may look up is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from app.exchange.proposal.seen import Fits, note_strange
from app.exchange.proposal.traits import traits_of
from app.fields.label import Label
from app.fields.links import Link, Person, Reference, Unit
from app.services import lookup
from app.services.panel import Work

PERSON, UNIT = "person", "unit"
_PROBED = 100
"""Different values after which a register that hardly any of them names is no longer asked."""
_FEW = 20
_HARDLY = 5
_REMEMBERED = 5_000


class Directory:
    """What a file's words may name: everybody, and the registers that the person may look up."""

    def __init__(self, work: Work) -> None:
        self.work = work
        name = Label(zh="名称")
        self.targets: dict[str, Link] = {PERSON: Person(code="x", label=name)}
        for spec in work.catalog.registers.values():
            if not spec.tickets_of and lookup.may_find(work, spec.code):
                found = (
                    Unit(code="x", label=name)
                    if spec.code == UNIT
                    else Reference(code="x", label=name, register=spec.code)
                )
                self.targets[spec.code] = found

    def named(self, target: str, texts: Sequence[str]) -> set[str]:
        """Return the texts that name exactly one person, unit or record."""
        found = lookup.resolve(self.work, self.targets[target], texts)
        return {text for text, row in found.items() if isinstance(row, int)}


@dataclass
class Named:
    """For one column: how many of its values each target knows, and the first that it does not."""

    directory: Directory
    fits: dict[str, Fits] = field(default_factory=dict)
    _left: list[str] | None = None
    """The targets that are still asked."""
    _tried: int = 0
    _hits: Counter[str] = field(default_factory=Counter)
    _known: dict[tuple[str, str], bool] = field(default_factory=dict)

    def take(self, values: Counter[str], texts: Sequence[str], lines: Sequence[int]) -> None:
        """Compare the values of some rows; ``texts`` and ``lines`` are the rows they come from."""
        if self._left is None:
            self._left = list(self.directory.targets)
        if not self._left:
            return
        spoken = {v: " ".join(v.split()) for v in values if len(v) <= 200}
        probe = list(islice((w for v, w in spoken.items() if _a_name(v)), _PROBED)) if self._tried < _PROBED else []
        if probe:
            self._probe(probe)
        for target in self._left if self._tried else [PERSON]:  # numbers and days name no record
            known = self._resolve(target, list(spoken.values()))
            strange = {v for v in values if spoken.get(v) not in known}
            fits = self.fits.setdefault(target, Fits())
            fits.count += sum(n for v, n in values.items() if v not in strange)
            note_strange(fits, strange, texts, lines)

    def _probe(self, words: list[str]) -> None:
        """Leave out what hardly any word names."""
        self._tried += len(words)
        for target in self._left or ():
            self._hits[target] += len(self._resolve(target, words))
        if self._tried >= _FEW:
            self._left = [t for t in self._left or () if self._hits[t] * _HARDLY >= self._tried]
            self.fits = {t: f for t, f in self.fits.items() if t in self._left}

    def _resolve(self, target: str, words: list[str]) -> set[str]:
        new = [w for w in dict.fromkeys(words) if (target, w) not in self._known]
        if len(self._known) + len(new) > _REMEMBERED:
            self._known.clear()
            new = list(dict.fromkeys(words))
        found = self.directory.named(target, new) if new else set()
        self._known.update({(target, w): w in found for w in new})
        return {w for w in words if self._known[target, w]}


def _a_name(text: str) -> bool:
    """Return whether a text may be the name of something: a day or a number is none."""
    t = traits_of(text)
    return not t.day and (t.places is None or bool(t.label))

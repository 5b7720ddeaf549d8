"""Cells as the grid's JSON carries them, and every name behind a number once."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalog.register import SYSTEM, RegisterSpec
from app.fields.base import Field, Storage
from app.fields.links import File, Link, Person, Signature
from app.fields.times import Moment
from app.services import grouping, listing, lookup, scope, workflow
from app.services.filtering import DUE
from app.services.panel import Work
from app.web.cells import MOMENT, until

HEAD = ("record_no", "state")
TAIL = ("unit", "created_by", "created_at", "updated_by", "updated_at", "remark")
OPEN, LOCKED, FOREIGN, KEPT = 0, 1, 2, 4
"""What a row's mark says: may be edited; its state locks it; not this person's to edit; and, added, may not be deleted."""


def columns_of(work: Work, spec: RegisterSpec) -> dict[str, Field | None]:
    """Return the columns of a register's grid for this person, by code in their order; the virtual one of what is due is None."""
    found: dict[str, Field | None] = {"record_no": SYSTEM["record_no"]}
    if spec.workflow or spec.tickets_of:
        found["state"] = SYSTEM["state"]
    if spec.duties and spec.field(DUE) is None:
        found[DUE] = None
    found |= {f.code: f for f in scope.fields_for(work, spec.code)}
    return found | {code: SYSTEM[code] for code in TAIL}


def names_kind(field: Field | None) -> str:
    """Return where the names of a pointing field's numbers are found: person, file or the register pointed to."""
    if isinstance(field, Person | Signature):
        return "person"
    if isinstance(field, File):
        return "file"
    return field.target if isinstance(field, Link) else ""


def cell(field: Field, value: Any, at: Any = None) -> Any:
    """Return one value as a cell; ``at`` is the moment of a signature."""
    return writer(field)(value, at)


def writer(field: Field) -> Callable[[Any, Any], Any]:
    """Return the function from a field's value (and the moment of a signature) to its cell."""
    if isinstance(field, Signature):
        return lambda v, at: None if v is None else [v, MOMENT.format(at)]
    if isinstance(field, Link):
        return lambda v, _: list(v) if isinstance(v, tuple) else v
    if isinstance(field, Moment) or field.storage is Storage.SCALED:
        show = field.format
        return lambda v, _: None if v is None else show(v)
    if field.storage in (Storage.DATE, Storage.WORDS):
        plain = field.to_json
        return lambda v, _: None if v is None else plain(v)
    return lambda v, _: None if v == "" else v


class Names:
    """Collects the numbers that cells point to, and looks their names up at the end, once for each kind."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._wanted: dict[str, tuple[Link, set[int]]] = {}

    def want(self, field: Field | None, values: Iterable[Any]) -> None:
        """Note the numbers in some values of a field."""
        if isinstance(field, Link):
            ids = self._wanted.setdefault(names_kind(field), (field, set()))[1]
            for v in values:
                if v is not None:
                    ids.update(v if isinstance(v, tuple | list) else (v,))

    def found(self) -> dict[str, dict[str, str]]:
        """Return the names by kind and number."""
        named = {k: lookup.link_names(self.work, f, ids) if ids else {} for k, (f, ids) in self._wanted.items()}
        return {k: {str(i): n for i, n in of.items()} for k, of in named.items()}


@dataclass(frozen=True)
class Seen:
    """What a page has of records that it changes: the version of each before, with every name in it, and the fields it changed."""

    versions: Mapping[int, int] = field(default_factory=dict)
    changed: Container[str] = ()

    def knows(self, row: Mapping[str, Any], f: Field) -> bool:
        """Return whether the page knows the names in a field: nobody but itself has changed the row, and it did not change this."""
        alone = self.versions.get(row["id"]) == row["version"] - 1
        return alone and f.code not in self.changed and f.code != "updated_by" and not f.formula


NOTHING = Seen()


class Sheet:
    """Rows of one register as the grid's JSON carries them, in the columns asked for."""

    def __init__(self, work: Work, spec: RegisterSpec, wanted: Sequence[str] | None = None) -> None:
        self.work, self.spec, self.names = work, spec, Names(work)
        every = columns_of(work, spec)
        self.columns = every if wanted is None else {c: every[c] for c in dict.fromkeys(wanted) if c in every}
        self._writers = [(c, f, writer(f)) for c, f in self.columns.items() if f is not None]

    def rows(self, ids: Sequence[int], seen: Seen = NOTHING) -> list[list[Any]]:
        """Return the visible ones of these records: id, version, state, mark, cells."""
        if not ids:
            return []
        found = listing.rows_of(
            self.work, self.spec.code, ids, columns=list(self.columns), verbs=() if self._fixed else ("edit", "delete")
        )
        due = grouping.owed_first(self.work, self.spec.code, ids) if DUE in self.columns and self._owes else {}
        for code, f, _ in self._writers:
            self.names.want(f, [r.get(code) for r in found if not seen.knows(r, f)])
        return [self._row(r, due) for r in found]

    @property
    def _fixed(self) -> bool:
        return self.spec.append_only or bool(self.spec.tickets_of)

    @property
    def _owes(self) -> bool:
        return self.columns[DUE] is None

    def _row(self, row: Mapping[str, Any], due: Mapping[int, Mapping[str, Any]]) -> list[Any]:
        written = {c: w(row.get(c), row.get(f"{c}_at")) for c, _, w in self._writers}
        if DUE in self.columns and self._owes:
            written[DUE] = due_cell(self.work, due.get(row["id"]))
        return [row["id"], row["version"], row["state"], self._mark(row), *(written[c] for c in self.columns)]

    def _mark(self, row: Mapping[str, Any]) -> int:
        locked = workflow.locked(self.spec, row)
        edit = FOREIGN if self._fixed or not row["may_edit"] else LOCKED if locked else OPEN
        return edit + (0 if not self._fixed and not locked and row["may_delete"] else KEPT)

    def answer(self, ids: Sequence[int], seen: Seen = NOTHING) -> dict[str, Any]:
        """Return columns, rows and names as they stand in an answer; names that the page has ``seen`` are left out."""
        rows = self.rows(ids, seen)
        return {"columns": list(self.columns), "rows": rows, "names": self.names.found()}


def due_cell(work: Work, owed: Mapping[str, Any] | None) -> list[Any] | None:
    """Return the earliest open obligation of a record: until when, days left, and how pressing that is."""
    if owed is None:
        return None
    days = (owed["due_on"] - work.today).days
    late = owed["due_at"] <= work.now
    return [until(owed["due_at"]), days, "danger" if late else "warning" if days <= 2 else "plain"]

"""How a cell names a person, a unit or a row, so that reading the cell finds the same one again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app.fields.links import File, Link, Person, Signature
from app.models.fixed import person
from app.services import lookup
from app.services.panel import Work

_CHUNK = 500
_REMEMBERED = 20_000


class LinkTexts:
    """What the ids of a field's links are called in a file, each looked up once; forgotten before they take much memory."""

    def __init__(self, field: Link) -> None:
        self.field = field
        self._known: dict[int, str] = {}

    def of(self, work: Work, ids: set[int]) -> dict[int, str]:
        """Return the text of each id, and of others that were asked for before."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        if new := ids - self._known.keys():
            self._known.update(link_texts(work, self.field, new))
        return self._known


def link_texts(work: Work, field: Link, ids: Iterable[int]) -> dict[int, str]:
    """Return the name of each id; its number or user name instead where the name would be read as another or as none."""
    wanted = {i for i in ids if i is not None}
    named = lookup.link_names(work, field, wanted)
    if isinstance(field, File):
        return named
    found = lookup.resolve(work, field, {_read_as(n) for n in named.values()})
    unclear = [i for i, n in named.items() if found.get(_read_as(n)) != i or (field.many and (";" in n or "；" in n))]
    return named | _numbers(work, field, unclear) if unclear else named


def cell_text(field: Link, value: Any, texts: dict[int, str]) -> str:
    """Return what stands in the cell of a value: one id, several, or None."""
    if value is None:
        return ""
    return ";".join(texts.get(i, f"#{i}") for i in (value if isinstance(value, tuple) else (value,)))


def _read_as(text: str) -> str:
    return " ".join(text.split())


def _numbers(work: Work, field: Link, ids: list[int]) -> dict[int, str]:
    """Return the text that names an id beyond doubt, for those that can still be found by it."""
    if isinstance(field, Person | Signature):
        key, number = person.c.id, person.c.username
    elif field.target in work.tables:
        table = work.tables[field.target]
        key, number = table.c.id, table.c.record_no
    else:
        return {}
    numbers: dict[int, str] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(key, number).where(key.in_(ids[start : start + _CHUNK]))
        numbers.update({i: n for i, n in work.connection.execute(query) if n})
    found = lookup.resolve(work, field, numbers.values())
    return {i: n for i, n in numbers.items() if found.get(n) == i}

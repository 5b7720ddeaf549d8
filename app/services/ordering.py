"""The order of rows: several keys, blanks first, ties by the register's own order; and where the rows after a given one begin."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Select

from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import Refused, say
from app.fields.base import Storage
from app.fields.label import Label
from app.fields.times import Moment
from app.models.order import blanks_first
from app.models.registers import columns_of
from app.services import scope
from app.services.panel import Work

MOST = 6
"""Sort keys that one list may have."""
_MOMENT = Moment(code="moment", label=Label(zh="时刻"))


@dataclass(frozen=True)
class Sort:
    """One sort key: a field that one row holds one value of; ``down``: largest first."""

    field: str
    down: bool = False

    @classmethod
    def said(cls, text: str) -> Sort:
        """Return the key that a text says: a field, after ``-`` for the largest first."""
        return cls(text.lstrip("-"), text.startswith("-"))


@dataclass(frozen=True)
class Key:
    """One key of an order, as a column."""

    column: Column[Any]
    down: bool
    spec: RegisterSpec

    def plain(self, value: Any) -> Any:
        """Return a value of the key as JSON carries it."""
        field = self._field
        return value if field is None else field.to_json(value)

    def value(self, plain: Any) -> Any:
        """Return the value that ``plain`` carried. Raises ValueError."""
        field = self._field
        if plain is None:
            return None
        if field is None or field.storage is Storage.LINK:
            return int(plain)
        return str(plain) if field.storage is Storage.TEXT else field.from_json(plain)

    @property
    def _field(self) -> Any:
        name = self.column.key
        return self.spec.column(name) or (_MOMENT if name.endswith("_at") else None)


@dataclass(frozen=True)
class Order:
    """The keys of a list, the last of them the row's id."""

    keys: tuple[Key, ...]

    @property
    def names(self) -> list[str]:
        """The columns that the order looks at."""
        return [k.column.key for k in self.keys]

    def apply(self, query: Select[Any], *, back: bool = False) -> Select[Any]:
        """Return the query sorted; ``back``: the other way round."""
        return query.order_by(*(blanks_first(k.column, k.down is not back) for k in self.keys))

    def beyond(self, values: Sequence[Any], *, back: bool = False) -> list[list[ColumnElement[bool]]]:
        """Return where the rows behind the one with these key values lie: stretches in their order, each a list of conditions.

        Every stretch compares one key and fixes those before it, so that an index gives its rows without reading others,
        whichever way each key is sorted.
        """
        stretches: list[list[ColumnElement[bool]]] = []
        for depth in range(len(self.keys) - 1, -1, -1):
            same = [_is(k.column, v) for k, v in zip(self.keys[:depth], values[:depth], strict=True)]
            column, down, value = self.keys[depth].column, self.keys[depth].down is not back, values[depth]
            if down and value is not None:
                stretches.append([*same, column < value])
                if column.key != "id":
                    stretches.append([*same, column.is_(None)])
            elif not down:
                stretches.append([*same, column.is_not(None) if value is None else column > value])
        return stretches

    def mark(self, row: Mapping[str, Any]) -> str:
        """Return the place of a row in this order as a short text."""
        there = [self._signature, [k.plain(row[k.column.key]) for k in self.keys]]
        return base64.urlsafe_b64encode(orjson.dumps(there)).decode().rstrip("=")

    def place(self, text: str) -> list[Any]:
        """Return the key values in a text that ``mark`` made for the same order. Raises Refused for anything else."""
        try:
            signature, values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if signature != self._signature or len(values) != len(self.keys):
                raise ValueError(text)
            return [k.value(v) for k, v in zip(self.keys, values, strict=True)]
        except (binascii.Error, ValueError, TypeError):
            raise Refused(say("翻页的位置已失效，请刷新")) from None

    @property
    def _signature(self) -> str:
        return ",".join(f"-{k.column.key}" if k.down else k.column.key for k in self.keys)


def _is(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def order_of(work: Work, register: str, sort: Sequence[Sort] | str = ()) -> Order:
    """Return the order that ``sort`` means; a text is one field, ``-`` before it for descending; empty: the register's own.

    Raises Refused for a field that cannot be sorted by or that the actor may not see.
    """
    table, spec = work.tables[register], work.spec(register)
    given = ([Sort.said(sort)] if sort else []) if isinstance(sort, str) else list(sort)
    if len(given) > MOST:
        raise Refused(say("最多按 {n} 列排序", n=MOST))
    keys: dict[str, bool] = {}
    own = Sort.said(spec.order)
    for one in given or [own]:
        if one.field not in table.c or not sortable(work, register, one.field):
            raise Refused(say("不能按“{field}”排序", field=one.field))
        keys.setdefault(one.field, one.down)
        if one.field == "id":
            break  # nothing can tie behind it
    if "id" not in keys:
        # ties go by the register's own order, the way the last key goes: as the indexes of listed columns do
        last = next(reversed(keys.values()))
        ties = [n for n in (own.field, "id") if n not in keys and sortable(work, register, n)]
        keys = keys | dict.fromkeys(ties, last)
    return Order(tuple(Key(table.c[n], down, spec) for n, down in keys.items()))


def sortable(work: Work, register: str, name: str) -> bool:
    """Return whether the actor may sort by a column."""
    if name in SYSTEM or name in {"id", "version", "state_at"}:
        return True
    return any(name in columns_of(f) for f in scope.fields_for(work, register))

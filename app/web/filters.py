"""One set of filters for each request, of operations that the services know."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from flask import g, has_request_context
from flask_appbuilder.models.filters import BaseFilter, BaseFilterConverter, Filters, map_args_filter
from flask_appbuilder.models.sqla import filters as fab
from flask_babel import lazy_gettext

from app.fields.base import Field, Storage
from app.fields.links import Link


class GreaterOrEqual(BaseFilter):
    """Rows whose value is this or more."""

    name, arg_name = lazy_gettext("不小于"), "ge"


class LessOrEqual(BaseFilter):
    """Rows whose value is this or less."""

    name, arg_name = lazy_gettext("不大于"), "le"


class Has(BaseFilter):
    """Rows of which one of several values is this option."""

    name, arg_name = lazy_gettext("包含选项"), "has"


class Empty(BaseFilter):
    """Rows without a value."""

    name, arg_name = lazy_gettext("为空"), "empty"


class Filled(BaseFilter):
    """Rows with a value, whichever."""

    name, arg_name = lazy_gettext("已填"), "filled"


_ANY = (Empty, Filled)
_EXACT = (fab.FilterEqual, fab.FilterNotEqual, fab.FilterIn, *_ANY)
_RANGE = (*_EXACT, fab.FilterGreater, fab.FilterSmaller, GreaterOrEqual, LessOrEqual)
_TEXT = (fab.FilterContains, fab.FilterStartsWith, *_EXACT)
_LINK = (fab.FilterRelationOneToManyEqual, *_EXACT)

OPERATIONS = {c.arg_name: c for c in (*_RANGE, *_TEXT, *_LINK, Has)}
"""Filter classes by the name of their operation; they carry what is asked, the services do the comparing."""
map_args_filter.update(
    OPERATIONS
)  # FAB learns of a class from the first filter that it makes of it, and none is made beforehand


def operations(field: Field | None) -> tuple[type[BaseFilter], ...]:
    """Return what a field can be compared by; None is the record's own number."""
    if field is None:
        return (fab.FilterEqual, fab.FilterIn)
    if isinstance(field, Link):
        return _LINK
    if field.storage in (Storage.INTEGER, Storage.SCALED, Storage.DATE, Storage.MOMENT):
        return _RANGE
    if field.storage is Storage.WORDS:
        return (Has, *_ANY)
    return _TEXT if field.searchable or field.code in ("record_no", "remark") else _EXACT


class FieldFilters(BaseFilterConverter):
    """Tells FAB which operations a column has, from the type of its field."""

    def convert(self, col_name: str) -> list[BaseFilter]:
        """Return one filter for each operation of a column; none for columns that are not fields."""
        field = self.datamodel.spec.column(col_name)
        return (
            [] if field is None and col_name != "id" else [kind(col_name, self.datamodel) for kind in operations(field)]
        )


class Asked(Filters):
    """FAB's set of filters, without one for each operation of each column beforehand: those are half of what a screen would hold."""

    def _get_filters(self, cols: list[str]) -> Ready:
        return Ready(self.filter_converter(self.datamodel), cols)


class Ready(dict[str, list[BaseFilter]]):
    """The filters of columns, each column's made when it is asked for and not kept."""

    def __init__(self, converter: BaseFilterConverter, columns: Iterable[str]) -> None:
        super().__init__()
        self._converter, self._columns = converter, frozenset(columns)

    def get(self, column: str, default: Any = None) -> Any:
        """Return the filters of a column; ``default`` for one that is none."""
        return (self._converter.convert(column) if column in self._columns else None) or default


class OwnFilters:
    """Mixed into a view: each request gets a filter set of its own.

    FAB keeps one per view for all threads and clears and fills it in each request, so that the answers of
    two simultaneous requests get mixed (FAB issue 2366).
    """

    datamodel: Any
    search_columns: list[str]
    _pattern: Filters | None = None

    @property
    def _filters(self) -> Filters:
        if not has_request_context():
            return self._pattern  # FAB reads every attribute while it builds a view
        if self._pattern is None:
            self._pattern = self.datamodel.get_filters(self.search_columns)
        own: dict[int, Filters] = g.setdefault("own_filters", {})
        if id(self) not in own:
            own[id(self)] = fresh = copy.copy(self._pattern)
            fresh.clear_filters()
        return own[id(self)]

    @_filters.setter
    def _filters(self, value: Filters) -> None:
        self._pattern = value

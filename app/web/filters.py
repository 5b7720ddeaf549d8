"""One set of filters for each request."""

from __future__ import annotations

import copy
from typing import Any

from flask import g, has_request_context
from flask_appbuilder.models.filters import Filters


class OwnFilters:
    """Mixed into a view: each request gets a filter set of its own.

    FAB keeps one per view for all threads and clears and fills it in each request, so that the answers of
    two simultaneous requests get mixed (FAB issue 2366).
    """

    datamodel: Any
    search_columns: list[str]
    _pattern: Filters | None = None
    _nothing: Filters | None = None

    @property
    def _filters(self) -> Filters | None:
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

    @property
    def _base_filters(self) -> Filters | None:
        if self._nothing is None and has_request_context():
            self._nothing = self.datamodel.get_filters()
        return self._nothing

    @_base_filters.setter
    def _base_filters(self, value: Filters) -> None:
        self._nothing = value

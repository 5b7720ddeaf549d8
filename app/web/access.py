"""What a view and an API of one register have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.catalog.register import SYSTEM, RegisterSpec
from app.web.filters import OwnFilters
from app.web.interface import RecordInterface

READ_WRITE = {
    "list": "read", "show": "read", "add": "write", "edit": "write", "delete": "write",
    "get_list": "read", "get": "read", "info": "read", "post": "write", "put": "write", "transition": "read",
    "bring": "import", "import_state": "import", "import_errors": "import", "import_cancel": "import",
}  # fmt: skip
"""The permission that each route asks; the same for views and APIs, or their resource would collect both sets.

Who may make a transition is said by the workflow, for each record: the route itself only asks that one may read.
"""


class OfRegister(OwnFilters):
    """A view or an API of one register, built without forms and schemas, which come from the fields when they are asked for."""

    spec: RegisterSpec
    datamodel: RecordInterface
    base_permissions = ["can_read", "can_write", "can_import", "can_export"]  # noqa: RUF012  # FAB's way of declaring
    method_permission_name = READ_WRITE
    list_columns: list[str]
    include_route_methods: set[str]
    create_blueprint: Callable[..., Any]
    """What FAB gives to a view and to an API alike."""

    def _init_properties(self) -> None:
        codes = [f.code for f in self.spec.fields]
        self.label_columns: dict[str, Any] = {}
        self.description_columns: dict[str, Any] = {}
        self.search_columns = ["id", *SYSTEM, *codes]
        self.order_columns = ["id", *SYSTEM, *(f.code for f in self.spec.fields if not f.many)]
        self.list_columns = self.show_columns = codes
        self.related_views: list[Any] = []
        self._related_views: list[Any] = []
        self._base_filters = None

    def _init_forms(self) -> None:
        """Build nothing: FAB's own forms cost 30 ms for each register and load every related row."""

    def _init_titles(self) -> None:
        self.title = self.list_title = self.spec.label.zh

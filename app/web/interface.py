"""The seam between FAB and the services: there is no other way from a page to a record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn

from flask_appbuilder.exceptions import DatabaseException
from flask_appbuilder.models.base import BaseInterface
from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext
from sqlalchemy import Table
from sqlalchemy.exc import SQLAlchemyError

from app.catalog.register import RegisterSpec
from app.errors import Missing, Refused, say
from app.fields.base import Field, Unreadable
from app.fields.links import Link
from app.services import listing, records
from app.services.listing import Filter
from app.web.actor import reading, writing
from app.web.filters import Asked, FieldFilters
from app.web.language import sentence

OPERATORS = {
    "eq": "eq", "neq": "ne", "gt": "gt", "lt": "lt", "ge": "ge", "le": "le", "ct": "contains", "sw": "starts", "in": "in", "has": "has",
    "rel_o_m": "eq", "empty": "empty", "filled": "filled",
}  # fmt: skip
"""Filter operations as FAB's REST interface names them, and what the services call them."""


class QuietInterface(SQLAInterface):
    """FAB's own tables, with database errors that never carry a statement or a value to the page."""

    def add(self, item: Any, commit: bool = True) -> None:
        try:
            super().add(item, commit)
        except SQLAlchemyError as error:
            raise DatabaseException(gettext("没有保存：与已有的内容重复，或数据库拒绝了它")) from error

    def edit(self, item: Any, commit: bool = True) -> None:
        try:
            super().edit(item, commit)
        except DatabaseException as error:
            raise DatabaseException(gettext("没有保存：与已有的内容重复，或数据库拒绝了它")) from error

    def delete(self, item: Any, commit: bool = True) -> None:
        try:
            super().delete(item, commit)
        except DatabaseException as error:
            raise DatabaseException(gettext("没有删除：还有别处用到它，可以改为停用")) from error


class Found(SimpleNamespace):
    """One record as FAB reads it: its values as attributes."""


class RecordInterface(SQLAInterface):
    """A register as FAB sees it: every query carries the actor's scope, every write goes to ``services.records``."""

    filter_converter_class = FieldFilters

    def __init__(self, spec: RegisterSpec, table: Table) -> None:
        # FAB's own start would map a class; 185 mapped classes take seconds, and nothing here reads through them.
        BaseInterface.__init__(self, type(spec.code, (Found,), {"__table__": table}))
        self.spec, self.table, self._session = spec, table, None
        self.list_columns = self.list_properties = dict(table.columns)

    def get_filters(self, search_columns: list[str] | None = None, search_filters: Any = None) -> Asked:
        """Return an empty set of filters of these columns."""
        return Asked(self.filter_converter_class, self, search_columns, search_filters)

    @property
    def session(self) -> NoReturn:
        """Refuse: a session would reach rows past the scope.

        Raises LookupError.
        """
        raise LookupError("records are read through services.listing and written through services.records")

    def get_pk_name(self) -> str:
        """Return the name of the key: every register has ``id``."""
        return "id"

    def is_pk_composite(self) -> bool:
        """Return False: every register has one key."""
        return False

    def query(  # FAB's own signature, and the search box
        self,
        filters: Filters | None = None,
        order_column: str = "",
        order_direction: str = "",
        page: int | None = None,
        page_size: int | None = None,
        select_columns: list[str] | None = None,
        outer_default_load: bool = False,
        search: str = "",
    ) -> tuple[int, list[Found]]:
        """Return how many visible records match, and those of one page (counted from 0)."""
        work, code, wanted = reading(), self.spec.code, compared(self.spec, filters)
        order = f"-{order_column}" if order_direction == "desc" else order_column
        rows = listing.select_rows(
            work,
            code,
            filters=wanted,
            search=search,
            order=order,
            limit=page_size,
            offset=(page or 0) * (page_size or 0),
            columns=select_columns,
        )
        short = page_size is None or len(rows) < page_size
        if short and (rows or not page):  # the last page tells the number by itself
            return len(rows) + (page or 0) * (page_size or 0), [Found(**r) for r in rows]
        return listing.count_rows(work, code, filters=wanted, search=search), [Found(**r) for r in rows]

    def get(
        self,
        id: Any,
        filters: Filters | None = None,
        select_columns: list[str] | None = None,
        outer_default_load: bool = False,
    ) -> Found | None:
        """Return one visible record; None for one that is not there or not to be seen, alike."""
        try:
            found = listing.row(reading(), self.spec.code, record_id(id))
        except Missing:
            return None
        matching = {f.field: f.value for f in compared(self.spec, filters) if f.op == "eq"}
        return Found(**found) if all(found.get(k) == v for k, v in matching.items()) else None

    def add(self, item: Any, commit: bool = True) -> None:
        """Enter a record; its number is then ``item.id``. Raises DatabaseException with the sentence of a refusal."""
        self._write(lambda work: setattr(item, "id", records.create(work, self.spec.code, self._values(item))))

    def edit(self, item: Any, commit: bool = True) -> None:
        """Change a record. Raises DatabaseException with the sentence of a refusal."""
        values, version = self._values(item), getattr(item, "version", None)
        self._write(lambda work: records.update(work, self.spec.code, item.id, values, base_version=version))

    def delete(self, item: Any, commit: bool = True) -> None:
        """Archive a record. Raises DatabaseException with the sentence of a refusal."""
        self._write(lambda work: records.remove(work, self.spec.code, item.id))

    def delete_all(self, items: list[Any]) -> None:
        """Archive several records, all or none."""

        def archive(work: Any) -> None:
            for item in items:
                records.remove(work, self.spec.code, item.id)

        self._write(archive)

    def _values(self, item: Any) -> dict[str, Any]:
        written = {f.code for f in self.spec.fields if f.typed} | {"unit", "remark"}
        return {k: v for k, v in vars(item).items() if k in written}

    def _write(self, act: Any) -> None:
        try:
            with writing() as work:
                act(work)
        except Refused as refused:
            raise DatabaseException(sentence(refused.reason)) from refused


def record_id(text: Any) -> int:
    """Return the number in an address; raises Missing for what is none."""
    try:
        number = int(text)
    except (TypeError, ValueError):
        raise Missing from None
    if not 0 < number < 2**63:
        raise Missing
    return number


def compared(spec: RegisterSpec, filters: Filters | None) -> list[Filter]:
    """Return FAB's filters as the services understand them.

    Raises Refused for a column or an operation that cannot be.
    """
    if filters is None:
        return []
    return [comparison(spec, f.column_name, f.arg_name, value) for f, value in filters.get_filters_values()]


def comparison(spec: RegisterSpec, column: str, operation: str, value: Any) -> Filter:
    """Return one comparison, its value read as the column's type.

    Raises Refused for a column, an operation or a value that cannot be.
    """
    field = spec.column(column)
    if operation not in OPERATORS or (field is None and column != "id"):
        raise Refused(say("不能这样筛选：{field} {op}", field=str(column)[:60], op=str(operation)[:20]))
    op = OPERATORS[operation]
    if op in ("contains", "starts"):
        return Filter(column, op, str(value))
    if op in ("empty", "filled"):
        return Filter(column, op)
    if op == "in":
        values = value if isinstance(value, list | tuple) else [value]
        return Filter(column, op, [one for v in values if (one := _read(field, v)) is not None])
    return Filter(column, op, _read(field, value[0] if isinstance(value, list) and value else value))


def _read(field: Field | None, value: Any) -> Any:
    try:
        if field is None or isinstance(field, Link):
            number = int(value)
            if abs(number) >= 2**63:
                raise ValueError(value)
            return number
        read = field.from_json(value)
        return read[0] if isinstance(read, tuple) and read else read
    except Unreadable as unreadable:
        raise Refused(unreadable.reason) from None
    except (TypeError, ValueError):
        raise Refused(say("“{text}”不是有效的筛选值", text=str(value)[:60])) from None

"""The REST interface of one register: FAB's routes and query arguments over lean rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
import prison
from flask import Response, request
from flask_appbuilder import ModelRestApi
from flask_appbuilder.api import expose, protect
from flask_babel import gettext
from prison.decoder import ParserException

from app.errors import CellError, Invalid, Refused, say
from app.fields.base import Field, Unreadable
from app.fields.links import File, Link, Signature
from app.services import files, records, scope
from app.web import openapi
from app.web.access import OfRegister
from app.web.actor import reading, writing
from app.web.answers import answer
from app.web.cells import Names, ids_of
from app.web.filters import operations
from app.web.import_api import ImportRoutes
from app.web.interface import record_id
from app.web.language import label

SYSTEM = (
    "id",
    "record_no",
    "state",
    "unit",
    "created_by",
    "created_at",
    "updated_by",
    "updated_at",
    "version",
    "remark",
)
LONGEST_PAGE = 200
ROUTES = {
    *("get_list", "get", "post", "put", "delete", "info", "transition"),
    *("bring", "import_state", "import_errors", "import_cancel"),
}


class RegisterApi(ImportRoutes, OfRegister, ModelRestApi):
    """The REST interface of one register. A browser's session will do, with the token of our pages; machines bring a bearer token."""

    allow_browser_login = True
    csrf_exempt = False
    include_route_methods = ROUTES
    page_size = 25

    def __init__(self) -> None:
        self._init_properties()
        self._init_titles()
        super(ModelRestApi, self).__init__()

    def _init_model_schemas(self) -> None:
        """Build no schemas: values are read and written by the fields themselves."""

    @staticmethod
    def response_401() -> Response:
        """Ask whoever did not sign in to do so."""
        return answer(401, gettext("请先登录"))

    @staticmethod
    def response_403() -> Response:
        """Say that this may not be done."""
        return answer(403, gettext("您没有这样做的权限"))

    @expose("/", methods=["GET"])
    @protect()
    def get_list(self) -> Response:
        asked = _asked()
        seen = {f.code: f for f in scope.fields_for(reading(), self.spec.code)}
        wanted = _names(asked.get("columns") or asked.get("select_columns"))
        fields = [f for c, f in seen.items() if not wanted or c in wanted]
        page, size = max(0, _number(asked, "page", 0)), _number(asked, "page_size", self.page_size)
        size = size if 0 < size <= LONGEST_PAGE else LONGEST_PAGE
        filters = asked.get("filters") or []
        if not isinstance(filters, list) or not all(
            isinstance(f, dict) and {"col", "opr", "value"} <= f.keys() for f in filters
        ):
            raise Refused(say("筛选条件须写成 col、opr、value"))
        self._filters.rest_add_filters(filters)
        count, found = self.datamodel.query(
            self._filters, str(asked.get("order_column", "")), str(asked.get("order_direction", "")), page, size,
            select_columns=[f.code for f in fields], search=str(asked.get("search", "")),
        )  # fmt: skip
        rows = [vars(r) for r in found]
        body = {"count": count, "ids": [r["id"] for r in rows], "result": [_json(fields, r, wanted) for r in rows]}
        return _answer(200, body | self._described(asked, fields, rows))

    def _described(self, asked: Mapping[str, Any], fields: list[Field], rows: list[dict[str, Any]]) -> dict[str, Any]:
        keys = _names(asked.get("keys"))
        more: dict[str, Any] = {
            "list_columns": [f.code for f in fields], "label_columns": {f.code: label(f.label) for f in fields},
            "order_columns": self.order_columns, "list_title": label(self.spec.label),
            "description_columns": {f.code: label(f.help) for f in fields if f.help},
        }  # fmt: skip
        found = {k: v for k, v in more.items() if not keys or k in keys}
        if "titles" in keys:
            names = Names(reading(), fields, rows)
            links = [f for f in fields if isinstance(f, Link)]
            found["titles"] = {
                f.code: {str(i): names.of(f, i) for r in rows for i in ids_of(r.get(f.code))} for f in links
            }
        return found

    @expose("/<pk>", methods=["GET"])
    @protect()
    def get(self, pk: str) -> Response:
        return self._one(record_id(pk), 200)

    def _one(self, number: int, status: int) -> Response:
        work = reading()
        row, fields = records.get(work, self.spec.code, number), scope.fields_for(work, self.spec.code)
        return _answer(status, {"id": number, "version": row["version"], "result": _json(fields, row, ())})

    @expose("/", methods=["POST"])
    @protect()
    def post(self) -> Response:
        values = self._values(_body(), {})
        with writing("api") as work:
            number = records.create(work, self.spec.code, values)
        return self._one(number, 201)

    @expose("/<pk>", methods=["PUT"])
    @protect()
    def put(self, pk: str) -> Response:
        number, body = record_id(pk), _body()
        version = body.pop("version", None)
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise Refused(say("version 须为整数"))
        values = self._values(body, records.get(reading(), self.spec.code, number))
        with writing("api") as work:
            records.update(work, self.spec.code, number, values, base_version=version)
        return self._one(number, 200)

    @expose("/<pk>", methods=["DELETE"])
    @protect()
    def delete(self, pk: str) -> Response:
        with writing("api") as work:
            records.remove(work, self.spec.code, record_id(pk))
        return _answer(200, {"message": "OK"})

    @expose("/<pk>/transitions/<name>", methods=["POST"])
    @protect()
    def transition(self, pk: str, name: str) -> Response:
        number, body = record_id(pk), _body()
        reason = str(body.get("reason") or "").strip()
        values = self._values(_mapping(body.get("values") or {}), records.get(reading(), self.spec.code, number))
        with writing("api", reason) as work:
            records.move(work, self.spec.code, number, name, values, reason=reason)
        return self._one(number, 200)

    @expose("/_info", methods=["GET"])
    @protect()
    def info(self) -> Response:
        work, code = reading(), self.spec.code
        keys = _names(_asked().get("keys"))
        seen = scope.fields_for(work, code)
        known = {
            "permissions": [p for p in self.base_permissions if self.appbuilder.sm.has_access(p, self.class_permission_name)],
            "add_columns": [openapi.column(f) for f in scope.fields_for(work, code, "add")] if scope.may(work, code, "add") else [],
            "edit_columns": [openapi.column(f) for f in scope.fields_for(work, code, "edit")] if scope.may(work, code, "edit") else [],
            "filters": {f.code: [{"name": str(o.name), "operator": o.arg_name} for o in operations(f)] for f in seen},
            "add_title": label(self.spec.label), "edit_title": label(self.spec.label),
        }  # fmt: skip
        return _answer(200, {k: v for k, v in known.items() if not keys or k in keys})

    def _values(self, body: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
        """Return a body's values as Python values. Raises Invalid with every one that cannot be read."""
        values, errors = {}, []
        for code, given in body.items():
            field = self.spec.column(code)
            try:
                values[code] = field.from_json(given) if field is not None else given
                if isinstance(field, File) and (
                    why := files.unusable(reading(), ids_of(values[code]), ids_of(held.get(code)))
                ):
                    raise Unreadable(why)
            except Unreadable as unreadable:
                errors.append(CellError(code, unreadable.reason, str(given)[:200]))
            except (TypeError, ValueError, OverflowError):
                errors.append(
                    CellError(code, say("“{text}”不是这一项能接受的值", text=str(given)[:60]), str(given)[:200])
                )
        if errors:
            raise Invalid(errors)
        return values


def _json(fields: Any, row: Mapping[str, Any], wanted: Any) -> dict[str, Any]:
    found = {c: row[c] for c in SYSTEM if c in row and (not wanted or c in wanted or c == "id")}
    for f in fields:
        found[f.code] = f.to_json(row.get(f.code))
        if isinstance(f, Signature):
            found[f"{f.code}_at"] = row.get(f"{f.code}_at")
    return found


def _answer(status: int, body: Any) -> Response:
    return Response(
        orjson.dumps(body, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS), status, mimetype="application/json"
    )


def _body() -> dict[str, Any]:
    if not request.is_json:
        raise Refused(say("请以 JSON 提交"))
    return dict(_mapping(request.get_json()))


def _mapping(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise Refused(say("须为 JSON 对象"))
    return given


def _asked() -> Mapping[str, Any]:
    """Return the argument ``q``, as Rison or as JSON like FAB's own interfaces take it. Raises Refused."""
    text = request.args.get("q", "")
    try:
        return _mapping(json.loads(text) if text.startswith("{") else prison.loads(text) if text else {})
    except (ParserException, ValueError, TypeError, RecursionError):
        raise Refused(say("参数 q 须为 Rison 或 JSON")) from None


def _names(given: Any) -> list[str]:
    return [str(n) for n in given] if isinstance(given, list) else []


def _number(asked: Mapping[str, Any], name: str, default: int) -> int:
    given = asked.get(name, default)
    if not isinstance(given, int) or isinstance(given, bool) or abs(given) > 10**9:
        raise Refused(say("{name} 须为整数", name=name))
    return given

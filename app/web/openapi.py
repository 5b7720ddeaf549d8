"""A register as OpenAPI describes it, from its fields."""

from __future__ import annotations

from typing import Any

from apispec import APISpec

from app.catalog.register import RegisterSpec
from app.fields.base import Field, Storage
from app.fields.texts import Choices, Text
from app.web.language import label

_KINDS: dict[Storage, dict[str, Any]] = {
    Storage.TEXT: {"type": "string"}, Storage.INTEGER: {"type": "integer", "format": "int64"},
    Storage.SCALED: {"type": "string", "format": "decimal"},
    Storage.DATE: {"type": "string", "format": "date"}, Storage.MOMENT: {"type": "string", "format": "date-time"},
    Storage.BOOLEAN: {"type": "boolean"}, Storage.WORDS: {"type": "string"}, Storage.LINK: {"type": "integer", "format": "int64"},
}  # fmt: skip


def schema(f: Field) -> dict[str, Any]:
    """Return a field's JSON schema."""
    one = dict(_KINDS[f.storage])
    if isinstance(f, Choices):
        one["enum"] = [o.code for o in f.choices]
    if isinstance(f, Text):
        one["maxLength"] = f.max_length
    several = f.many or f.storage is Storage.WORDS
    made: dict[str, Any] = {"type": "array", "items": one} if several else one
    made |= {"title": label(f.label), "nullable": True}
    return made | ({"description": label(f.help)} if f.help else {}) | ({"readOnly": True} if not f.typed else {})


def column(f: Field) -> dict[str, Any]:
    """Return a field as ``_info`` lists it, with FAB's names."""
    return {
        "name": f.code, "label": label(f.label), "description": label(f.help) if f.help else "", "type": f.type,
        "required": f.required, "unique": f.unique, "schema": schema(f),
    }  # fmt: skip


def describe(spec: APISpec, register: RegisterSpec, name: str) -> None:
    """Add a register's schemas and paths to the description."""
    typed = [f for f in register.fields if f.typed]
    stamps = {
        "id": {"type": "integer"},
        "record_no": {"type": "string"},
        "state": {"type": "string", "nullable": True},
        "version": {"type": "integer"},
    }
    out = {"type": "object", "properties": {**stamps, **{f.code: schema(f) for f in register.fields}}}
    put = {"type": "object", "properties": {"version": {"type": "integer"}, **{f.code: schema(f) for f in typed}}}
    post: dict[str, Any] = {"type": "object", "properties": {f.code: schema(f) for f in typed}}
    if required := [f.code for f in typed if f.required]:
        post["required"] = required
    for suffix, made in (("get_list", out), ("get", out), ("post", post), ("put", put)):
        spec.components.schema(f"{name}.{suffix}", made)
    base, tag = f"/api/v1/{register.code}", label(register.label)
    spec.path(f"{base}/", operations={
        "get": operation(tag, "列表", {
            "count": {"type": "integer"}, "ids": _array({"type": "integer"}), "result": _array(_ref(name, "get_list")),
        }, _ASKED),
        "post": operation(tag, "新增", _one(name), (), _ref(name, "post"), "201"),
    })  # fmt: skip
    spec.path(
        f"{base}/_info", operations={"get": operation(tag, "字段与权限", {"permissions": _array({"type": "string"})})}
    )
    spec.path(f"{base}/{{pk}}", operations={
        "get": operation(tag, "查看", _one(name), (_PK,)),
        "put": operation(tag, "修改", _one(name), (_PK,), _ref(name, "put")),
        "delete": operation(tag, "归档", {"message": {"type": "string"}}, (_PK,)),
    })  # fmt: skip
    if register.workflow:
        codes = [t.code for t in register.workflow.transitions if not t.auto]
        move = {"in": "path", "name": "name", "required": True, "schema": {"type": "string", "enum": codes}}
        body = {"type": "object", "properties": {"values": _ref(name, "put"), "reason": {"type": "string"}}}
        spec.path(
            f"{base}/{{pk}}/transitions/{{name}}",
            operations={"post": operation(tag, "流转", _one(name), (_PK, move), body)},
        )


_PK = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer"}}
_FILTER = {
    "type": "object",
    "required": ["col", "opr", "value"],
    "properties": {"col": {"type": "string"}, "opr": {"type": "string"}, "value": {}},
}
_ASKED = ({"in": "query", "name": "q", "content": {"application/json": {"schema": {"type": "object", "properties": {
    "page": {"type": "integer"}, "page_size": {"type": "integer", "maximum": 200}, "order_column": {"type": "string"},
    "order_direction": {"type": "string", "enum": ["asc", "desc"]}, "search": {"type": "string"},
    "columns": {"type": "array", "items": {"type": "string"}}, "keys": {"type": "array", "items": {"type": "string"}},
    "filters": {"type": "array", "items": _FILTER},
}}}}},)  # fmt: skip


def _ref(name: str, suffix: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}.{suffix}"}


def _array(kind: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": kind}


def _one(name: str) -> dict[str, Any]:
    return {"id": {"type": "integer"}, "version": {"type": "integer"}, "result": _ref(name, "get")}


def operation(
    tag: str,
    summary: str,
    gives: dict[str, Any],
    asks: Any = (),
    body: dict[str, Any] | None = None,
    status: str = "200",
) -> dict[str, Any]:
    """Return one operation: what it asks, what it ``gives``, and how it refuses."""
    failed = {"description": "Refused", "content": {"application/json": {"schema": {"type": "object", "properties": {
        "message": {"type": "string"}, "errors": _array({"type": "object"}),
    }}}}}  # fmt: skip
    good = {"description": "OK", "content": {"application/json": {"schema": {"type": "object", "properties": gives}}}}
    made: dict[str, Any] = {
        "tags": [tag], "summary": summary, "parameters": list(asks), "security": [{"jwt": []}],
        "responses": {status: good, **{code: failed for code in ("400", "401", "403", "404", "409", "422")}},
    }  # fmt: skip
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made

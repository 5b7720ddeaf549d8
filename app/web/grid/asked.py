"""What a body asks for, as the services understand it; anything else is refused with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

import orjson
from flask import Response, request

from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import Refused, Sentence, say
from app.fields.base import Field, Storage, Unreadable
from app.fields.label import Label
from app.fields.links import Link, Person, Signature
from app.fields.times import Moment
from app.services import lookup, scope
from app.services.filtering import DUE, ME, Filter, Part, Tree
from app.services.grouping import Grouping, Stretch
from app.services.ordering import Sort
from app.services.panel import Work

LEAVES, DEPTH, LONGEST = 100, 8, 200
_DUE = Moment(code=DUE, label=Label(zh="办理期限", en="Due"))


def answer(body: Any, status: int = 200) -> Response:
    """Return a body as JSON."""
    return Response(orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS), status, mimetype="application/json")


def body() -> Mapping[str, Any]:
    """Return the JSON object that was sent. Raises Refused."""
    if not request.is_json:
        raise Refused(say("请以 JSON 提交"))
    return mapping(request.get_json(silent=True))


def mapping(given: Any) -> Mapping[str, Any]:
    """Return a JSON object. Raises Refused."""
    if not isinstance(given, dict):
        raise Refused(say("须为 JSON 对象"))
    return given


def items(given: Any, name: str, most: int = 5_000) -> list[Any]:
    """Return a JSON list of at most ``most``; an absent one is empty. Raises Refused."""
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > most:
        raise Refused(say("{name} 须为最多 {n} 项的列表", name=name, n=most))
    return given


def number(given: Any, name: str, default: int, most: int = 10**9) -> int:
    """Return a whole number from 0 to ``most``. Raises Refused."""
    if given is None:
        return default
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= most:
        raise Refused(say("{name} 须为整数", name=name))
    return given


def ids(given: Any, most: int = 500) -> list[int]:
    """Return records' numbers. Raises Refused."""
    found = items(given, "ids", most)
    if not all(isinstance(i, int) and not isinstance(i, bool) and 0 < i < 2**63 for i in found):
        raise Refused(say("ids 须为记录的编号"))
    return list(dict.fromkeys(found))


def words(given: Any, name: str, most: int = 200) -> list[str] | None:
    """Return a list of codes; None where none is given. Raises Refused."""
    return None if given is None else [str(one) for one in items(given, name, most)]


def text(given: Any, most: int = LONGEST) -> str:
    """Return a text, cut at ``most`` characters."""
    return given[:most] if isinstance(given, str) else ""


def sort(given: Any) -> list[Sort]:
    """Return sort keys. Raises Refused."""
    return [Sort(_code(one), bool(mapping(one).get("desc"))) for one in items(given, "sort", 20)]


def groups(given: Any) -> list[Grouping]:
    """Return the levels of groups. Raises Refused."""
    found = []
    for one in items(given, "group", 2):
        by = mapping(one).get("by") or ""
        if by not in ("", "day", "month", "year"):
            raise Refused(say("只有日期可以按日、月、年分组"))
        found.append(Grouping(_code(one), bool(one.get("desc")), cast(Stretch, by)))
    return found


def _code(given: Any) -> str:
    code = mapping(given).get("field")
    if not isinstance(code, str):
        raise Refused(say("须写明列名"))
    return code


def filters(work: Work, register: str, given: Any) -> list[Part]:
    """Return a filter tree with every value read as its column's type. Raises Refused."""
    if given is None:
        return []
    left = [LEAVES]
    return [_tree(work, work.spec(register), mapping(given), left, DEPTH)]


def _tree(work: Work, spec: RegisterSpec, given: Mapping[str, Any], left: list[int], depth: int) -> Part:
    if depth == 0 or left[0] <= 0:
        raise Refused(say("筛选条件太多或嵌套太深"))
    for how in ("all", "any"):
        if given.keys() == {how}:
            parts = items(given[how], how, LEAVES)
            return Tree(how, tuple(_tree(work, spec, mapping(p), left, depth - 1) for p in parts))
    if given.keys() == {"not"}:
        return Tree("not", (_tree(work, spec, mapping(given["not"]), left, depth - 1),))
    if not {"field", "op"} <= given.keys() <= {"field", "op", "value"}:
        raise Refused(say("筛选条件须写成 field、op、value"))
    left[0] -= 1
    code, op = _code(given), str(given["op"])
    return Filter(code, op, _operand(work, spec, code, op, given.get("value")))


def _operand(work: Work, spec: RegisterSpec, code: str, op: str, given: Any) -> Any:
    if op in ("empty", "filled", "overdue"):
        return None
    if op in ("contains", "starts", "within"):
        return text(given if isinstance(given, str) else str(given))
    field = next((f for f in scope.fields_for(work, spec.code) if f.code == code), None) or SYSTEM.get(code)
    if field is None and code == DUE:
        field = _DUE
    if field is None and code != "id":
        raise Refused(say("没有名为“{field}”的列可供筛选", field=code[:60]))
    if op == "in":
        return tuple(_one(work, spec, field, v) for v in items(given, "value", 1_000))
    return _one(work, spec, field, given)


def _one(work: Work, spec: RegisterSpec, field: Field | None, given: Any) -> Any:
    if given is None or (given == ME and isinstance(field, Person | Signature)):
        return given
    if field is not None and field.code == "state":
        return _state(spec, str(given))
    if isinstance(field, Link) and isinstance(given, str):
        found = lookup.resolve(work, field, [given]).get(given) or say("没有找到")
        if isinstance(found, Sentence):
            raise Refused(found)
        return found
    value = read(field, given)
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _state(spec: RegisterSpec, given: str) -> str:
    states = spec.workflow.states if spec.workflow else ()
    return next((s.code for s in states if given in (s.code, s.label.zh, s.label.en)), given)


def read(field: Field | None, given: Any) -> Any:
    """Return a value that came as a cell, or as text; None for a blank. Raises Refused."""
    if given in (None, "", []):
        return None
    try:
        if field is None or field.storage is Storage.LINK:
            several = field is not None and field.many and isinstance(given, list)
            found = tuple(map(_id, given)) if several else _id(given)
            return found or None
        return field.from_json(given)
    except Unreadable as unreadable:
        raise Refused(unreadable.reason) from None
    except (TypeError, ValueError, OverflowError):
        raise Refused(say("“{text}”不是这一项能接受的值", text=str(given)[:60])) from None


def _id(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int | str) or not 0 <= int(given) < 2**63:
        raise ValueError(given)
    return int(given)


def month(given: Any) -> date:
    """Return the first day of a month written ``2026-03``. Raises Refused."""
    try:
        return date.fromisoformat(f"{text(given, 7)}-01")
    except ValueError:
        raise Refused(say("月份请写成 2026-03")) from None

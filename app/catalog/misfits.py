"""What pydantic refuses, as findings in the words of whoever wrote the definition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from app.catalog.base import CODE
from app.catalog.blank_words import called, in_words
from app.catalog.findings import Finding
from app.catalog.marked import Loc, Source
from app.errors import Called, Sentence, say
from app.fields.base import Field as Column
from app.fields.kinds import FIELD_TYPES

_WANTED = {
    "string": say("文字"),
    "int": say("整数"),
    "bool": say("true 或 false"),
    "decimal": say("数字"),
    "date": say("日期，如 2026-03-05"),
    "tuple": say("列表"),
    "dict": say("一组“键: 值”"),
    "model": say("一组“键: 值”"),
}
_PATTERNS = {
    CODE: say("以小写字母开头，只含小写字母、数字和下划线，最多 41 个字"),
    r"^[A-Z][A-Z0-9_]{0,19}$": say("以大写字母开头，只含大写字母、数字和下划线，最多 20 个字"),
    r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$": say("写成 03-25"),
    r"^(\d{2}:\d{2}|close)?$": say("写成 10:00 或 close"),
}
_SHORT = ("Label", "Option", "Party", "Start", "Done", "Sign")
"""Classes that are mostly written as one word."""
_SIGNS = {"greater_than": ">", "greater_than_equal": "≥", "less_than": "<", "less_than_equal": "≤"}
PARTS = {
    "name one of: field, role, superior_of": in_words(
        "Party", say("“{field}”、“{role}”、“{superior_of}”必须且只能写一个")
    ),
    "give one form of amount": in_words(
        "Amount",
        say(
            "金额只能写一种：“{money}”、“{percent}”、“{points}”、“{sanction}”，或“{bands}”、“{ladder}”、“{interest}”、“{same_as}”之一"
        ),
    ),
    "give percent or percent_field": in_words("Interest", say("“{percent}”与“{percent_field}”必须且只能写一个")),
    "give numerator or parts": in_words("Indicator", say("“{numerator}”与“{parts}”必须且只能写一个")),
    "give ge or le": in_words("Target", say("“{ge}”与“{le}”至少写一个")),
    "give while or unless": in_words("Refusal", say("“{while}”与“{unless}”只能写一个")),
    "days goes with window: rolling": in_words("Counter", say("“{rolling}”须写“{days}”，其他周期不能写")),
    "give exactly one of: period, between, months": in_words(
        "Every", say("“{period}”、“{between}”、“{months}”必须且只能写一个")
    ),
    "months are counted from since": in_words("Every", say("“{months}”须写明“{since}”：从哪个日期字段起算")),
    "steps lead up from superior_of": in_words("Party", say("“{steps}”只能与“{superior_of}”一起写")),
    "a condition is one field with one comparison": in_words(
        "Condition", say("一个条件是一个字段加一个比较，或“{all}”、“{any}”、“{not}”之一")
    ),
    "give exactly one of: minutes, hours, days, working_days, half_working_days, months, field": in_words(
        "Limit",
        say(
            "“{minutes}”、“{hours}”、“{days}”、“{working_days}”、“{half_working_days}”、“{months}”、“{field}”必须且只能写一个"
        ),
    ),
    "give exactly one of: minutes, hours, days, working_days, months": in_words(
        "Span", say("“{minutes}”、“{hours}”、“{days}”、“{working_days}”、“{months}”必须且只能写一个")
    ),
    "a record elsewhere needs both register and through": in_words(
        "Done", say("“{register}”与“{through}”要么都写，要么都不写")
    ),
    "give one of: fields, lines, rows, text, signs": in_words(
        "Block", say("“{fields}”、“{lines}”、“{rows}”、“{text}”、“{signs}”必须且只能写一个")
    ),
    "name a field or a label": in_words("Sign", say("签字处须写“{field}”或“{label}”；“{seal}”处只写“{label}”")),
    "give field or state": in_words("Trigger", say("“{field}”与“{state}”必须且只能写一个")),
    "an automatic number needs exactly one {seq:n}": say("自动编号必须且只能含一个 {{seq:n}}"),
    "an automatic number knows": say("自动编号只能含 {{yyyy}} {{yy}} {{mm}} {{dd}} {{seq:n}}"),
}
"""What our own validators say in English, by how it begins; the longer beginning first."""


def _classes(annotation: Any) -> list[type[BaseModel]]:
    """Return the classes that a value of ``annotation`` may be made of, through lists, options and unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [c for part in get_args(annotation) for c in _classes(part)]


def _keys(kind: type[BaseModel]) -> dict[str, Any]:
    return {f.alias or name: f.annotation for name, f in kind.model_fields.items()}


def _parts(model: type[BaseModel], loc: Loc) -> list[type[BaseModel]]:
    """Return the classes that what stands at ``loc`` of a document of ``model`` may be made of."""
    classes = [model]
    for step in loc:
        if isinstance(step, str) and step in FIELD_TYPES and all(issubclass(c, Column) for c in classes):
            classes = [FIELD_TYPES[step]]
        elif isinstance(step, str):
            classes = [c for kind in classes for c in _classes(_keys(kind).get(step))]
    return classes


def _known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """Return the keys that may stand at ``loc`` of a document of ``model``, in order."""
    return list(dict.fromkeys(k for kind in _parts(model, loc) for k in _keys(kind)))


def called_at(model: type[BaseModel], loc: Loc) -> Called | str:
    """Return what pages call the key that ``loc`` ends with, in a document of ``model``."""
    around = next(iter(_parts(model, loc[:-1])), model)
    part = next((name for name, kind in FIELD_TYPES.items() if kind is around), around.__name__)
    return called(part, str(loc[-1]))


def _written(loc: Loc) -> Loc:
    """Return pydantic's location without the names of field types, which nobody wrote: ``fields, 3, text, code``."""
    return tuple(s for i, s in enumerate(loc) if not (i == 2 and loc[0] == "fields" and s in FIELD_TYPES))


def _shown(value: Any) -> Any:
    match value:
        case None:
            return say("空")
        case bool():
            return str(value).lower()
        case dict():
            return say("一组“键: 值”")
        case list() | tuple():
            return say("列表")
        case date():
            return say("日期 {day}", day=value.isoformat())
        case str():
            return f"“{value[:60]}”"
    return str(value)


def choose(given: str, known: Iterable[str]) -> Sentence:
    """Return the hint after an unknown word: the one that was meant, or all that may be written."""
    words = list(known)
    if close := get_close_matches(given, words, n=1):
        return say("是否想写“{word}”？", word=close[0])
    return say("可写：{words}", words="、".join(words[:40])) if words else say("还没有定义任何一个")


def without_unknown(data: Any, error: ValidationError) -> Any:
    """Return ``data`` without its unknown keys, where nothing else is wrong with it; else None.

    The rest of a definition can then still be checked while a mistyped key is reported.
    """
    for e in error.errors(include_url=False):
        if e["type"] != "extra_forbidden":
            return None
        node = data
        for step in e["loc"][:-1]:
            if (isinstance(node, dict) and step in node) or (isinstance(node, list) and isinstance(step, int)):
                node = node[step]  # type: ignore[index]
        if isinstance(node, dict):
            node.pop(e["loc"][-1], None)
    return data


def misfits(error: ValidationError, model: type[BaseModel], source: Source) -> Iterator[Finding]:
    """Yield a finding for each thing that kept a document from being a ``model``."""
    for e in error.errors(include_url=False):
        loc, given, context = tuple(e["loc"]), e["input"], e.get("ctx", {})
        check, sentence = _sentence(str(e["type"]), str(e["msg"]), loc, given, context, model)
        where = (*loc, "type") if e["type"].startswith("union_tag") else loc
        yield source.finding(check, _written(where), sentence)


def unlike(wanted: Sentence, given: Any) -> Sentence:
    """Return that a value of another kind is wanted."""
    if wanted is _WANTED["string"] and isinstance(given, bool | int | Decimal | date):
        return say("应为{wanted}，这里是{given}，请加引号", wanted=wanted, given=_shown(given))
    return say("应为{wanted}，这里是{given}", wanted=wanted, given=_shown(given))


def _sentence(
    kind: str, message: str, loc: Loc, given: Any, context: dict[str, Any], model: type[BaseModel]
) -> tuple[str, Sentence]:
    """Return the check and the sentence for one of pydantic's errors."""
    match kind:
        case "missing":
            return "D201", say("缺少“{key}”", key=called_at(model, loc))
        case "union_tag_not_found":
            return "D201", say("缺少“{key}”", key=called("", "type"))
        case "extra_forbidden":
            hint = choose(str(loc[-1]), _known_keys(model, loc[:-1]))
            return "D202", say("没有“{key}”这一项，{hint}", key=loc[-1], hint=hint)
        case "union_tag_invalid":
            tag = str(context["tag"])
            return "D203", say("没有“{type}”这种字段类型，{hint}", type=tag, hint=choose(tag, FIELD_TYPES))
        case "literal_error":
            allowed = "、".join(re.findall(r"'([^']*)'", str(context["expected"]))) or str(context["expected"])
            return "D204", say("{value}不可用，可写：{allowed}", value=_shown(given), allowed=allowed)
        case "string_pattern_mismatch":
            how = _PATTERNS.get(context["pattern"], say("须符合 {pattern}", pattern=context["pattern"]))
            return "D205", say("“{value}”写法不对，{how}", value=given, how=how)
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            limit = next(iter(context.values()))
            return "D207", say("{value} 超出范围，须 {sign} {limit}", value=given, sign=_SIGNS[kind], limit=limit)
        case "too_short":
            return "D208", say("至少要有一项")
        case "value_error":
            text = str(context["error"])
            other = say("写法不对：{text}", text=text)
            return "D209", next((s for start, s in PARTS.items() if text.startswith(start)), other)
    wanted = _WANTED.get("string" if context.get("class_name") in _SHORT else kind.split("_")[0])
    return "D206", unlike(wanted, given) if wanted else say("写法不对：{text}", text=message)

"""From syntax to meaning: names found, types settled, every misuse told with its place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.catalog.formula.criterion import criterion
from app.catalog.formula.functions import FUNCTIONS, OFFERED
from app.catalog.formula.functions.function import Function, Param
from app.catalog.formula.functions.numbers import exact, over
from app.catalog.formula.functions.operators import AS_TEXT
from app.catalog.formula.kinds import NAMES, Kind, Shape
from app.catalog.formula.names import Names, Registers, Rows, shape_of
from app.catalog.formula.parser import parse
from app.catalog.formula.syntax import Apply, Constant, Name, Written
from app.catalog.formula.tokens import Faulty
from app.catalog.formula.tree import Call, Fixed, Gathered, Given, How, Only, Tree
from app.catalog.misfits import choose
from app.catalog.register import RegisterSpec
from app.errors import Sentence, say
from app.fields.base import Field
from app.fields.links import Person, Reference, Unit
from app.fields.numbers import Integer, Scaled, YesNo
from app.fields.texts import LongText, Text
from app.fields.times import Date, Moment

_MOST_PLACES = 12
_HOW: dict[str, How] = {"SUM": "sum", "COUNT": "count", "MIN": "min", "MAX": "max"}


def read(text: str, catalog: Registers, spec: RegisterSpec) -> Tree:
    """Return what a formula of a register means.

    Raises Faulty with the place of the first thing that is wrong.
    """
    return _Reading(Names(catalog, spec)).tree(parse(text))


def read_for(field: Field, catalog: Registers, spec: RegisterSpec) -> Tree:
    """Return what the formula of a field means, as a value of the field's type.

    Raises Faulty also where it gives another type.
    """
    tree, end = read(field.formula, catalog, spec), len(field.formula)
    shape = shape_of(spec, field)
    if shape is None or not isinstance(field, _WORKED_OUT):
        raise Faulty(say("“{field}”的类型不能由公式得出", field=field.label.zh), 0, end)
    if tree.kind is shape.kind:
        if shape.kind is not Kind.LINK or (isinstance(tree, Given) and tree.source.shape.target == shape.target):
            return tree
        raise Faulty(say("公式给出的引用与“{field}”指向的不同", field=field.label.zh), 0, end)
    if tree.kind is Kind.BLANK:
        return Fixed(None, shape.kind)
    if tree.kind is Kind.MOMENT and shape.kind is Kind.DATE:
        return Call("day of", (tree,), Kind.DATE)
    other = say(
        "公式得出{found}，而“{field}”是{wanted}", found=NAMES[tree.kind], field=field.label.zh, wanted=NAMES[shape.kind]
    )
    raise Faulty(other, 0, end)


_WORKED_OUT = (Text, LongText, Integer, Scaled, Date, Moment, YesNo, Person, Unit, Reference)
"""Types of fields that a formula can give the value of."""


@dataclass(frozen=True)
class _Reading:
    names: Names

    def tree(self, written: Written) -> Tree:
        """Return the meaning of a part."""
        match written:
            case Constant(value=bool() as value):
                return Fixed(value, Kind.BOOLEAN)
            case Constant(value=Decimal() as value):
                return Fixed(exact(value), Kind.NUMBER)
            case Constant(value=value):
                return Fixed(value, Kind.TEXT if value else Kind.BLANK)
            case Name():
                return Given(self.names.value(written), written.start, written.end)
            case Apply():
                return self._applied(written)
        raise TypeError(written)

    def _applied(self, written: Apply) -> Tree:
        function = FUNCTIONS.get(written.name)
        if function is None:
            hint = choose(written.name, [f.name for f in OFFERED])
            absent = say("没有函数“{name}”，{hint}", name=written.name, hint=hint)
            raise Faulty(absent, written.start, written.start + len(written.name))
        if function.linked and (gathered := self._gathered(function, written)) is not None:
            return gathered
        parts = [self.tree(p) for p in written.parts]
        if written.name == "neg" and isinstance(parts[0], Fixed) and isinstance(parts[0].value, Decimal):
            return Fixed(-parts[0].value + 0, Kind.NUMBER)
        if written.name == "%" and isinstance(parts[0], Fixed) and isinstance(parts[0].value, Decimal):
            return Fixed(over(parts[0].value, Decimal(100)), Kind.NUMBER)
        return self._call(_overloaded(function, parts), written, parts)

    def _call(self, function: Function, written: Apply, parts: list[Tree]) -> Call:
        params = function.arranged(len(parts))
        if params is None:
            usage = say("{name} 的参数个数不对，写法：{usage}", name=function.name, usage=function.usage.zh)
            raise Faulty(usage, written.start, written.end)
        groups = {p.group: _common(p, params, parts, written) for p in params if p.group}
        fitted = [
            _fitted(function, groups.get("a", Kind.ANY), p, groups.get(p.group, p.kind), part, at)
            for p, part, at in zip(params, parts, written.parts, strict=True)
        ]
        fitted = _worded(params, fitted, written)
        gives = function.gives
        kind = gives if isinstance(gives, Kind) else groups[gives]
        return Call(function.name, tuple(fitted), kind)

    def _gathered(self, function: Function, written: Apply) -> Tree | None:
        """Return a figure over records that point here, where the first argument names such; None otherwise."""
        first = written.parts[0] if written.parts else None
        rows = self.names.rows(first) if isinstance(first, Name) else None
        if rows is None or first is None:
            if function.name in ("COUNTIF", "SUMIF", "AVERAGEIF"):
                usage = say("{name} 的第一项应是指向这里的记录，如 [登记簿].[字段]", name=function.name)
                raise Faulty(usage, written.start, written.end)
            return None
        if function.name in _HOW or function.name == "AVERAGE":
            if len(written.parts) > 1:
                raise Faulty(say("对指向这里的记录汇总时只能写一项"), written.parts[1].start, written.end)
            return self._figure(function.name, rows, None, first)
        return self._conditional(function, rows, written)

    def _conditional(self, function: Function, rows: Rows, written: Apply) -> Tree:
        params = function.arranged(len(written.parts))
        first = written.parts[0]
        if params is None or rows.field is None:
            usage = say("{name} 的参数个数不对，写法：{usage}", name=function.name, usage=function.usage.zh)
            raise Faulty(usage, written.start, written.end)
        wanted, at = self.tree(written.parts[1]), written.parts[1]
        only = criterion(rows.register, rows.field, wanted, at)
        if function.name == "COUNTIF":
            return self._figure("COUNT", Rows(rows.register, rows.through, None), only, first)
        summed = self.names.rows(written.parts[2]) if isinstance(written.parts[2], Name) else None
        if summed is None or summed.register is not rows.register or summed.through != rows.through:
            same = say("条件和汇总的字段应在同一登记簿")
            raise Faulty(same, written.parts[2].start, written.parts[2].end)
        return self._figure(function.name.removesuffix("IF"), summed, only, written.parts[2])

    def _figure(self, name: str, rows: Rows, only: Only | None, at: Written) -> Tree:
        if name == "AVERAGE":
            parts = self._figure("SUM", rows, only, at), self._figure("COUNT", rows, only, at)
            return Call("/", parts, Kind.NUMBER)
        if rows.field is None:
            if name != "COUNT":
                needs = say("请写明字段，如 [{register}].[字段]", register=rows.register.label.zh)
                raise Faulty(needs, at.start, at.end)
            return Given(
                Gathered(rows.register.code, rows.through, "count", "", only, Shape(Kind.NUMBER)), at.start, at.end
            )
        shape = shape_of(rows.register, rows.field)
        fit = {"SUM": (Kind.NUMBER,), "MIN": _SPANNED, "MAX": _SPANNED}.get(name)
        if shape is None or (fit and shape.kind not in fit):
            unfit = say("“{field}”不能用 {name} 汇总", field=rows.field.label.zh, name=name)
            raise Faulty(unfit, at.start, at.end)
        counted = Shape(Kind.NUMBER) if name == "COUNT" else shape
        return Given(
            Gathered(rows.register.code, rows.through, _HOW[name], rows.field.code, only, counted), at.start, at.end
        )


_SPANNED = (Kind.NUMBER, Kind.DATE, Kind.MOMENT)


def _overloaded(function: Function, parts: list[Tree]) -> Function:
    """Return the sum or difference that is meant: of numbers, of a day and a number, of two days or moments."""
    if function.name not in "+-" or len(parts) != 2:
        return function
    left, right = (p.kind for p in parts)
    timely = (Kind.DATE, Kind.MOMENT)
    if function.name == "+" and left is Kind.NUMBER and right in timely:
        parts.reverse()
        return FUNCTIONS["date+"]
    if left in timely and right is Kind.NUMBER:
        return FUNCTIONS[f"date{function.name}"]
    if function.name == "-" and left in timely and right in timely:
        return FUNCTIONS["span" if left is right is Kind.MOMENT else "days"]
    return function


def _common(param: Param, params: object, parts: list[Tree], written: Apply) -> Kind:
    """Return the one type of all arguments of a group; a moment beside a day counts as its day."""
    group = [(p, at) for q, p, at in zip(params, parts, written.parts, strict=True) if q.group == param.group]  # type: ignore[call-overload]
    kinds = {p.kind for p, _ in group} - {Kind.BLANK}
    if kinds == {Kind.DATE, Kind.MOMENT}:
        kinds = {Kind.DATE}
    if len(kinds) > 1:
        first = next(p.kind for p, _ in group if p.kind is not Kind.BLANK)
        other, at = next((p, at) for p, at in group if p.kind not in (first, Kind.BLANK))
        unlike = say("这里是{found}，与前面的{wanted}不是同一类型", found=NAMES[other.kind], wanted=NAMES[first])
        raise Faulty(unlike, at.start, at.end)
    kind = next(iter(kinds), Kind.TEXT)
    if param.among and kind not in param.among:
        if kind is Kind.MOMENT and Kind.DATE in param.among:
            return Kind.DATE
        at = group[0][1]
        unfit = say("这里应是{wanted}，现在是{found}", wanted=_either(param.among), found=NAMES[kind])
        raise Faulty(unfit, at.start, at.end)
    return kind


def _either(kinds: tuple[Kind, ...]) -> Sentence:
    found = NAMES[kinds[0]]
    for kind in kinds[1:]:
        found = say("{one}或{other}", one=found, other=NAMES[kind])
    return found


def _fitted(function: Function, of: Kind, param: Param, wanted: Kind, part: Tree, at: Written) -> Tree:
    """Return an argument as the type that a function takes; ``of`` is the type of what it is applied to. Raises Faulty."""
    if param.fixed:
        _demand_fixed(function, of, part, at)
    if part.kind is wanted or wanted is Kind.ANY:
        return part
    if part.kind is Kind.BLANK:
        return Fixed("" if wanted is Kind.TEXT else None, wanted)
    if wanted is Kind.TEXT and param.loose and part.kind in AS_TEXT:
        return Call(AS_TEXT[part.kind], (part,), Kind.TEXT)
    if wanted is Kind.DATE and part.kind is Kind.MOMENT:
        return Call("day of", (part,), Kind.DATE)
    hint: Sentence | str = ""
    if part.kind is Kind.TEXT and wanted is Kind.NUMBER:
        hint = say("，可用 VALUE 转换")
    elif part.kind is Kind.TEXT and wanted is Kind.DATE:
        hint = say("，可用 DATE(年, 月, 日)")
    unfit = say("这里应是{wanted}，现在是{found}{hint}", wanted=NAMES[wanted], found=NAMES[part.kind], hint=hint)
    raise Faulty(unfit, at.start, at.end)


def _demand_fixed(function: Function, of: Kind, part: Tree, at: Written) -> None:
    if not isinstance(part, Fixed) or part.kind is Kind.BLANK:
        raise Faulty(say("{name} 的这一项须直接写出，不能计算", name=function.name), at.start, at.end)
    value = part.value
    choices = function.choices_of.get(of, function.choices)
    if choices and value not in choices:
        raise Faulty(say("这里可写：{words}", words="、".join(choices)), at.start, at.end)
    limit = 9 if function.name in ("POWER", "^") else 2 if function.name == "WEEKDAY" else _MOST_PLACES
    if isinstance(value, Decimal) and (value != int(value) or abs(value) > limit):
        raise Faulty(say("这里应是 -{n} 至 {n} 的整数", n=limit), at.start, at.end)


def _worded(params: object, parts: list[Tree], written: Apply) -> list[Tree]:
    """Return the arguments with the codes of choices as the texts they read as; a text that is no choice is refused."""
    found = list(parts)
    for i, (p, part) in enumerate(zip(params, parts, strict=True)):  # type: ignore[call-overload]
        if not isinstance(part, Fixed) or not part.value or part.kind is not Kind.TEXT or not p.group:
            continue
        beside = [q for r, q in zip(params, parts, strict=True) if r.group == p.group]  # type: ignore[call-overload]
        words = dict(w for q in beside if isinstance(q, Given) for w in q.source.shape.words)
        if written.name not in ("=", "<>", "SWITCH") or not words:
            continue
        if part.value not in words and part.value not in words.values():
            at, hint = written.parts[i], choose(str(part.value), words.values())
            raise Faulty(say("没有选项“{value}”，{hint}", value=part.value, hint=hint), at.start, at.end)
        found[i] = Fixed(words.get(str(part.value), str(part.value)), Kind.TEXT)
    return found

"""What publishing will change, in sentences a policy officer understands; and what it must not change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from pydantic import BaseModel

from app.catalog.amount import Amount
from app.catalog.base import Citation, Dated, Party, texts_in
from app.catalog.breach import Breach
from app.catalog.catalog import Catalog
from app.catalog.duty import Duty, Limit, Span, Start
from app.catalog.findings import Finding
from app.catalog.indicator import Target
from app.catalog.loader import written
from app.catalog.marked import Loc
from app.catalog.register import Access, RegisterSpec
from app.catalog.rights import EVERYONE
from app.catalog.words import KINDS, PARTS, ROWS, TYPES, VERB_NAMES, length, price, sources
from app.errors import Sentence, say
from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import Reference
from app.fields.numbers import Scaled


def plan(old: Catalog | None, new: Catalog) -> list[Sentence]:
    """Return what publishing ``new`` over ``old`` will change; empty where both say the same.

    ``old`` is None the first time. What ``new`` leaves out is retired: hidden, with everything that was recorded kept.
    """
    before = old or Catalog()
    teller = _Teller(before, new)
    groups = ("policies", "roles", "domains", "registers", "indicators")
    return [t for g in groups for t in teller.group("", g, getattr(before, g).values(), getattr(new, g).values())]


@dataclass
class _Teller:
    """Tells the differences of two catalogs; ``register`` is the one that is being told of."""

    old: Catalog
    new: Catalog
    register: RegisterSpec | None = None

    def group(self, what: Sentence | str, key: str, was: Iterable[Any], now: Iterable[Any]) -> Iterator[Sentence]:
        """Tell what was added to, retired from and changed in a list of definitions with codes."""
        before, after = {_code(d): d for d in was}, {_code(d): d for d in now}
        for code in [*after, *(c for c in before if c not in after)]:
            a, b = before.get(code), after.get(code)
            if key == "registers":
                self.register = b or a
            if a is None:
                more = self.more(b)
                values = {"kind": KINDS[key], "name": _name(b), "more": more}
                yield (
                    say("{what}新增{kind}{name}{more}", what=what, **values)
                    if what
                    else say("新增{kind}{name}{more}", **values)
                )
                if isinstance(b, RegisterSpec):
                    yield from self.access(say("《{name}》", name=b.label), (), b.access)
            elif b is None:
                yield _retired(what, key, a)
            elif a != b:
                where = (
                    _name(b)
                    if key == "registers"
                    else say("{what}{kind}{name}", what=what, kind=KINDS[key], name=_name(b))
                )
                yield from self.part(where, a, b)
        if before.keys() == after.keys() and list(before) != list(after) and key != "registers" and what:
            yield say("{what}{kind}的先后次序有改动", what=what, kind=KINDS[key])

    def part(self, what: Sentence, was: BaseModel, now: BaseModel) -> Iterator[Sentence]:
        """Tell how one part of a definition changes, key by key."""
        if type(was) is not type(now):
            yield say("{what}改变了类型", what=what)
            return
        for key in type(now).model_fields:
            a, b = getattr(was, key), getattr(now, key)
            if a == b:
                continue
            if key == "within":
                yield from self.dated(what, say("时限"), a, b)
            elif key == "amount":
                yield from self.dated(what, say("金额"), a, b)
            elif key == "access":
                yield from self.access(what, a, b)
            elif key in KINDS:
                yield from self.group(what, key, a, b)
            elif key in ("workflow", "lines", "correct") and a and b:
                yield from self.part(what, a, b)
            else:
                called = {"what": what, "part": PARTS.get(key, key)}
                old, new = self.shown(a), self.shown(b)
                told = old is not None and new is not None and str(old) != str(new)
                yield (
                    say("{what}：{part} {old} → {new}", old=old, new=new, **called)
                    if told
                    else say("{what}：{part}有改动", **called)
                )

    def more(self, part: Any) -> Sentence | str:
        """Return what is worth knowing of something new, in brackets."""
        match part:
            case RegisterSpec():
                basis = say("，依据 {articles}", articles=sources(part)) if part.cite else ""
                return say("（{n} 个字段{basis}）", n=len(part.fields), basis=basis)
            case Field():
                must = say("，必填") if part.required else ""
                return say("（{type}{must}）", type=TYPES[part.type], must=must)
            case Duty() if part.within:
                return say("（{values}）", values=_joined(self.value(x) for x in part.within))
            case Breach() if part.amount:
                return say("（{values}）", values=_joined(self.value(x) for x in part.amount))
        return ""

    def dated(self, what: Sentence, name: Sentence, was: Sequence[Dated], now: Sequence[Dated]) -> Iterator[Sentence]:
        """Tell how limits or amounts change; those that stay are passed over, the others told in pairs."""
        gone, come = [x for x in was if x not in now], [x for x in now if x not in was]
        for a, b in zip_longest(gone, come):
            old = self.value(a) if a else say("无")
            new = self.value(b) if b else say("无")
            yield say("{what}：{name} {old} → {new}", what=what, name=name, old=old, new=new)
        if not gone and not come:
            yield say("{what}：{name}的先后次序有改动", what=what, name=name)

    def value(self, x: Dated) -> Sentence:
        """Return a limit or an amount with its day and its article."""
        amount: Sentence | str = length(x) if isinstance(x, Limit) else price(x) if isinstance(x, Amount) else ""
        at = say("，至 {at}", at=x.at) if isinstance(x, Limit) and x.at else ""
        since = say("，自 {day} 起", day=x.since) if x.since else ""
        some = say("，限符合条件的记录") if isinstance(x, Limit) and x.when else ""
        stays = say("，遇休息日不顺延") if isinstance(x, Limit) and x.on_rest_day == "stay" else ""
        cite = say("（{articles}）", articles=sources(x)) if x.cite else ""
        return say(
            "{amount}{at}{since}{some}{stays}{cite}",
            amount=amount,
            at=at,
            since=since,
            some=some,
            stays=stays,
            cite=cite,
        )

    def access(self, what: Sentence, was: Sequence[Access], now: Sequence[Access]) -> Iterator[Sentence]:
        """Tell which permissions are taken away and which are given."""
        for a in was:
            if a not in now:
                yield say("{what}不再允许{grant}", what=what, grant=self.allowed(a))
        for b in now:
            if b not in was:
                yield say("{what}允许{grant}", what=what, grant=self.allowed(b))

    def allowed(self, access: Access) -> Sentence:
        """Return who may do what with which rows."""
        role = self.code(access.role)
        can = _joined(VERB_NAMES.get(v, v) for v in access.can)
        some = say("，限符合条件的") if access.when else ""
        named = say("，按字段：{fields}", fields=_joined(map(self.code, access.named_in))) if access.named_in else ""
        cite = say("（{articles}）", articles=sources(access)) if access.cite else ""
        values = {"role": role, "can": can, "rows": ROWS[access.rows], "named": named, "some": some, "cite": cite}
        return say("“{role}”{can}{rows}{named}{some}{cite}", **values)

    def shown(self, value: Any) -> Any:
        """Return a value as it stands in a sentence; None for one that is too large for it."""
        match value:
            case None | "" | ():
                return say("无")
            case bool():
                return say("是") if value else say("否")
            case str():
                return self.code(value)
            case int() | Decimal() | date() | Label() | Citation():
                return str(value)
            case Party():
                named = value.word or value.field or value.role
                return self.code(named) if named else say("“{field}”的上级", field=self.code(value.superior_of))
            case Span():
                return length(value)
            case Target():
                bounds = [say("不低于 {ge}", ge=value.ge)] if value.ge is not None else []
                bounds += [say("不高于 {le}", le=value.le)] if value.le is not None else []
                return _joined([*bounds, *([say("允许超出 {n}%", n=value.tolerance)] if value.tolerance else [])])
            case Start() if value.field or value.created:
                return self.code(value.field) if value.field else say("登记时")
            case tuple():
                shown = [self.shown(v) for v in value]
                return None if None in shown else _joined(shown)
        return None

    def code(self, code: str) -> Any:
        """Return the name of what a code stands for: a field or state of the register, a role, a register; else the code."""
        if code == EVERYONE:
            return say("所有人")
        spec = self.register
        state = spec.workflow.state(code) if spec and spec.workflow else None
        found = (spec.column(code) if spec else None) or state
        groups = (self.new.roles, self.old.roles, self.new.registers, self.new.domains, self.new.counters)
        labels = [x.label.zh for x in (found, *(g.get(code) for g in groups)) if x is not None]
        return labels[0] if labels else code


def _code(part: Any) -> str:
    return str(part.no if hasattr(part, "no") else part.code)


def _name(part: Any) -> Sentence:
    if isinstance(part, RegisterSpec):
        return say("《{name}》", name=part.label)
    name = (
        part.no if hasattr(part, "no") else next(getattr(part, k) for k in ("label", "say", "zh") if hasattr(part, k))
    )
    return say("“{name}”", name=name)


def _joined(shown: Iterable[Any]) -> Sentence:
    """Return sentences with 、 between them, each still to be translated."""
    values = {f"v{i}": v for i, v in enumerate(shown)}
    return Sentence("、".join("{" + k + "}" for k in values), values)


def _retired(what: Sentence | str, key: str, part: Any) -> Sentence:
    if key == "registers":
        return say("停用登记簿{name}：不再显示，已有记录全部保留", name=_name(part))
    if key == "fields":
        return say("{what}停用字段{name}：不再显示，已有数据保留", what=what, name=_name(part))
    if key == "choices":
        return say("{what}停用选项{name}：已有记录保留原值", what=what, name=_name(part))
    values = {"kind": KINDS[key], "name": _name(part)}
    return say("{what}取消{kind}{name}", what=what, **values) if what else say("取消{kind}{name}", **values)


def refusals(old: Catalog | None, new: Catalog, files: Mapping[str, str]) -> list[Finding]:
    """Return what ``new``, defined by ``files``, must not change about what records already hold.

    Registers and fields may be left out (they retire), but what is kept keeps its type and what its values mean.
    """
    wrong: list[tuple[str, str, Loc, Sentence]] = []
    for spec in new.registers.values():
        if (was := (old or Catalog()).registers.get(spec.code)) is None:
            continue
        if bool(was.tickets_of) != bool(spec.tickets_of):
            turned = say("《{name}》不能在登记簿与处罚单之间转换，请另建登记簿", name=was.label)
            wrong.append(("D953", spec.code, ("tickets_of",), turned))
        for i, f in enumerate(spec.fields):
            if before := was.field(f.code):
                wrong += [(check, spec.code, ("fields", i, key), why) for check, key, why in _kept(before, f)]
                if before.place != f.place and f.code in _ruled(was):
                    bound = say("字段“{name}”为时限、处罚或报表所用，不能改变类型；请新增字段", name=before.label)
                    wrong.append(("D951", spec.code, ("fields", i, "type"), bound))
    places = written(files) if wrong else {}
    return [places["registers", code].finding(check, loc, why) for check, code, loc, why in wrong]


def _ruled(spec: RegisterSpec) -> frozenset[str]:
    """Return every word in the rules of a register: what was owed by them is judged by the fields as they were."""
    return frozenset(texts_in([x.model_dump() for x in (*spec.duties, *spec.breaches, *spec.counters, *spec.reports)]))


def _kept(was: Field, now: Field) -> Iterator[tuple[str, str, Sentence]]:
    """Yield what a field may not change in its column: who fills it, its type, its target, whether it holds several values, its places."""
    if was.place != now.place and not was.many and not now.many:
        return
    if was.type != now.type:
        yield "D951", "type", say(
            "字段“{name}”已有数据，类型不能从{old}改为{new}；请停用它并新增字段",
            name=was.label, old=TYPES[was.type], new=TYPES[now.type],
        )  # fmt: skip
        return
    if now.formula and not was.formula and was.by_hand:
        filled = say("字段“{name}”已有填写的数据，不能改由公式得出；请另建公式字段", name=was.label)
        yield "D954", "formula", filled
    if was.many != now.many:
        yield "D952", "several", say("字段“{name}”已有数据，不能在单个与多个之间转换", name=was.label)
    if isinstance(was, Reference) and isinstance(now, Reference) and was.target != now.target:
        changed = say(
            "字段“{name}”已有数据，不能从引用“{old}”改为引用“{new}”", name=was.label, old=was.target, new=now.target
        )
        yield "D952", "register", changed
    if isinstance(was, Scaled) and isinstance(now, Scaled) and was.places != now.places:
        yield (
            "D952",
            "places",
            say(
                "字段“{name}”已有数据，小数位数不能从 {old} 改为 {new}", name=was.label, old=was.places, new=now.places
            ),
        )

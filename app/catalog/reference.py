"""The reference of the definition language, told by the classes themselves."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.catalog import (
    adjustable,
    amount,
    base,
    breach,
    condition,
    duty,
    indicator,
    policy,
    refusal,
    register,
    report,
    retention,
)
from app.catalog import print as prints
from app.catalog.findings import CHECKS
from app.catalog.formula.functions import OFFERED
from app.fields.base import Field
from app.fields.kinds import FIELD_TYPES
from app.fields.label import Label
from app.fields.texts import Option

_SECTIONS: tuple[tuple[str, str, tuple[type[BaseModel], ...], tuple[str, ...]], ...] = (
    (
        "Policies",
        "What the rest cites. A document with the key `policy`.",
        (policy.Policy, policy.Article, base.Citation),
        ("policy.yaml",),
    ),
    ("Roles", "A document with the key `roles`: a list.", (policy.RoleSpec,), ("roles.yaml",)),
    ("Domains", "A document with the key `domains`: a list.", (policy.Domain,), ("domains.yaml",)),
    (
        "Registers and fields",
        "A document with the keys `code` and `fields`. Every register also has: "
        + ", ".join(f"`{c}`" for c in sorted(register.RESERVED)) + ".",
        (register.RegisterSpec, register.Check, condition.Condition, Label),
        ("fields.yaml",),
    ),
    (
        "Workflow",
        "States of a register and who may move a record between them.",
        (register.Workflow, register.State, register.Transition, base.Party),
        ("workflow.yaml",),
    ),
    (
        "Duties",
        "What is owed after an event or in each period, and within what time. Each limit carries its citation.",
        (duty.Duty, duty.Start, duty.Every, duty.Done, duty.Share, duty.Limit, duty.Bound, duty.Pause, duty.Prolongation, duty.Span,
         duty.Reminder, duty.Escalation),
        ("duties.yaml",),
    ),
    (
        "Retention",
        "How long records must be kept. Each limit carries its citation.",
        (retention.Retention, retention.Destruction),
        ("retention.yaml",),
    ),
    (
        "Breaches and counters",
        "What a missed duty or a failed check costs, and what repetition changes. Each amount carries its citation.",
        (
            breach.Breach, breach.Appeal, breach.Trigger, amount.Amount, amount.Charge, amount.Band, amount.Rung, amount.Interest, amount.Payments,
            breach.Lines, breach.LineKind, breach.Correction,
            breach.Counter, breach.Ceiling, breach.Multiplier, breach.Offer, breach.PayShare,
        ),
        ("breaches.yaml",),
    ),
    (
        "Refusals",
        "What a register does not take while records of another stand in the way, at every door.",
        (refusal.Refusal, refusal.Standing),
        ("refusals.yaml",),
    ),
    (
        "Indicators",
        "Rates, counts and scores of each period. A document with the key `indicator`.",
        (indicator.Indicator, indicator.Measure, indicator.Related, indicator.Weighted, indicator.Target, indicator.Grade),
        ("indicators.yaml",),
    ),
    (
        "Reports",
        "Records that the panel enters after each period, filled with figures of indicators, for somebody to check and sign.",
        (report.Report, report.ReportFigure),
        ("reports.yaml",),
    ),
    (
        "Prints",
        "Sheets of paper on which records are printed, in the browser and as PDF. Who may read a record may print it, and sees on it "
        "what he sees of the record.",
        (prints.Print, prints.Block, prints.Sublist, prints.Sign),
        ("prints.yaml",),
    ),
    (
        "Access",
        "Who may do what with which rows. Verbs: " + ", ".join(f"`{v}`" for v in register.VERBS)
        + "; transitions are governed by their own `by`.",
        (register.Access, register.Grant),
        ("access.yaml",),
    ),
    (
        "Extensions",
        "Only under `site/`: what this site says of shipped definitions. It adds, tightens and renames; it never removes, "
        "retypes or relaxes what carries a citation. A document with the key `extend`; its `kind` says what is extended.",
        (
            adjustable.RegisterExtension,
            adjustable.PolicyExtension,
            adjustable.IndicatorExtension,
            adjustable.RoleExtension,
            adjustable.DomainExtension,
        ),
        ("site/extension.yaml", "site/extensions.yaml"),
    ),
)  # fmt: skip

_INTRODUCTION = """\
# The definition language

Written by `python -m app.catalog.schema` from the classes in `app/catalog` and `app/fields`; do not edit by hand.
`definitions.schema.json` beside this file tells the same to editors.

Definitions are YAML files; a file may hold several documents between lines of `---`. The kind of a document is told by
its keys. All that is wrong in all files is reported at once, each as `file:line: path: sentence [check]`.

- Codes are ASCII; `label`, `help` and `say` are what people read: Chinese as one text, or `{zh: …, en: …}`.
- An unknown key is an error, a key given twice too, and so is a key that YAML reads as a boolean (`on`, `yes`, `no`, `off` …).
- A plain number is exact (`0.1` is a tenth). `2026-03-05` is a day. `10:00`, `007`, `yes` and `no` are text; booleans are
  `true` and `false`. A number that is a name, such as an article, stands in quotes: `"2.3"`.
- Anchors and aliases may be used.
- `cite` is one `{policy: …, article: …}` or a list of them. It is mandatory on every limit, amount, multiplier, offer and
  correction. What cites policies is live where one of them is adopted.
- `from` on a limit or amount is the day since which it holds; without it, since the policy was adopted. The latest that
  has begun is taken, and of several the first that fits.
"""


_ABOUT_FORMULAS = """\
A field with the key `formula` is worked out, never typed. It may be of type `text`, `long_text`, `integer`, `decimal`, `money`, `percent`,
`date`, `moment` or `yes_no`; where the formula is nothing but a looked-up field, also `person`, `unit` or `reference`.

- `[单价] * [数量]`: fields by label in brackets, or by code, of this record. A percent of 12.5 counts as 0.125; a choice as its Chinese label.
- `[客户].[等级]`: a field of the record that a reference points to (lookup).
- `SUM([回访].[分数])`, `COUNT([回访])`, `AVERAGE`, `MIN`, `MAX`, `COUNTIF([回访].[结果], "满意")`, `SUMIF`, `AVERAGEIF`: over the records of another
  register that point here (rollup); archived ones do not count. Where several of its fields point here, say which: `[回访:客户].[分数]`.
- `+ - * / ^ %` on exact decimals, which keep ten places; `&` joins texts; `= <> < <= > >=` compare; a day plus a number is a day, a day minus a
  day a number. `ROUND` goes half away from zero. Full-width signs and quotes count as plain ones.
- Blank: a calculation with a blank number or day is blank, and so are a division by zero and what has no answer. Blank text is `""`. `=` holds
  between two blanks; `<` and its kin never hold with one; a blank condition does not hold. `SUM`, `MIN`, `AVERAGE` leave blanks out.
- The value is kept with the record and follows within the same transaction when anything that it rests on changes; `TODAY` is renewed every day,
  `WORKDAY` and `NETWORKDAYS` when the site's calendar is. So it sorts, filters, groups, adds up and exports as any other column.
- Whoever may not see one of the fields that a formula looks at does not see its value, and a figure over other records is shown to whoever may
  read all of them: each one of that register, or each one that points here, where the register `follows` that reference.
"""


def models() -> list[type[BaseModel]]:
    """Return every class of the language, in the order of the reference."""
    return [*(m for _, _, classes, _ in _SECTIONS for m in classes), *FIELD_TYPES.values(), Option]


@cache
def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return what each key of a class means, from the text under its declaration, its bases included."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if not issubclass(cls, BaseModel) or cls is BaseModel:
            continue
        statements = [x for d in ast.parse(inspect.getsource(cls)).body if isinstance(d, ast.ClassDef) for x in d.body]
        for declared, below in pairwise(statements):
            match declared, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                    if name in model.model_fields:
                        found[model.model_fields[name].alias or name] = inspect.cleandoc(text)
    return found


def reference(examples: Mapping[str, str]) -> str:
    """Return the reference as Markdown; ``examples`` are the texts of its worked examples by file name."""
    return "\n".join(_lines(examples)).rstrip() + "\n"


def _lines(examples: Mapping[str, str]) -> Iterator[str]:
    yield _INTRODUCTION
    for title, about, classes, shown in _SECTIONS:
        yield f"## {title}\n\n{about}\n"
        for model in classes:
            yield from _class(model)
        if model is Label:
            yield from _field_types()
        for name in shown:
            yield _example(name, examples)
        if register.RegisterSpec in classes:
            yield from _formulas(examples)
    yield "## Checks\n\nErrors keep definitions from coming into force; warnings do not.\n\n| id | found when |\n|---|---|"
    for check, meaning in CHECKS.items():
        yield f"| {check} | {meaning} |"


def _field_types() -> Iterator[str]:
    yield "### Fields\n\nEvery field has these keys; its `type` decides which others it has.\n"
    yield from _table(Field, Field.model_fields)
    for word, kind in FIELD_TYPES.items():
        own = {n: f for n, f in kind.model_fields.items() if n != "type" and _differs(n, f)}
        yield f"#### `{word}`\n\n{_prose(kind)}\n"
        if own:
            yield from _table(kind, own)
    yield from _class(Option)


def _example(name: str, examples: Mapping[str, str]) -> str:
    return f"Example (`examples/{name}`):\n\n```yaml\n{examples[name].rstrip()}\n```\n"


def _formulas(examples: Mapping[str, str]) -> Iterator[str]:
    yield f"### Formulas\n\n{_ABOUT_FORMULAS}\n"
    yield "| function | meaning |\n|---|---|"
    for f in OFFERED:
        usage, meaning = (t.replace("|", "\\|") for t in (f.usage.text("en"), f.help.text("en") if f.help else ""))
        yield f"| `{usage}` | {meaning} |"
    yield ""
    yield _example("formulas.yaml", examples)


def _differs(name: str, declared: FieldInfo) -> bool:
    common = Field.model_fields.get(name)
    return common is None or common.default != declared.default


def _class(model: type[BaseModel]) -> Iterator[str]:
    yield f"### {model.__name__}\n\n{_prose(model)}\n"
    yield from _table(model, model.model_fields)


def _prose(model: type[BaseModel]) -> str:
    return re.sub(r"``(.+?)``", r"`\1`", inspect.cleandoc(model.__doc__ or ""))


def _table(model: type[BaseModel], fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    means = meanings(model)
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    for name, declared in fields.items():
        key = declared.alias or name
        meaning = re.sub(r"``(.+?)``", r"`\1`", means.get(key, "")).replace("\n", " ").replace("|", "\\|")
        yield f"| `{key}` | {_kind(declared.annotation)} | {_default(declared)} | {meaning} |"
    yield ""


def _default(declared: FieldInfo) -> str:
    if declared.is_required():
        return "*required*"
    value = declared.get_default(call_default_factory=True)
    if value in (None, "", (), {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(map(str, value)) if isinstance(value, tuple) else value}`"


_WORDS: dict[Any, str] = {
    str: "text", int: "integer", bool: "true or false", Decimal: "number", date: "day", Any: "any value",
}  # fmt: skip


def _kind(annotation: Any) -> str:
    """Return a type as a person would say it."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    parts, origin = get_args(annotation), get_origin(annotation)
    if origin is Literal:
        return " or ".join(f"`{p}`" for p in parts)
    if origin is tuple:
        return f"list of {_kind(parts[0])}"
    if origin is dict:
        return f"mapping to {_kind(parts[1])}"
    if origin in (Union, UnionType):
        kinds = [p for p in parts if p is not NoneType]
        fields = all(isinstance(p, type) and issubclass(p, Field) for p in kinds)
        return "[field](#fields)" if fields else " or ".join(map(_kind, kinds))
    return _kind(parts[0])

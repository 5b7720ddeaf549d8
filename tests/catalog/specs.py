"""Registers of any shape, for laws that must hold of all of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from app.catalog.amount import Amount
from app.catalog.base import Citation, Party
from app.catalog.breach import Breach, Counter, Multiplier
from app.catalog.condition import Condition
from app.catalog.duty import Done, Duty, Limit, Span, Start
from app.catalog.print import Block, Print, Sign, Sublist
from app.catalog.register import Access, Check, RegisterSpec, State, Transition, Workflow
from app.fields.label import Label
from app.fields.links import Person, Reference, Signature
from app.fields.numbers import Integer, Money, YesNo
from app.fields.texts import Choice, Option, Text
from app.fields.times import Date

AWKWARD = (
    "yes",
    "No",
    "on",
    "null",
    "~",
    "3",
    "0.5",
    "10:00",
    "2026-01-01",
    "007",
    "a: b",
    "# x",
    "- x",
    "'",
    '"',
    "{",
    "=",
    "<<",
    "",
    " x ",
)
text = (
    st.sampled_from(AWKWARD)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=12)
    | st.just("一\n二\n")
)
code = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
label = st.builds(Label, zh=text, en=text)
cite = st.lists(st.builds(Citation, policy=st.sampled_from(["P01", "P02"]), article=text), max_size=2).map(tuple)
day = st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))
yuan = st.decimals(0, 10_000, places=2, allow_nan=False)
value: st.SearchStrategy[Any] = (
    text.filter(bool) | st.integers(-999, 999) | st.booleans() | st.dates(date(2000, 1, 1)) | yuan
)

leaf = st.one_of(
    st.builds(lambda f, v: Condition.model_validate({"field": f, "is": v}), code, value),
    st.builds(
        lambda f, v: Condition.model_validate({"field": f, "in": v}), code, st.lists(value, min_size=1, max_size=3)
    ),
    st.builds(lambda f, v: Condition.model_validate({"field": f, "filled": v}), code, st.booleans()),
    st.builds(lambda f, v: Condition.model_validate({"field": f, "ge": {"field": v}}), code, code),
)
condition = st.recursive(
    leaf,
    lambda c: st.one_of(
        st.lists(c, min_size=1, max_size=2).map(lambda x: Condition.model_validate({"all": x})),
        c.map(lambda x: Condition.model_validate({"not": x})),
    ),
    max_leaves=3,
)
party = st.one_of(
    code.map(lambda c: Party(word=c)), code.map(lambda c: Party(role=c)), code.map(lambda c: Party(superior_of=c))
)
parties = st.lists(party, max_size=2).map(tuple)

_named = {"code": code, "label": label, "required": st.booleans(), "synonyms": st.lists(text, max_size=2).map(tuple)}
option = st.builds(Option, code=text, zh=text, en=text, retired=st.booleans())
field = st.one_of(
    st.builds(Text, **_named, max_length=st.integers(1, 500), default=st.none() | text),
    st.builds(Integer, **_named, min=st.none() | st.integers(-9, 9).map(Decimal)),
    st.builds(Money, **_named, min=st.none() | yuan),
    st.builds(Date, **_named),
    st.builds(YesNo, **_named, default=st.none() | st.booleans()),
    st.builds(
        Choice, **_named, choices=st.lists(option | text.map(lambda t: Option(code=t, zh=t)), max_size=3).map(tuple)
    ),
    st.builds(Person, **_named, several=st.booleans()),
    st.builds(lambda target, **k: Reference(register=target, **k), code, **_named),
    st.builds(Signature, **_named, by=st.lists(code, max_size=2).map(tuple)),
)

start = st.one_of(
    st.just(Start(created=True)),
    code.map(lambda c: Start(field=c)),
    st.lists(code, min_size=1, max_size=2).map(lambda c: Start(state=tuple(c))),
)
done = st.one_of(
    code.map(lambda c: Done(field=c)),
    st.builds(lambda r, t, s: Done.model_validate({"register": r, "through": t, "state": [s]}), code, code, code),
)
span = st.builds(Span, working_days=st.integers(0, 30))
limit = st.builds(
    lambda since, **k: Limit.model_validate({"from": since, **k}),
    day,
    days=st.integers(0, 30),
    cite=cite,
    when=st.none() | condition,
)
duty = st.builds(
    Duty,
    code=code,
    label=label,
    owed_by=party,
    starts=start,
    done=done,
    within=st.lists(limit, max_size=2).map(tuple),
    repeat=st.none() | span,
)
amount = st.builds(
    lambda since, **k: Amount.model_validate({"from": since, **k}),
    day,
    money=yuan,
    cite=cite,
    per=st.sampled_from(["case", "item"]),
)
breach = st.builds(
    Breach,
    code=code,
    label=label,
    cite=cite,
    amount=st.lists(amount, max_size=2).map(tuple),
    multiplied=st.booleans(),
    tell=parties,
)
multiplier = st.builds(
    Multiplier, role=code, from_nth=st.integers(1, 5), by=st.sampled_from([Decimal(2), Decimal("1.5")]), cite=cite
)
counter = st.builds(
    Counter,
    code=code,
    label=label,
    order=st.lists(text, max_size=2).map(tuple),
    multiply=st.lists(multiplier, max_size=1).map(tuple),
)
state = st.builds(State, code=code, label=label, locked=st.booleans())
transition = st.builds(
    lambda a, b, **k: Transition.model_validate({"from": a, "to": b, **k}),
    st.lists(code, min_size=1, max_size=2), code,
    code=code, label=label, by=parties, when=st.none() | condition, sets=st.dictionaries(code, value, max_size=2),
)  # fmt: skip
workflow = st.builds(
    Workflow,
    states=st.lists(state, min_size=1, max_size=2).map(tuple),
    transitions=st.lists(transition, max_size=2).map(tuple),
)
access = st.builds(
    Access, role=code, can=st.lists(code, max_size=2).map(tuple), rows=st.sampled_from(["all", "own"]), cite=cite
)
sign = st.one_of(code.map(lambda c: Sign(field=c)), st.builds(Sign, label=label, seal=st.booleans()))
block = st.one_of(
    st.builds(Block, label=st.none() | label, fields=st.lists(code, min_size=1, max_size=2).map(tuple), columns=st.integers(1, 4)),
    st.builds(Block, rows=st.lists(code, min_size=1, max_size=2).map(tuple), room=st.integers(0, 9)),
    st.builds(Block, text=label),
    st.builds(Block, signs=st.lists(sign, min_size=1, max_size=2).map(tuple)),
    st.builds(lambda r, t, c: Block(lines=Sublist.model_validate({"register": r, "through": t, "columns": [c]})), code, code, code),
)  # fmt: skip
paper = st.builds(
    Print, code=code, label=label, title=st.none() | label, copies=st.lists(label, max_size=2).map(tuple), when=st.none() | condition,
    by=st.lists(code, max_size=2).map(tuple), wide=st.booleans(), layout=st.lists(block, min_size=1, max_size=2).map(tuple), cite=cite,
)  # fmt: skip
check = st.builds(Check, code=code, field=code, require=condition, say=label)

register = st.builds(
    RegisterSpec,
    code=code, label=label, domain=code, cite=cite, title=st.lists(code, max_size=2).map(tuple),
    fields=st.lists(field, max_size=4, unique_by=lambda f: f.code).map(tuple),
    unique_together=st.lists(st.lists(code, min_size=1, max_size=2).map(tuple), max_size=1).map(tuple),
    checks=st.lists(check, max_size=1).map(tuple), workflow=st.none() | workflow, duties=st.lists(duty, max_size=1).map(tuple),
    breaches=st.lists(breach, max_size=1).map(tuple), counters=st.lists(counter, max_size=1).map(tuple),
    access=st.lists(access, max_size=1).map(tuple), prints=st.lists(paper, max_size=1).map(tuple),
)  # fmt: skip

"""A definition written back loads to the same definition."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings

from app.catalog.catalog import Catalog
from app.catalog.dump import dump, in_lines, short
from app.catalog.loader import read_folder
from app.catalog.marked import plain, read_documents
from app.catalog.plan import plan
from app.catalog.register import RegisterSpec
from tests.catalog import specs
from tests.catalog.ground import GROUND, catalog

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def loaded(text: str) -> RegisterSpec:
    """Return the register that ``text`` defines, whatever it names."""
    ((root, findings),) = read_documents("x.yaml", text)
    assert findings == []
    return RegisterSpec.model_validate(plain(root))


@given(specs.register)
@settings(max_examples=60, deadline=None)
def test_any_register_written_back_loads_to_an_equal_one(spec: RegisterSpec) -> None:
    assert loaded(dump(spec)) == spec


def test_words_that_readers_take_for_booleans_are_written_in_quotes() -> None:
    options = {"n": "No", "Y": "Yes", "on": "On", "no": "No"}
    field = {"code": "y", "label": "n", "type": "choice", "choices": options, "basis": "impl"}
    spec = RegisterSpec.model_validate({"code": "a", "label": "y", "domain": "n", "fields": [field]})
    assert loaded(dump(spec)) == spec


@given(specs.register, specs.register)
@settings(max_examples=40, deadline=None)
def test_registers_that_differ_are_never_published_in_silence(a: RegisterSpec, b: RegisterSpec) -> None:
    b = b.model_copy(update={"code": a.code})
    told = plan(Catalog(registers={a.code: a}), Catalog(registers={b.code: b}))
    assert bool(told) == (a != b)
    assert all(str(sentence) for sentence in told)


def written(catalog: Catalog) -> dict[str, str]:
    """Return a whole catalog as files (relative path → text) that load back to an equal catalog."""
    lists = {"roles": (*catalog.roles.values(),), "domains": (*catalog.domains.values(),)}
    files = {f"{key}.yaml": in_lines({key: short(group)}) for key, group in lists.items() if group}
    files |= {f"policies/{p.code}.yaml": dump(p) for p in catalog.policies.values()}
    files |= {f"indicators/{i.domain}/{i.code}.yaml": dump(i) for i in catalog.indicators.values()}
    return files | {f"registers/{r.domain}/{r.code}.yaml": dump(r) for r in catalog.registers.values()}


def test_a_whole_catalog_written_back_loads_to_an_equal_one() -> None:
    before = catalog(read_folder(EXAMPLES))
    after = catalog(written(before))
    assert (after.registers, after.policies, after.roles, after.domains) == (
        before.registers,
        before.policies,
        before.roles,
        before.domains,
    )


def test_a_register_is_written_in_the_short_forms_of_a_person() -> None:
    letter = catalog({"about.yaml": GROUND}).registers["letter"]
    assert (
        dump(letter)
        == """\
code: letter
label: 信件
domain: office
fields:
  - {code: subject, label: 事由, type: text}
  - {code: writer, label: 撰写人, type: person, required: true}
  - {code: sent_on, label: 寄出日期, type: date}
  - {code: kind, label: 类别, type: choice, choices: [平信, 挂号]}
  - {code: tags, label: 标签, type: choices, choices: [急, 密]}
workflow:
  states: [{code: open, label: 待办}, {code: shut, label: 办结, locked: true}]
  transitions: [{code: close, label: 办结, from: open, to: shut, by: [clerk]}]
breaches: [{code: lost, label: 遗失, clause: A1, reported_by: [clerk], counter: month}]
counters: [{code: month, label: 月度}]
access: [{role: clerk, can: [read]}]
"""
    )

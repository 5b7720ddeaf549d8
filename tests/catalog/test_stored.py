"""A catalog comes back from its JSON as it was, and keeps what it says twice only once."""

from __future__ import annotations

from app.catalog.stored import from_json, to_json
from tests.catalog.ground import catalog, files

MEMOS = "\n---\n".join(
    f"code: {code}\nlabel: {label}\ndomain: office\ncite: {{policy: P01, article: A1}}\n"
    "fields:\n  - {code: what, label: 事由, type: text, max_length: 77}\n  - {code: why, label: 事由, type: text}\n"
    "access: [{role: clerk, can: [read, add]}, {role: head, can: [read]}]\n"
    for code, label in (("memo_in", "来件"), ("memo_out", "去件"))
)


def test_a_catalog_comes_back_as_it_was() -> None:
    before = catalog(files(MEMOS))
    after = from_json(to_json(before), 7, before.digest)
    assert (after.registers, after.policies, after.roles) == (before.registers, before.policies, before.roles)
    assert (after.revision, after.digest) == (7, before.digest)
    assert to_json(after) == to_json(before)  # also which keys were written and which left out


def test_what_two_registers_say_alike_is_one_object_and_a_register_never_is() -> None:
    read = from_json(to_json(catalog(files(MEMOS))), 1, "")
    one, other = read.registers["memo_in"], read.registers["memo_out"]
    assert one.fields[0].label is one.fields[1].label is other.fields[0].label
    assert one.cite is other.cite
    assert one.fields[0] == other.fields[0]
    assert one.fields[0] is not other.fields[0]
    assert one.label != other.label


def test_a_definition_is_the_same_object_in_the_next_catalog_that_says_the_same() -> None:
    first = from_json(to_json(catalog(files(MEMOS))), 1, "")
    changed = from_json(to_json(catalog(files(MEMOS.replace("去件", "发件")))), 2, "")
    assert changed.registers["memo_in"] is first.registers["memo_in"]
    assert changed.registers["memo_out"] is not first.registers["memo_out"]

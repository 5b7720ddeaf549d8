"""Every part of the language can be filled in as a sentence with blanks, in both languages."""

from __future__ import annotations

import pytest

from app.catalog.blank_words import KEYS, OPTIONS, OTHERWISE
from app.catalog.blanks import Part, Piece, field_parts, parts, pieces, sentence_of
from tests.test_translations import english_of

SPOKEN = [p for p in parts() if sentence_of(p.model)]


def blanks_in(template: str) -> set[str]:
    """Return the keys that a sentence's template has blanks for."""

    def keys(some: list[Piece]) -> set[str]:
        return {k for p in some if isinstance(p, dict) for k in ([p["blank"]] if "blank" in p else keys(p["optional"]))}

    return keys(pieces(template))


@pytest.mark.parametrize("part", SPOKEN, ids=lambda p: p.name)
def test_a_sentence_names_only_keys_of_its_part(part: Part) -> None:
    keys = {b.key for b in part.blanks} | ({"length"} if part.units else set())
    assert blanks_in(sentence_of(part.model)) <= keys


@pytest.mark.parametrize("part", SPOKEN, ids=lambda p: p.name)
def test_a_sentence_has_a_place_for_all_that_must_be_given(part: Part) -> None:
    must = {b.key for b in part.blanks if b.required} - {"code", "label"}
    unsaid = {"Duty": {"cite"}}.get(part.name, set())
    assert must - unsaid <= blanks_in(sentence_of(part.model))


@pytest.mark.parametrize("part", SPOKEN, ids=lambda p: p.name)
def test_the_english_sentence_has_the_same_blanks(part: Part) -> None:
    said = sentence_of(part.model)
    assert blanks_in(english_of(said) or said) == blanks_in(said)


def test_every_blank_has_a_name() -> None:
    everything = [(p.name, b.key) for p in (*parts(), *field_parts()) for b in p.blanks]
    assert [k for k in everything if k[1] not in KEYS and k not in OTHERWISE] == []


def test_every_word_that_may_fill_a_blank_has_a_name() -> None:
    words = [(p.name, o) for p in parts() for o in (*p.units, *(o for b in p.blanks for o in b.options))]
    assert [w for w in words if w[1] not in OPTIONS and w not in OTHERWISE] == []


def test_kinds_are_read_from_the_classes() -> None:
    kinds = {(p.name, b.key): (b.kind, b.of) for p in (*parts(), *field_parts()) for b in p.blanks}
    assert kinds["Duty", "within"] == ("parts", "Limit")
    assert kinds["Duty", "owed_by"] == ("party", "")
    assert kinds["Amount", "money"] == ("decimal", "")
    assert kinds["Limit", "when"] == ("condition", "")
    assert kinds["Refusal", "while"] == ("part", "Standing")
    assert kinds["Transition", "from"] == ("states", "")
    assert kinds["choice", "choices"] == ("choices", "")
    assert kinds["Report", "figures"] == ("keyed", "ReportFigure")
    assert kinds["Indicator", "numerator"] == ("part", "Measure")
    assert kinds["RegisterSpec", "order"] == ("order", "")


def test_a_template_falls_into_text_blanks_and_optional_pieces() -> None:
    assert pieces("自 {starts} 起[，至 {at}]", "") == [
        "自 ", {"blank": "starts"}, " 起", {"optional": ["，至 ", {"blank": "at"}]}
    ]  # fmt: skip

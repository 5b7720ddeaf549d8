"""The shipped definitions are sound, whole and cited, and say everything in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.catalog.base import Citation, Cited
from app.catalog.catalog import Catalog
from app.catalog.loader import load
from app.catalog.print import Print
from app.catalog.register import RegisterSpec
from app.fields.label import Label
from app.fields.texts import Choices
from tests.site import REGISTERS, everything, shipped


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The shipped catalog."""
    found, _ = load(everything())
    assert found is not None
    return found


def test_the_shipped_definitions_load_without_any_finding() -> None:
    _, findings = load(everything())
    assert [str(f) for f in findings] == []


def test_what_the_small_company_of_the_tests_keeps_is_whole_by_itself() -> None:
    found, findings = load(shipped())
    assert findings == []
    assert found is not None
    assert set(found.registers) == REGISTERS


def test_policies_that_registers_rest_on_are_shipped_with_their_articles(catalog: Catalog) -> None:
    assert {"P03", "P05", "P08", "P13", "P15", "P16"} <= set(catalog.policies)
    for policy in catalog.policies.values():
        numbers = [a.no for a in policy.articles]
        assert len(numbers) == len(set(numbers)), policy.code
        assert all(a.text.zh and a.text.en for a in policy.articles), policy.code


def citations(register: RegisterSpec) -> Iterator[Citation]:
    """Yield every citation that stands anywhere in a register."""

    def walk(part: object) -> Iterator[Citation]:
        if isinstance(part, Cited):
            yield from part.cite
        if hasattr(part, "model_fields_set"):
            for name in type(part).model_fields:  # type: ignore[attr-defined]
                yield from walk(getattr(part, name))
        elif isinstance(part, list | tuple):
            for one in part:
                yield from walk(one)

    yield from walk(register)


def test_whatever_is_cited_is_an_article_that_we_ship(catalog: Catalog) -> None:
    articles = {(p.code, a.no) for p in catalog.policies.values() for a in p.articles}
    strange = {
        f"{r.code}: {c}"
        for r in catalog.registers.values()
        for c in citations(r)
        if (c.policy, c.article) not in articles
    }
    assert strange == set()


def test_every_field_says_what_demands_it(catalog: Catalog) -> None:
    articles = {f"{p.code}-{a.no}" for p in catalog.policies.values() for a in p.articles}
    for register in catalog.registers.values():
        for field in register.fields:
            assert field.basis, f"{register.code}.{field.code}"
            for clause in field.basis.split("; "):
                assert clause == "impl" or clause in articles, f"{register.code}.{field.code}: {clause}"


def labels(register: RegisterSpec) -> Iterator[tuple[str, Label]]:
    """Yield everything of a register that people read."""
    yield register.code, register.label
    for f in register.fields:
        yield f"{register.code}.{f.code}", f.label
        if isinstance(f, Choices):
            yield from ((f"{register.code}.{f.code}.{o.code}", o) for o in f.choices)
    if register.workflow:
        yield from ((f"{register.code}.{s.code}", s.label) for s in register.workflow.states)
        yield from ((f"{register.code}.{t.code}", t.label) for t in register.workflow.transitions)
    yield from ((f"{register.code}.{d.code}", d.label) for d in register.duties)
    yield from ((f"{register.code}.{b.code}", b.label) for b in register.breaches)
    yield from (
        (f"{register.code}.{b.code}.{k.code}", k.label) for b in register.breaches if b.lines for k in b.lines.kinds
    )
    yield from ((f"{register.code}.{c.code}", c.label) for c in register.counters)
    yield from ((f"{register.code}.{c.code}", c.say) for c in register.checks)
    yield from ((f"{register.code}.{p.code}", x) for p in register.prints for x in on_paper(p))


def on_paper(p: Print) -> Iterator[Label]:
    """Yield everything that is printed whatever the record."""
    yield from (x for x in (p.label, p.title, *p.copies, p.foot) if x is not None)
    for block in p.layout:
        yield from (x for x in (block.label, block.text, *(s.label for s in block.signs)) if x is not None)


def test_whatever_people_read_is_in_chinese_and_english(catalog: Catalog) -> None:
    everything = [x for r in catalog.registers.values() for x in labels(r)]
    everything += [(r.code, r.label) for r in catalog.roles.values()] + [
        (d.code, d.label) for d in catalog.domains.values()
    ]
    assert [name for name, label in everything if not label.zh or not label.en] == []


def test_every_limit_amount_and_approval_cites_an_article(catalog: Catalog) -> None:
    for r in catalog.registers.values():
        for duty in r.duties:
            assert all(limit.cite for limit in duty.within), f"{r.code}.{duty.code}"
        for breach in r.breaches:
            assert breach.cite, f"{r.code}.{breach.code}"
            assert all(a.cite for a in breach.amount), f"{r.code}.{breach.code}"
            assert all(a.cite for k in (breach.lines.kinds if breach.lines else ()) for a in k.amount), (
                f"{r.code}.{breach.code}"
            )
        signed = [t for t in (r.workflow.transitions if r.workflow else ()) if t.sign]
        assert all(t.cite for t in signed), r.code


def test_every_register_is_open_to_somebody_and_deletable_by_nobody(catalog: Catalog) -> None:
    for r in catalog.registers.values():
        assert r.follows or any("read" in a.can for a in r.access), r.code
        assert not any("delete" in a.can for a in r.access), r.code


def test_no_shipped_sentence_is_copied_from_the_policies(catalog: Catalog) -> None:
    """A spot check on the phrases that the sources are recognised by."""
    text = "".join(a.text.zh for p in catalog.policies.values() for a in p.articles)
    for phrase in (
        "视同再次违规，可予以同额同等再次处罚",
        "谦恭礼貌、迅速周到",
        "件件有着落",
        "不得以任何借口分散保管",
    ):
        assert phrase not in text

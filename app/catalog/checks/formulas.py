"""Formulas: each can be read and gives what its field holds, none rests on itself, and nothing that must be hidden comes out through one."""

from __future__ import annotations

from app.catalog.blank_words import called
from app.catalog.checks.subject import Subject
from app.catalog.formula.graph import Formula
from app.catalog.formula.secrecy import kept_back
from app.catalog.formula.tree import given
from app.catalog.marked import Loc
from app.errors import say
from app.fields.base import Field

_TYPED = ("required", "required_when", "required_from", "unique", "default", "edited_by")
"""What says how people fill a field, and nothing where nobody does."""


def check_formulas(s: Subject) -> None:
    """Note what is wrong with the formulas of a register."""
    rest = s.catalog.formulas
    for i, f in enumerate(s.spec.fields):
        if not f.formula:
            continue
        loc: Loc = ("fields", i)
        _nobody_types(s, loc, f)
        key = (s.spec.code, f.code)
        if (fault := rest.faults.get(key)) is not None:
            _wrong(s, (*loc, "formula"), f, fault.start, fault.sentence)
        elif (formula := rest.by_key.get(key)) is not None:
            _secret(s, (*loc, "formula"), formula)


def _wrong(s: Subject, loc: Loc, f: Field, start: int, sentence: object) -> None:
    s.wrong("D430", loc, say("公式第 {n} 个字符处：{sentence}", n=min(start, len(f.formula)) + 1, sentence=sentence))


def _nobody_types(s: Subject, loc: Loc, f: Field) -> None:
    for key in _TYPED:
        if getattr(f, key) != type(f).model_fields[key].default:
            s.wrong(
                "D431",
                (*loc, key),
                say("“{field}”由公式得出，不能写“{key}”", field=f.label.zh, key=called(f.type, key)),
            )


def _secret(s: Subject, loc: Loc, formula: Formula) -> None:
    """Note what is taken from records that some may not know of, or whose every reading is written down."""
    for part in given(formula.tree):
        if (why := kept_back(s.catalog, part.source)) is not None:
            s.wrong("D433", loc, say("公式第 {n} 个字符处：{sentence}", n=part.start + 1, sentence=why))

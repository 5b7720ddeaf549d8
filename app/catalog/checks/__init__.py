"""What definitions mean together: names that must exist, parts that must fit, each with a stable id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from app.catalog.base import Citation
from app.catalog.catalog import Catalog
from app.catalog.checks.access import check_access
from app.catalog.checks.breaches import check_breaches, check_counters
from app.catalog.checks.duties import check_duties, check_retention
from app.catalog.checks.fields import check_fields, check_register
from app.catalog.checks.flow import check_workflow
from app.catalog.checks.formulas import check_formulas
from app.catalog.checks.indicators import check_indicator
from app.catalog.checks.prints import check_prints
from app.catalog.checks.refusals import check_refusals
from app.catalog.checks.reports import check_reports
from app.catalog.checks.subject import Subject, made_of, parts
from app.catalog.findings import Finding
from app.catalog.marked import Loc, Source
from app.catalog.misfits import choose
from app.catalog.policy import Article
from app.catalog.register import RegisterSpec
from app.errors import say
from app.fields.base import Field

Part = tuple[Loc, BaseModel]
"""A part of a definition with where it stands, as ``parts`` yields them."""
_REGISTER_CHECKS = (
    check_register,
    check_fields,
    check_formulas,
    check_workflow,
    check_duties,
    check_retention,
    check_breaches,
    check_counters,
    check_refusals,
    check_reports,
    check_access,
    check_prints,
)


def check(
    catalog: Catalog, sources: Mapping[tuple[str, str], Source], broken: frozenset[tuple[str, str]]
) -> list[Finding]:
    """Return everything that does not hold together in ``catalog``.

    ``sources`` tells where each (group, code) was written; what ``broken`` names is there but was not read, so that
    nothing is said about names in it.
    """
    found: list[Finding] = []
    manual = {f"{p.code}-{a.no}": a for p in catalog.policies.values() for a in p.articles if a.manual is not None}
    for code, policy in catalog.policies.items():
        found += _twice(parts(policy), sources["policies", code])
    for code, spec in catalog.registers.items():
        source = sources["registers", code]
        subject = Subject(catalog, spec, source, broken)
        for one in _REGISTER_CHECKS:
            one(subject)
        whole = list(parts(spec))
        _citations(subject, whole)
        _by_hand(subject, whole, manual)
        found += subject.found + _twice(whole, source)
    for code, indicator in catalog.indicators.items():
        subject = Subject(
            catalog, RegisterSpec.model_construct(code=code, fields=()), sources["indicators", code], broken
        )
        check_indicator(subject, indicator)
        whole = list(parts(indicator))
        _citations(subject, whole)
        _by_hand(subject, whole, manual)
        found += subject.found
    return found


def _twice(whole: Iterable[Part], source: Source) -> list[Finding]:
    """Return a finding for each code that a list of a definition gives again."""
    found: list[Finding] = []
    for loc, part in whole:
        for name, written in made_of(type(part)):
            rows = getattr(part, name)
            if not isinstance(rows, tuple) or len(rows) < 2:
                continue
            seen: dict[str, int] = {}
            for i, row in enumerate(rows):
                key = "article" if isinstance(row, Article) else "code"
                code = row.no if isinstance(row, Article) else getattr(row, "code", None)
                if code is None:
                    continue
                here: Loc = (*loc, written, i, key)
                if code in seen:
                    line = source.at((*loc, written, seen[code], key)).line
                    found.append(
                        source.finding("D402", here, say("“{code}”重复，第 {line} 行已经写过", code=code, line=line))
                    )
                seen.setdefault(code, i)
    return found


def _citations(s: Subject, whole: Iterable[Part]) -> None:
    """Note citations of policies and articles that are not there."""
    for loc, part in whole:
        if not isinstance(part, Citation):
            continue
        policy = s.catalog.policies.get(part.policy)
        if not s.known("policies", part.policy):
            hint = choose(part.policy, s.catalog.policies)
            s.wrong("D408", (*loc, "policy"), say("没有制度“{code}”，{hint}", code=part.policy, hint=hint))
        elif policy and part.article and policy.articles:
            articles = [a.no for a in policy.articles]
            if part.article not in articles:
                hint = choose(part.article, articles)
                absent = say("制度 {policy} 没有条款“{no}”，{hint}", policy=part.policy, no=part.article, hint=hint)
                s.wrong("D409", (*loc, "article"), absent)


def _by_hand(s: Subject, whole: Iterable[Part], manual: Mapping[str, Article]) -> None:
    """Note citations of articles that say they are carried out by people alone."""
    for loc, part in whole:
        cited = [("article", str(part))] if isinstance(part, Citation) else []
        if isinstance(part, Field):
            cited = [("basis", clause) for clause in part.clauses]
        for key, clause in cited:
            if (article := manual.get(clause)) is not None:
                contrary = say("条款 {clause} 写明由人办理（{why}），不能作为依据", clause=clause, why=article.manual)
                s.wrong("D414", (*loc, key), contrary)

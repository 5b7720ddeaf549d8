"""The kinds of definitions: their groups and classes, how a document tells which it holds, and how a site speaks of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.adjustable import (
    ADJUSTABLE,
    DomainExtension,
    Extension,
    IndicatorExtension,
    May,
    PolicyExtension,
    RegisterExtension,
    RoleExtension,
)
from app.catalog.base import Spec
from app.catalog.indicator import Indicator
from app.catalog.policy import Domain, Policy, RoleSpec
from app.catalog.register import RegisterSpec


@dataclass(frozen=True)
class Kind:
    """One kind of definition.

    ``word`` is what an extension calls it, ``group`` where the catalog keeps it, ``key`` what its code is written under, ``extension``
    the class of what a site says of one.
    """

    word: str
    group: str
    key: str
    model: type[Spec]
    extension: type[Extension]

    @property
    def may(self) -> May:
        """What a site may say of a shipped one."""
        return ADJUSTABLE[self.group]

    @property
    def fixed(self) -> frozenset[str]:
        """What of one only its own definition says."""
        return frozenset(f.alias or k for k, f in self.model.model_fields.items()) - self.may.keys - {self.key}


KINDS = (
    Kind("policy", "policies", "policy", Policy, PolicyExtension),
    Kind("indicator", "indicators", "indicator", Indicator, IndicatorExtension),
    Kind("register", "registers", "code", RegisterSpec, RegisterExtension),
    Kind("role", "roles", "code", RoleSpec, RoleExtension),
    Kind("domain", "domains", "code", Domain, DomainExtension),
)
BY_GROUP = {kind.group: kind for kind in KINDS}
BY_WORD = {kind.word: kind for kind in KINDS}

LISTS = ("roles", "domains")
"""Groups whose definitions share a document: a list."""


def kind_of(root: Mapping[str, Any]) -> Kind | None:
    """Return the kind of definition that a document holds or extends; None for one that cannot be told."""
    if "extend" in root:
        return BY_WORD.get(str(root.get("kind", "register")))
    alone = (kind for kind in KINDS if kind.group not in LISTS and kind.key in root)
    lists = (BY_GROUP[group] for group in LISTS if group in root)
    return next(alone, None) or (BY_WORD["register"] if "fields" in root else next(lists, None))

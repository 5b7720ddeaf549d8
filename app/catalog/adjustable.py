"""What a site may say of shipped definitions, kind by kind: what it says anew, adds to and tightens; of all else it has no say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from pydantic import Field

from app.catalog.base import CODE, Citation, Spec
from app.catalog.indicator import Grade
from app.catalog.policy import Power
from app.fields.label import Label


class Extension(Spec):
    """What this site says of a definition that it was shipped with: each kind has its own keys, told below."""

    extend: str
    """The code of the shipped definition."""
    kind: Literal["register", "policy", "indicator", "role", "domain"] = "register"
    """What it is; a register where nothing is said."""


class RegisterExtension(Extension):
    """What this site adds to a register.

    An entry whose ``code`` the register has already may rename it (``label``, ``help``), make a field ``required``, let a transition
    ask for more (``needs``, ``not_by``, ``reason``) and tell more people (``remind``, ``escalate``, ``tell``); any other entry is
    added. ``cite`` names further articles, ``excluded`` further people. ``logged`` and ``retention`` are given where the register has
    none.
    """

    kind: Literal["register"] = "register"
    label: Label | None = None
    help: Label | None = None
    domain: str | None = Field(default=None, pattern=CODE)
    position: int | None = Field(default=None, ge=1)
    title: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    order: str | None = None
    cite: Citation | tuple[Citation, ...] = ()
    fields: tuple[dict[str, Any], ...] = ()
    unique_together: tuple[tuple[str, ...], ...] = ()
    checks: tuple[dict[str, Any], ...] = ()
    workflow: dict[str, tuple[dict[str, Any], ...]] = Field(default_factory=dict)
    """``states`` and ``transitions`` that are there: none are added."""
    duties: tuple[dict[str, Any], ...] = ()
    breaches: tuple[dict[str, Any], ...] = ()
    counters: tuple[dict[str, Any], ...] = ()
    access: tuple[dict[str, Any], ...] = ()
    prints: tuple[dict[str, Any], ...] = ()
    refuse: tuple[dict[str, Any], ...] = ()
    reports: tuple[dict[str, Any], ...] = ()
    excluded: tuple[str, ...] = ()
    append_only: bool | None = None
    logged: dict[str, Any] = Field(default_factory=dict)
    retention: dict[str, Any] = Field(default_factory=dict)


class PolicyExtension(Extension):
    """What this site adds to a policy: articles of its own, and from when it holds here.

    Of an article that was shipped it may only say why people alone carry it out, where nothing cites it.
    """

    kind: Literal["policy"]
    label: Label | None = None
    source: str | None = None
    effective: date | None = None
    adopt_from: date | None = None
    lost: Label | None = None
    articles: tuple[dict[str, Any], ...] = ()


class IndicatorExtension(Extension):
    """How this site shows an indicator, what more it demands of it, and who else sees it. What is counted stays.

    ``target`` may be tightened (``ge`` rises, ``le`` and ``tolerance`` fall) or given where there is none; ``receives`` and ``cite``
    are added to.
    """

    kind: Literal["indicator"]
    label: Label | None = None
    help: Label | None = None
    domain: str | None = Field(default=None, pattern=CODE)
    places: int | None = Field(default=None, ge=0, le=4)
    cite: Citation | tuple[Citation, ...] = ()
    target: dict[str, Any] = Field(default_factory=dict)
    bands: tuple[Grade, ...] | None = None
    receives: tuple[str, ...] = ()


class RoleExtension(Extension):
    """What this site calls a role, and what more is asked of whoever holds it."""

    kind: Literal["role"]
    label: Label | None = None
    help: Label | None = None
    in_person: bool | None = None
    may: tuple[Power, ...] = ()


class DomainExtension(Extension):
    """What this site calls a group of the menu, and where it stands there."""

    kind: Literal["domain"]
    label: Label | None = None
    icon: str | None = None
    position: int | None = Field(default=None, ge=1)


@dataclass(frozen=True)
class May:
    """What a site may say of a shipped definition, or of a part of one.

    ``anew``: whatever it likes. ``more``: lists that grow and never shrink. ``stricter``: ticks that are set, and cleared only where no
    article demands them. ``rising`` and ``falling``: numbers that go one way only where an article demands them. ``lists``: members that
    are found by their codes. ``inside``: parts of which the same is asked; ``start``: the part may be given where there is none.
    ``firm``: what was shipped stays as strict, cited or not.
    """

    anew: frozenset[str] = frozenset()
    more: frozenset[str] = frozenset()
    stricter: frozenset[str] = frozenset()
    rising: frozenset[str] = frozenset()
    falling: frozenset[str] = frozenset()
    lists: Mapping[str, Members] = field(default_factory=dict)
    inside: Mapping[str, May] = field(default_factory=dict)
    start: bool = False
    firm: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """All that it may say anything of."""
        return (
            self.anew | self.more | self.stricter | self.rising | self.falling | self.lists.keys() | self.inside.keys()
        )


@dataclass(frozen=True)
class Members:
    """A list of parts: what may be said of one that was shipped, the key it is known by, and whether others may be added."""

    may: May
    by: str = "code"
    grow: bool = True


NAMED = May(anew=frozenset({"label", "help"}))
_FIELD = May(NAMED.anew, more=frozenset({"synonyms"}), stricter=frozenset({"required"}))
_DUTY = May(NAMED.anew, more=frozenset({"remind", "escalate"}))
_BREACH = May(NAMED.anew, more=frozenset({"tell"}))
_TRANSITION = May(NAMED.anew, more=frozenset({"needs", "not_by", "tell"}), stricter=frozenset({"reason"}))
_FLOW = May(lists={"states": Members(NAMED, grow=False), "transitions": Members(_TRANSITION, grow=False)})
_LISTS = ("unique_together", "checks", "counters", "access", "prints", "refuse", "reports")
_TARGET = May(more=frozenset({"cite"}), rising=frozenset({"ge"}), falling=frozenset({"le", "tolerance"}), start=True)

ADJUSTABLE: dict[str, May] = {
    "registers": May(
        frozenset({"label", "help", "domain", "position", "title", "columns", "order"}),
        more=frozenset({"cite", "excluded"}),
        stricter=frozenset({"append_only"}),
        lists=dict.fromkeys(_LISTS, Members(NAMED))
        | {"fields": Members(_FIELD), "duties": Members(_DUTY), "breaches": Members(_BREACH)},
        inside={"workflow": _FLOW, "logged": May(start=True), "retention": May(start=True)},
    ),
    "policies": May(
        frozenset({"label", "source", "effective", "adopt_from", "lost"}),
        lists={"articles": Members(May(frozenset({"manual"})), by="article")},
    ),
    "indicators": May(
        frozenset({"label", "help", "domain", "places", "bands"}),
        more=frozenset({"cite", "receives"}),
        inside={"target": _TARGET},
    ),
    "roles": May(NAMED.anew, more=frozenset({"may"}), stricter=frozenset({"in_person"}), firm=True),
    "domains": May(frozenset({"label", "icon", "position"})),
}
"""What a site may say of what was shipped, by the group of the definition."""

"""Ways through a workflow, and what a record must hold to go along them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from app.catalog.condition import Condition
from app.catalog.refusal import Refusal
from app.catalog.register import RegisterSpec, Transition
from app.fields.texts import Choice
from tests.definitions.rounds.solving import SIGNED

BEFORE = "state before"
"""Under this name a condition finds the state that a transition leads out of."""


def ways_through(spec: RegisterSpec, start: str = "") -> Iterator[Sequence[Transition]]:
    """Yield sequences of transitions from a state (the first one by default), the shortest first, that pass no transition twice."""
    flow = spec.workflow
    if flow is None:
        return
    queue: deque[tuple[tuple[Transition, ...], frozenset[str]]] = deque([((), frozenset((start or flow.initial,)))])
    for _ in range(3000):
        if not queue:
            return
        path, been = queue.popleft()
        yield path
        here = path[-1].target if path else start or flow.initial
        if (
            path
            and len(been) <= len({t.target for t in path[:-1]} | {start or flow.initial})
            and here not in path[-1].source
        ):
            continue  # the last step went back
        queue.extend(((*path, t), been | {t.target}) for t in flow.transitions if here in t.source and t not in path)


def soft_goals(spec: RegisterSpec, path: Iterable[Transition]) -> list[Condition]:
    """Return what a new record had better hold, so that it can go along a path later."""
    goals: list[Condition] = []
    for t in path:
        wanted = [t.when] if t.when is not None else []
        wanted += [
            opposite(r.when)
            for r in spec.refuse
            if t.code in r.transition and r.standing is None and r.when is not None
        ]
        for c in wanted:
            goals += _at_once(spec, c)
        named = [p.field or p.superior_of for party in t.by if (p := party.within(spec.codes)).field or p.superior_of]
        if t.by and len(named) == len(t.by) and all(_typed(spec, f) for f in named):
            goals.append(Condition.model_validate({"any": [{"field": f, "filled": True} for f in named]}))
        seen = [[a.when for a in spec.access if a.role == p.within(spec.codes).role and "read" in a.can] for p in t.by]
        if seen and all(rules and all(w is not None for w in rules) for rules in seen):
            ways = [_at_once(spec, w) for rules in seen for w in rules if w is not None]
            if all(ways):
                goals.append(Condition.model_validate({"any": [{"all": way} for way in ways]}))
    return goals


def consistent(spec: RegisterSpec, path: Iterable[Transition]) -> bool:
    """Return whether one record can go along a path: no choice it was entered with is asked to be two things."""
    goals = [(next(iter(fields)), g) for g in soft_goals(spec, path) if len(fields := set(g.fields())) == 1]
    for code in {c for c, _ in goals}:
        f = spec.field(code)
        if isinstance(f, Choice) and not any(
            all(g.holds({code: o.code}) for c, g in goals if c == code) for o in f.choices
        ):
            return False
    return True


def _at_once(spec: RegisterSpec, c: Condition) -> list[Condition]:
    """Return the parts of a condition that can be decided when a record is entered."""
    return [p for p in (c.all_ or (c,)) if all("." not in f and _typed(spec, f) for f in p.fields())]


def _typed(spec: RegisterSpec, code: str) -> bool:
    f = spec.field(code)
    return f is not None and f.typed


def standing_behind(r: Refusal) -> list[Condition]:
    """Return an entry's refusal as a condition on the record that it must point to, where it names one."""
    if r.unless is None or r.unless.match.keys() != {"id"} or r.unless.where is None:
        return []
    (ours,) = r.unless.match.values()
    behind = _mapped(r.unless.where, lambda code: f"{ours}.{code}")
    return [Condition.model_validate({"any": [opposite(r.when), behind]}) if r.when is not None else behind]


def _mapped(c: Condition, name: Callable[[str], str]) -> Condition:
    if c.field:
        return c.model_copy(update={"field": name(c.field)})
    parts = {k: None if (p := getattr(c, k)) is None else tuple(_mapped(x, name) for x in p) for k in ("all_", "any_")}
    return c.model_copy(update={**parts, "not_": _mapped(c.not_, name) if c.not_ is not None else None})


def tied(c: Condition) -> Condition:
    """Return what a transition is tied to, with the state looked at before it."""
    return _mapped(c, lambda code: BEFORE if code == "state" else code)


def plain_wants(c: Condition) -> Iterator[tuple[str, Any]]:
    """Yield values of fields under which a condition holds."""
    for part in c.all_ or (c,):
        if part.is_ is not None:
            yield part.field, part.is_
        elif part.in_ is not None:
            yield part.field, part.in_[0]
        elif part.filled:
            yield part.field, SIGNED


def opposite(c: Condition) -> Condition:
    return Condition.model_validate({"not": c})


def short(c: Condition) -> dict[str, Any]:
    return c.model_dump(exclude_defaults=True, by_alias=True)

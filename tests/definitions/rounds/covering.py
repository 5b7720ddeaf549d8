"""Takes every transition of a register at least once, with as many records as that needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from app.catalog.register import RegisterSpec, Transition
from tests.definitions.rounds.travelling import WAYS, Stuck, Traveller
from tests.definitions.rounds.ways import consistent, soft_goals, ways_through

TURNS = 4
"""So many times a way is tried, each time with other people and other records around."""


def cover(traveller: Traveller, register: str) -> dict[str, str]:
    """Take the transitions of a register and return those that could not be taken, each with what was in the way."""
    spec = traveller.panel.catalog.registers[register]
    flow = spec.workflow
    if flow is None or not flow.transitions:
        traveller.values.turn = 0
        traveller.create(register, {})
        return {}
    left = {t.code: t for t in flow.transitions}
    why: dict[str, str] = {}
    traveller.values.turn = 0
    while left and _stroll(traveller, spec, left, why):
        pass
    for t in list(left.values()):
        if t.code in left:
            _seek(traveller, spec, t, left, why)
    return {code: why.get(code, "no way there") for code in left}


def _stroll(traveller: Traveller, spec: RegisterSpec, left: dict[str, Transition], why: dict[str, str]) -> bool:
    """Take one new record along as many transitions that are left as it can; False where it took none."""
    before = len(left)
    target = next(iter(left.values()))
    path = next((p for p in ways_through(spec) if p and p[-1] is target and consistent(spec, p)), ())
    try:
        record = traveller.create(spec.code, {}, soft_goals(spec, path))
    except Stuck as error:
        why[target.code] = str(error)
        return False
    _notice(traveller, spec, left)
    blocked: set[str] = set()
    with traveller.beside(spec.code, record):
        while left:
            here = traveller.row(spec.code, record)["state"]
            step = _next(spec, here, left, blocked)
            if step is None:
                break
            try:
                traveller.take(spec.code, record, step)
            except Stuck as error:
                why[step.code] = str(error)
                blocked.add(step.code)
            _notice(traveller, spec, left)
    return len(left) < before


def _next(spec: RegisterSpec, here: str, left: dict[str, Transition], blocked: set[str]) -> Transition | None:
    """Return the first step of the shortest way to a transition that is left."""
    assert spec.workflow is not None
    queue: deque[tuple[str, Transition | None]] = deque([(here, None)])
    seen = {here}
    while queue:
        state, first = queue.popleft()
        steps = [t for t in spec.workflow.transitions if state in t.source and t.code not in blocked]
        for t in steps:
            if t.code in left:
                return first or t
        for t in steps:
            if t.target not in seen:
                seen.add(t.target)
                queue.append((t.target, first or t))
    return None


def _notice(traveller: Traveller, spec: RegisterSpec, left: dict[str, Transition]) -> None:
    for code in traveller.taken(spec.code) & left.keys():
        del left[code]


def _seek(
    traveller: Traveller, spec: RegisterSpec, t: Transition, left: dict[str, Transition], why: dict[str, str]
) -> None:
    """Take one transition by whatever way leads to it."""
    ways = list(islice((p for p in ways_through(spec) if p and p[-1] is t and consistent(spec, p)), WAYS))
    for turn in range(TURNS):
        traveller.values.turn = turn
        for path in ways:
            try:
                _go(traveller, spec, path)
            except Stuck as error:
                why[t.code] = str(error)
            _notice(traveller, spec, left)
            if t.code not in left:
                return


def _go(traveller: Traveller, spec: RegisterSpec, path: Sequence[Transition]) -> None:
    record = traveller.create(spec.code, {}, soft_goals(spec, path))
    with traveller.beside(spec.code, record):
        for t in _still(traveller, spec, record, path):
            traveller.take(spec.code, record, t)


def _still(traveller: Traveller, spec: RegisterSpec, record: int, path: Sequence[Transition]) -> Iterable[Transition]:
    for t in path:
        if traveller.row(spec.code, record)["state"] in t.source:
            yield t

"""Makes records and takes them along their workflow as the people whom the definitions name, with all that is asked for on the way."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from app.catalog.condition import Condition
from app.catalog.refusal import Refusal
from app.catalog.register import RegisterSpec, Transition
from app.errors import Forbidden, Invalid, Refused
from app.fields.base import Field
from app.fields.links import File, Reference, Signature
from app.models.fixed import record_version
from app.services import breaches, consequences, files, people, records, rows, scope, workflow
from app.services.conditions import with_references
from app.services.panel import Actor
from tests.definitions.rounds.company import Company
from tests.definitions.rounds.solving import EMPTY, SIGNED, New, Row, Task
from tests.definitions.rounds.values import Paper, Values, alone
from tests.definitions.rounds.ways import (
    BEFORE,
    opposite,
    plain_wants,
    short,
    soft_goals,
    standing_behind,
    tied,
    ways_through,
)

PAPER = {
    "pdf": b"%PDF-1.7 paper",
    "jpg": b"\xff\xd8\xff paper",
    "png": b"\x89PNG\r\n\x1a\n paper",
    "xlsx": b"PK paper",
    "docx": b"PK paper",
}
DEPTH = 7
"""So many records deep a record may rest on others."""
WAYS = 8
"""So many ways through a workflow are tried to one state."""


class Stuck(Exception):
    """A record cannot be made, or a transition not be taken; says why."""


class Traveller:
    """Acts in a company; every record is made and moved through the services, by people who may."""

    def __init__(self, company: Company) -> None:
        self.company, self.panel = company, company.panel
        self.values = Values(company)
        self.shared: dict[str, int] = {}
        self.deep = 0
        self.slips: list[str] = []
        """Who could have made a transition though the separation of duties forbids it."""

    # Reading

    def row(self, register: str, record: int) -> dict[str, Any]:
        """Return a whole record as the panel keeps it."""
        with self.panel.reading(Actor.system(), now=self.company.now) as work:
            return rows.one(work, work.spec(register), record)

    def _look(self, register: str, record: int, name: str) -> Any:
        table = self.panel.models.tables[register]
        with self.panel.engine.connect() as connection:
            return connection.execute(select(table.c[name]).where(table.c.id == record)).scalar()

    def taken(self, register: str) -> set[str]:
        """Return the transitions that the history of a register's records tells of."""
        v = record_version.c
        with self.panel.engine.connect() as connection:
            query = select(v.transition).where(v.register == register, v.transition.is_not(None)).distinct()
            return set(connection.execute(query).scalars())

    def _row(self, spec: RegisterSpec, values: Mapping[str, Any]) -> Row:
        return Row(values, {f.code: f.target for f in spec.fields if isinstance(f, Reference)}, self._look)

    def _column(self, spec: RegisterSpec, code: str) -> Field | None:
        reference, dot, name = code.partition(".")
        link = spec.column(reference)
        if not dot:
            return link
        return self.panel.catalog.registers[link.target].column(name) if isinstance(link, Reference) else None

    def _states(self, spec: RegisterSpec, code: str) -> list[str]:
        link = spec.field(code.split(".")[0])
        flow = self.panel.catalog.registers[link.target].workflow if isinstance(link, Reference) else None
        return [s.code for s in flow.states] if flow is not None else []

    def _task(
        self, spec: RegisterSpec, free: Iterable[str], needs: Sequence[str], goals: Sequence[Condition], *, drive: bool
    ) -> Task:
        return Task(
            spec, frozenset(free), lambda f, row: self.values.of(spec, f, row), lambda code: self._column(spec, code),
            lambda code: self._states(spec, code), needs, goals, drive,
        )  # fmt: skip

    # Making

    def create(
        self, register: str, wants: Mapping[str, Any], goals: Sequence[Condition] = (), needs: Sequence[str] = ()
    ) -> int:
        """Enter a record as somebody who may and return its id; what is wanted is entered where that person may write it."""
        spec = self.panel.catalog.registers[register]
        why: list[str] = []
        for actor in sorted(self.creators(spec), key=lambda a: len(wants.keys() - self._writable(spec, a))):
            try:
                return self._create(spec, actor, wants, goals, needs)
            except (Stuck, Refused, Forbidden, Invalid) as error:
                why.append(f"{actor.name}: {reason(error)}")
        raise Stuck(f"{register} cannot be entered: {'; '.join(dict.fromkeys(why)) or 'by nobody'}")

    def creators(self, spec: RegisterSpec) -> list[Actor]:
        """Return who may enter records, one of each role."""
        roles = dict.fromkeys(a.role for a in spec.access if "add" in a.can)
        found = [self.company.holders(r)[0] for r in roles]
        if not found and spec.reports:
            return [Actor.system()]  # the panel itself makes them, when their period is over
        shift = self.values.turn % len(found) if found else 0
        return found[shift:] + found[:shift]

    def _create(
        self,
        spec: RegisterSpec,
        actor: Actor,
        wants: Mapping[str, Any],
        goals: Sequence[Condition],
        needs: Sequence[str],
    ) -> int:
        free = self._writable(spec, actor)
        with self.panel.reading(actor, now=self.company.now) as work:
            values = {
                f.code: rows.default(work, f) for f in spec.fields if f.default is not None and not alone(spec, f)
            }
        state = {"state": spec.workflow.initial} if spec.workflow else {}
        needs = [*needs, *(k for k, v in wants.items() if v is SIGNED)]
        fixed = {k: _several(spec, k, v) for k, v in wants.items() if k in free and v is not SIGNED}
        row = self._row(spec, {**values, "unit": actor.unit_id, "created_by": actor.person_id, **fixed, **state})
        entry = [opposite(r.when) for r in spec.refuse if r.add and r.standing is None and r.when is not None]
        hard = [*(g for r in spec.refuse if r.add for g in standing_behind(r)), *entry]
        found = self._settle(
            spec, row, free - fixed.keys(), [n for n in needs if n in free], hard, actor, drive=False, soft=goals
        )
        written = {k: v for k, v in found.items() if k in free and v not in EMPTY}
        with self.panel.work(actor, now=self.company.tick()) as work:
            record = records.create(work, spec.code, written)
        for f in spec.fields:
            if f.unique and written.get(f.code) in self.company.spare:
                self.company.spare.remove(written[f.code])
        return record

    def _settle(
        self,
        spec: RegisterSpec,
        row: Row,
        free: Iterable[str],
        needs: Sequence[str],
        goals: Sequence[Condition],
        actor: Actor,
        *,
        drive: bool,
        soft: Sequence[Condition] = (),
    ) -> Row:
        """Return a row that holds all that must hold, with every record made that it points to."""
        free = frozenset(free)
        for _ in range(5):
            for n in range(len(soft), -1, -1):
                kept = [*goals, *soft[:n]]
                if (found := self._task(spec, free, needs, kept, drive=drive).solve(row)) is not None:
                    break
            if found is None:
                raise Stuck(
                    f"no values for {spec.code} ({row.get('state')}): needs {list(needs)}, goals {[short(g) for g in goals]}"
                )
            row, again = self._made(spec, found, actor)
            if not again:
                return row
        raise Stuck(f"{spec.code}: the records pointed to never fit")

    def _made(self, spec: RegisterSpec, row: Row, actor: Actor) -> tuple[Row, bool]:
        """Make the records and papers that a row still wants; tell whether any record was made or moved."""
        wanted: dict[str, dict[str, Any]] = {}
        for key in [k for k in row if "." in k]:
            reference, name = key.split(".", 1)
            wanted.setdefault(reference, {})[name] = row[key]
        values = {k: v for k, v in row.items() if "." not in k}
        made: dict[int, int] = {}
        again = False

        def real(value: Any, wants: Mapping[str, Any]) -> Any:
            nonlocal again
            if isinstance(value, tuple):
                return tuple(real(v, wants) for v in value)
            if isinstance(value, Paper):
                return self._upload(actor, value.field)
            if not isinstance(value, New):
                return value
            again = True
            if id(value) not in made:
                wants = {k: real(v, {}) for k, v in wants.items()}
                made[id(value)] = self.obtain(value.register, wants, alone=value.alone)
            return made[id(value)]

        for code in sorted(
            values, key=lambda c: bool(wanted.get(c))
        ):  # the plain ones first: others may be wanted like them
            values[code] = real(values[code], wanted.get(code, {}))
            link = spec.field(code)
            if isinstance(row.get(code), int) and isinstance(link, Reference) and wanted.get(code):
                self.drive(link.target, values[code], wanted[code])
                again = True
        return self._row(spec, values), again

    def _upload(self, actor: Actor, f: File) -> int:
        kind = next((e for e in f.extensions if e in PAPER), f.extensions[0])
        with self.panel.work(actor, now=self.company.now) as work:
            return files.store(work, f, f"paper.{kind}", io.BytesIO(PAPER.get(kind, b"paper")))

    def obtain(self, register: str, wants: Mapping[str, Any], *, alone: bool = False) -> int:
        """Return a record in which what is wanted holds: one made before where nothing special is, else a new one."""
        if register == "archive_violation":
            return self._ticket()
        if not wants and not alone and register in self.shared:
            return self.shared[register]
        if self.deep >= DEPTH:
            raise Stuck(f"{register}: rests on itself")
        self.deep += 1
        try:
            record = self._obtain(register, {k: v for k, v in wants.items()})
        finally:
            self.deep -= 1
        if not wants and not alone:
            self.shared[register] = record
        return record

    def _obtain(self, register: str, wants: dict[str, Any]) -> int:
        spec = self.panel.catalog.registers[register]
        why: list[str] = []
        for path in self._paths(spec, wants):
            try:
                record = self.create(register, wants, soft_goals(spec, path))
                if self._walk(register, record, path, wants):
                    return record
                found = self.row(register, record)
                why.append(f"{[t.code for t in path]} led to { ({k: found.get(k) for k in wants}) }")
            except Stuck as error:
                why.append(str(error))
        raise Stuck(f"no {register} with {wants}: {' | '.join(why[:2]) or 'no way there'}")

    def _walk(self, register: str, record: int, path: Sequence[Transition], wants: Mapping[str, Any]) -> bool:
        """Make those transitions of a path that start where the record then stands; return whether what is wanted holds."""
        with self.beside(register, record):
            for t in path:
                if self.row(register, record)["state"] in t.source:
                    self.take(register, record, t, wants)
        return self._holds(register, record, wants)

    def _holds(self, register: str, record: int, wants: Mapping[str, Any]) -> bool:
        found = self.row(register, record)
        return all(_fits(found.get(k), v) for k, v in wants.items())

    def _paths(self, spec: RegisterSpec, wants: Mapping[str, Any]) -> Iterator[Sequence[Transition]]:
        """Yield ways through the workflow to where what is wanted may hold."""
        if spec.workflow is None:
            yield ()
            return
        state = wants.get("state")
        late = [k for k, v in wants.items() if v not in EMPTY and isinstance(spec.field(k), Signature)]
        late += [
            k
            for k, v in wants.items()
            if k not in late and k != "state" and any(t.sets.get(k) == v for t in spec.workflow.transitions)
        ]
        n = 0
        later = not set().union(*(self._writable(spec, a) for a in self.creators(spec))) >= wants.keys() - {"state"}
        for path in ways_through(spec):
            if later and not path:
                continue
            here = path[-1].target if path else spec.workflow.initial
            if state is not None and here != state:
                continue
            done = {t.sign for t in path} | {k for t in path for k in (*t.sets, *t.needs, *t.asks)}
            if any(isinstance(spec.field(k), Signature) and k not in done for k in late):
                continue
            if state is None and path and not late and not later:
                continue
            if state is None and later and not any(k in done for k in wants):
                continue
            yield path
            n += 1
            if n >= WAYS:
                return

    def _writable(self, spec: RegisterSpec, actor: Actor) -> set[str]:
        """Return the fields that somebody may fill in a new record."""
        with self.panel.reading(actor, now=self.company.now) as work:
            return {f.code for f in scope.fields_for(work, spec.code, "add")}

    def create_whole(self, register: str) -> int:
        """Enter a record with as many fields filled as can be at once."""
        spec = self.panel.catalog.registers[register]
        why: list[str] = []
        for actor in self.creators(spec):
            own = self._writable(spec, actor)
            free = [f.code for f in spec.fields if f.code in own]
            state = {"state": spec.workflow.initial} if spec.workflow else {}
            row = self._row(spec, {"unit": actor.unit_id, "created_by": actor.person_id, **state})
            entry = [g for r in spec.refuse if r.add for g in standing_behind(r)]
            needs: list[str] = []
            for code in free:
                if self._task(spec, free, [*needs, code], entry, drive=False).solve(row) is not None:
                    needs.append(code)
            while True:
                try:
                    return self._create(spec, actor, {}, (), needs)
                except (Stuck, Refused) as error:
                    why.append(f"{actor.name}: {reason(error)}")
                    pointing = [n for n in needs if isinstance(f := spec.field(n), Reference) and not f.required]
                    if not pointing:
                        break
                    needs.remove(pointing[-1])  # the record it would point to cannot be had
        raise Stuck(f"{register} cannot be entered: {'; '.join(why[:3])}")

    # Moving

    def drive(self, register: str, record: int, wants: Mapping[str, Any]) -> None:
        """Bring a record that is there to where what is wanted holds."""
        spec = self.panel.catalog.registers[register]
        if self.deep >= DEPTH:
            raise Stuck(f"{register}: rests on itself")
        if self._holds(register, record, wants):
            return
        here = self.row(register, record)
        self.shared = {k: v for k, v in self.shared.items() if v != record or k != register}
        self.deep += 1
        why: list[str] = []
        try:
            for path in ways_through(spec, here["state"]):
                end = path[-1].target if path else here["state"]
                gives = {t.sign for t in path} | {k for t in path for k in (*t.sets, *t.needs, *t.asks)}
                if end != wants.get("state", end) or not all(k in gives for k in wants if k != "state") or not path:
                    continue
                try:
                    if self._walk(register, record, path, wants):
                        return
                except Stuck as error:
                    why.append(str(error))
                if self.row(register, record)["state"] != here["state"] or len(why) >= WAYS:
                    break
        finally:
            self.deep -= 1
        raise Stuck(f"{register} cannot be brought to {dict(wants)}: {' | '.join(why[:2])}")

    def take(self, register: str, record: int, t: Transition, wants: Mapping[str, Any] | None = None) -> None:
        """Make a transition as somebody who may, with everything it asks for."""
        spec = self.panel.catalog.registers[register]
        why: list[str] = []
        for actor in self._movers(spec, record, t):
            try:
                return self._take(spec, record, t, actor, wants or {})
            except (Stuck, Refused, Forbidden, Invalid) as error:
                why.append(f"{actor.name}: {reason(error)}")
        raise Stuck(f"{register}.{t.code}: {'; '.join(dict.fromkeys(why)) or 'nobody may'}")

    def _movers(self, spec: RegisterSpec, record: int, t: Transition) -> list[Actor]:
        if t.auto:
            return [Actor.system()]
        with self.panel.reading(Actor.system(), now=self.company.now) as work:
            row = rows.one(work, spec, record)
            found: list[Actor] = []
            for party in t.by:
                who = party.within(spec.codes)
                if who.role:
                    found += self.company.holders(who.role)
                else:
                    found += [
                        self.company.by_id[p] for p in people.party(work, who, spec, row) if p in self.company.by_id
                    ]
        return list(dict.fromkeys(found))

    def _take(self, spec: RegisterSpec, record: int, t: Transition, actor: Actor, wants: Mapping[str, Any]) -> None:
        old = self.row(spec.code, record)
        with self.panel.reading(actor, now=self.company.now) as work:
            why = workflow.obstacle(work, spec, old, t) if t.when is None and not t.auto else None
            if why is not None:
                raise Stuck(str(why))
            if not actor.is_system:
                records.get(work, spec.code, record)
            sets = {k: workflow._set(work, spec, k, v) for k, v in t.sets.items()}
        offered = {*t.needs, *t.asks}
        editable = set() if workflow.locked(spec, old) or spec.append_only else {f.code for f in spec.fields if f.typed}
        free = {c for c in offered | editable if c not in sets}
        fixed = {k: v for k, v in wants.items() if k in offered and k not in sets and v is not SIGNED}
        signed = {t.sign: actor.person_id, f"{t.sign}_at": self.company.now} if t.sign else {}
        row = self._row(spec, {**old, **fixed, **sets, **signed, "state": t.target, BEFORE: old["state"]})
        goals = [tied(t.when)] if t.when is not None and not set(t.when.fields()) & {*sets, *signed} else []
        refusals = [r for r in spec.refuse if t.code in r.transition]
        goals += [opposite(tied(r.when)) for r in refusals if r.standing is None and r.when is not None]
        needs = [*t.needs, *(f.code for f in spec.fields if f.required_from == t.target)]
        needs += [k for k, v in wants.items() if v is SIGNED and k in offered]
        found = self._settle(spec, row, free - fixed.keys(), needs, goals, actor, drive=True)
        changed = {
            k: found[k]
            for k in free
            if found.get(k) != old.get(k) and not (found.get(k) in EMPTY and old.get(k) in EMPTY)
        }
        before = set(t.when.fields()) if t.when is not None else set()
        early = {k: v for k, v in changed.items() if k not in offered or k in before & editable}
        if early:
            self.edit(spec, record, early)
        if t.auto:
            if self.row(spec.code, record)["state"] != t.target:
                raise Stuck(f"the panel did not make {t.code} by itself")
            return
        self._keep_apart(spec, record, t)
        late = {k: v for k, v in changed.items() if k not in early}
        for _ in range(len(refusals) + 1):
            try:
                with self.panel.work(actor, now=self.company.tick()) as work:
                    return records.move(work, spec.code, record, t.code, late, reason="按制度办理" if t.reason else "")
            except Refused as refused:
                told = next((r for r in refusals if r.standing is not None and r.say.zh in str(refused.reason)), None)
                if told is None:
                    raise
                self._stand(spec, told, {**found, "id": record})
        raise Stuck(f"{spec.code}.{t.code}: refused again and again")

    def _keep_apart(self, spec: RegisterSpec, record: int, t: Transition) -> None:
        """Note it where somebody who must have no part in a transition could make it."""
        old = self.row(spec.code, record)
        held = [old.get(f) for f in t.not_by]
        named = {p for v in held for p in (v if isinstance(v, tuple) else (v,)) if p in self.company.by_id}
        for p in sorted(named):
            with self.panel.reading(self.company.by_id[p], now=self.company.now) as work:
                if workflow.obstacle(work, spec, with_references(work, spec, [old], [t.when])[0], t) is None:
                    self.slips.append(f"{spec.code}.{t.code}: {self.company.by_id[p].name}")

    def edit(self, spec: RegisterSpec, record: int, changes: Mapping[str, Any]) -> None:
        """Change fields of a record as somebody who may."""
        why: list[str] = []
        left = dict(changes)
        for role in dict.fromkeys(a.role for a in spec.access if "edit" in a.can):
            for actor in self.company.holders(role):
                with self.panel.reading(actor, now=self.company.now) as work:
                    own = {f.code for f in scope.fields_for(work, spec.code, "edit")}
                part = {k: v for k, v in left.items() if k in own}
                if not part:
                    continue
                try:
                    with self.panel.work(actor, now=self.company.tick()) as work:
                        records.update(work, spec.code, record, part)
                    left = {k: v for k, v in left.items() if k not in part}
                except (Refused, Forbidden, Invalid) as error:
                    why.append(f"{actor.name}: {reason(error)}")
                if not left:
                    return
        # who entered it, or is named in it, whatever the role
        raise Stuck(f"{spec.code}: nobody can edit {sorted(left)}: {'; '.join(dict.fromkeys(why))}")

    def _stand(self, spec: RegisterSpec, refusal: Refusal, row: Mapping[str, Any]) -> None:
        """Make the record elsewhere without which a transition is refused, or bring on those that stand in its way."""
        standing = refusal.standing
        if standing is None or (refusal.when is not None and not refusal.when.holds(row)):
            return
        other = self.panel.catalog.registers[standing.register_code]
        match = {theirs: row[ours] for theirs, ours in standing.match.items() if theirs != "id"}
        if refusal.unless is not None:
            first = {k: v[0] if isinstance(v, tuple) else v for k, v in match.items()}
            self.obtain(
                other.code, first | dict(plain_wants(standing.where) if standing.where is not None else ()), alone=True
            )
            return
        with self.panel.reading(Actor.system(), now=self.company.now) as work:
            every = rows.read(
                work, other, list(work.connection.execute(select(work.tables[other.code].c.id)).scalars())
            )
        for there in every.values():
            if all(there[k] == v for k, v in match.items()) and (standing.where is None or standing.where.holds(there)):
                self._bring_on(other, there, standing.where)

    def _bring_on(self, spec: RegisterSpec, row: Mapping[str, Any], where: Condition | None) -> None:
        """Move a record to where a condition does not hold any more."""
        for s in spec.workflow.states if spec.workflow else ():
            if where is not None and not where.holds({**row, "state": s.code}):
                try:
                    return self.drive(spec.code, row["id"], {"state": s.code})
                except Stuck:
                    continue
        raise Stuck(f"{spec.code} {row['record_no']} stands in the way")

    @contextmanager
    def beside(self, register: str, record: int) -> Iterator[None]:
        """Let new records point to the one at hand while it is being moved."""
        before = dict(self.values.around)
        self.values.around[register] = record
        try:
            yield
        finally:
            self.values.around = before

    def _ticket(self) -> int:
        if "archive_violation" not in self.shared:
            archive = self.obtain("vehicle_archive", {})
            keeper, fined = self.company.actors["archive_admin"], self.company.actors["service_advisor"]
            assert fined.person_id is not None
            with self.panel.work(keeper, now=self.company.tick()) as work:
                spec = work.spec("vehicle_archive")
                code = next(b.code for b in spec.breaches if b.reported_by)
                row = rows.one(work, spec, archive)
                touched = breaches.report(work, spec, row, code, fined.person_id, 1, self.company.now, "")
                self.shared["archive_violation"] = int(consequences.of_breaches(work, touched).tickets[0]["id"])
        return self.shared["archive_violation"]


def _several(spec: RegisterSpec, code: str, value: Any) -> Any:
    f = spec.field(code)
    return (value,) if f is not None and f.many and not isinstance(value, tuple) else value


def _fits(held: Any, wanted: Any) -> bool:
    if wanted is SIGNED:
        return held not in EMPTY
    if isinstance(held, tuple) and not isinstance(wanted, tuple):
        return wanted in held
    return held == wanted or (
        isinstance(wanted, int | tuple) and isinstance(held, int | tuple) and held not in EMPTY and wanted in EMPTY
    )


def reason(error: Exception) -> str:
    """Return what an error says, with its fields."""
    if isinstance(error, Invalid):
        return ", ".join(f"{e.field}: {e.reason}" for e in error.errors)
    return str(getattr(error, "reason", error))

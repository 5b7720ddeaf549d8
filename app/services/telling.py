"""Who is told what of breaches and tickets: that they are there, that they cost something else by now, that they were none after all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import or_, select

from app.catalog.breach import Breach
from app.catalog.duty import Duty
from app.fields.label import Label
from app.fields.times import Moment
from app.models.among import among
from app.models.ledger import breach, notice
from app.rules.agenda import Event
from app.services import administration, editions, judged, notices, people, rows
from app.services.audience import audience
from app.services.notices import BLANK
from app.services.panel import Work

Facts = Mapping[str, Any]
Tell = Callable[[Facts, Facts], notices.Told | None]
"""What gives the notice for an obligation and its record; None where nobody is to be told."""
Known = Mapping[tuple[int, str], Mapping[int, Facts]]
"""Records as the definitions that bind them know them: by revision and register, then by id."""
Kinds = dict[tuple[int, str, str], list[tuple[int, int, int | None]]]
"""Breaches by revision, register and rule: id, record and person of each."""
UNTOLD = ("proposed", "void", "waived", "cancelled")
"""States of tickets of whose amount the person fined has not been told, or whose decision he is told of itself."""


def of_tickets(work: Work, tickets: Sequence[Mapping[str, Any]]) -> list[notices.Told]:
    """Return the notices of new tickets: to whoever confirms them."""
    letters: list[notices.Told] = []
    names = people.names(work, {t["person"] for t in tickets})
    told: dict[tuple[str, int | None, int | None], list[int]] = {}
    labels: dict[tuple[int, str, str], Any] = {}
    for t in tickets:
        kind = (t["revision"], t["register"], t["rule"])
        by = (t["confirmed_by"], people.charged_near(work, t), t["person"])
        if kind not in labels:
            rule = rule_of(work, t)
            labels[kind] = notices.ready(rule.label) if rule else t["rule"]
        if by not in told:
            told[by] = _confirming(work, *by)
        words = {
            "ticket": t["record_no"],
            "rule": labels[kind],
            "who": names.get(t["person"], ""),
            "amount": t["amount"],
            "points": t["points"],
            "sanction": t["sanction"],
        }
        letters += notices.tell(work, told[by], "to_confirm", f"ticket:{t['id']}", words, {"ticket": t["id"]})
    return letters


def _confirming(work: Work, role: str, unit: int | None, fined: int | None) -> list[int]:
    """Return who confirms a ticket, with who stands for them."""
    holders = people.holders(work, role, unit) if role else []
    return [*holders, *(d for h in holders for d in people.deputies(work, h, role) if d != fined)]


def of_changes(work: Work, ids: Sequence[int]) -> list[notices.Told]:
    """Return the notices of breaches that have changed; of one that was none after all whoever was told of it is told that too."""
    if not ids:
        return []
    b = breach.c
    live: Kinds = {}
    query = select(b.revision, b.register, b.rule, b.id, b.record_id, b.person, b.state).where(among(b.id, ids))
    void: list[int] = []
    for *kind, number, record_id, person, state in work.connection.execute(query):
        if state == "live":
            live.setdefault(tuple(kind), []).append((number, record_id, person))
        elif state == "void":
            void.append(number)
    return of_breaches(work, live, {}) + _lifted(work, void)


def of_breaches(work: Work, kinds: Kinds, facts: Known) -> list[notices.Told]:
    """Return the notices that kinds of breaches ask for; of a repeated one, each time anew.

    ``facts``: records that need not be read again.
    """
    letters: list[notices.Told] = []
    for (revision, register, code), alike in kinds.items():
        rule = editions.catalog_of(work, revision).breaches.get((register, code))
        if rule is None or not rule.tell:
            continue
        then = editions.bound(work, revision)
        spec = then.catalog.registers[register]
        known = facts.get((revision, register), {})
        missing = {i for _, i, _ in alike} - known.keys()
        read = judged.facts(then, spec, sorted(missing)) if missing else {}
        charged = {p for _, _, p in alike}
        names = people.names(work, charged)
        told, words = audience(then, spec, rule.tell), {"register": spec.label, "number": BLANK, "rule": rule.label}
        said = {p: notices.around(words | {"who": "" if p is None else names.get(p, "")}) for p in charged}
        for number, i, p in alike:
            row = known.get(i) or read[i]
            if whom := told(row):
                before, after = said[p]
                text = before + notices.quoted(row["record_no"]) + after
                letters.append(notices.Told(f"breach:{number}", whom, "breach", text, register, i, None))
    return letters


def of_limit(work: Work, register: str, duty: Duty, event: Event) -> Tell:
    """Return what gives the notices of a reminder, or of an escalation, for an obligation and its record.

    ``work`` is under the definitions that bind the obligations.
    """
    spec = work.catalog.registers[register]
    rule = duty.remind[event.seq - 1] if event.kind == "remind" else duty.escalate[event.seq - 1]
    told = audience(work, spec, rule.tell)
    words = {"register": spec.label, "number": BLANK, "duty": duty.label, "due": BLANK}
    kind = "remind" if event.kind == "remind" else "overdue"
    said: dict[tuple[int | None, str | None], list[str]] = {}
    until: dict[datetime, tuple[str, str]] = {}

    def tell(o: Facts, row: Facts) -> notices.Told | None:
        if not (whom := told(row)):
            return None
        due_at, owing = o["due_at"], (o["person"], o["role"])
        if (around := said.get(owing)) is None:
            around = said[owing] = notices.around(words | {"who": _owing(work, *owing)})
        if (times := until.get(due_at)) is None:
            times = until[due_at] = notices.minute(due_at), notices.quoted(Moment.until(due_at))
        (minute, due), (first, then, last) = times, around
        text = f"{first}{notices.quoted(row['record_no'])}{then}{due}{last}"
        key = notices.limit_key(event.kind, o["id"], event.seq, minute)
        return notices.Told(key, whom, kind, text, register, row["id"], None)

    return tell


def of_stuck(work: Work, o: Mapping[str, Any]) -> list[notices.Told]:
    """Return the notices that an obligation cannot be judged: once a day to who looks after the site."""
    then = editions.bound(work, o["revision"])
    spec, duty = then.catalog.registers.get(o["register"]), then.catalog.duties.get((o["register"], o["duty"]))
    row = rows.read(then, spec, [o["record_id"]], ()).get(o["record_id"]) if spec is not None else None
    words = {
        "register": spec.label if spec is not None else o["register"],
        "number": row["record_no"] if row is not None else f"#{o['record_id']}",
        "duty": duty.label if duty is not None else o["duty"],
    }
    about = {"register": o["register"], "record_id": o["record_id"]}
    key = f"stuck:{o['id']}:{work.today}"
    return notices.tell(work, administration.administrators(work), "stuck", key, words, about)


def _owing(work: Work, person: int | None, code: str | None) -> Label | str:
    """Return by whom something is owed: a person, or where nobody is named whoever holds a role."""
    if person is not None:
        return people.names(work, [person]).get(person, "")
    role = work.catalog.roles.get(code or "")
    return role.label if role else ""


def _lifted(work: Work, ids: Sequence[int]) -> list[notices.Told]:
    n = notice.c
    letters: list[notices.Told] = []
    for start in range(0, len(ids), 200):
        # a key is breach:<id>:<person>; ";" is the character after ":"
        mine = or_(*(n.key.between(f"breach:{i}:", f"breach:{i};") for i in ids[start : start + 200]))
        for told in work.rows(select(notice).where(mine).order_by(n.id)):
            of = told["key"].split(":")[1]
            words = orjson.loads(told["words"])
            letters += notices.tell(work, [told["person"]], "lifted", f"lifted:{of}", words, told)
    return letters


def of_moves(work: Work, moved: Sequence[Mapping[str, Any]]) -> list[notices.Told]:
    """Return the notices of tickets that cost something else than before: to the person fined, once he was told what it cost."""
    letters: list[notices.Told] = []
    for t in moved:
        if t["was"]["state"] in UNTOLD or all(t["was"][k] == t[k] for k in ("amount", "points")):
            continue
        words = {
            "ticket": t["record_no"],
            "before": t["was"]["amount"],
            "after": t["amount"],
            "points_before": t["was"]["points"],
            "points_after": t["points"],
            "why": t["arithmetic"],
        }
        key = f"amended:{t['id']}:{t['version']}"
        letters += notices.tell(work, [t["person"]], "amended", key, words, {"ticket": t["id"]})
    return letters


def rule_of(work: Work, t: Mapping[str, Any]) -> Breach | None:
    """Return the rule of a breach, or of a ticket, as the definitions that bind it say."""
    return editions.catalog_of(work, t["revision"]).breaches.get((t["register"], t["rule"]))

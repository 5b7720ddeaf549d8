"""From what people type to the row they mean, and from a row to its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, or_, select

from app.catalog.register import RegisterSpec
from app.errors import Missing, Sentence, say
from app.fields.base import Field
from app.fields.links import File, Link, Person, Signature
from app.fields.texts import Text
from app.models.among import among_given
from app.models.fixed import attachment, person
from app.services import people, scope
from app.services.listing import escape, select_rows
from app.services.panel import Work

CHUNK = 500
"""Values in one IN list: far below what any database allows."""


def title_fields(spec: RegisterSpec) -> tuple[str, ...]:
    """Return the fields that name a record: its ``title``, by default the first text, else its number."""
    if spec.title:
        return spec.title
    return next(((f.code,) for f in spec.fields if isinstance(f, Text)), ("record_no",))


def resolve(work: Work, field: Link, texts: Iterable[str]) -> dict[str, int | Sentence]:
    """Return, for each typed text, the id of the row it names, or the sentence why none can be taken.

    A person is named by user name, full name or staff number; a row by its number or its title. What fits two is refused, never guessed.
    Only rows that the actor may see are found.
    """
    wanted = {t for t in texts if t and t.strip()}
    found: dict[str, set[int]] = {t: set() for t in wanted}
    for key, row_id in (
        _people_keys(work) if isinstance(field, Person | Signature) else _row_keys(work, field.target, wanted)
    ):
        if key in found:
            found[key].add(row_id)
    return {t: next(iter(ids)) if len(ids) == 1 else _why_not(field, t, ids) for t, ids in found.items()}


def meant_by(work: Work, field: Link, text: str) -> list[tuple[str, str]]:
    """Return whom or what a text that fits several may mean: of each what names it alone, and its name."""
    by_person = isinstance(field, Person | Signature)
    keys = _people_keys(work) if by_person else _row_keys(work, field.target, {text})
    ids = sorted({i for key, i in keys if key == text})[:CHUNK]
    if by_person:
        query = select(person.c.id, person.c.username).where(person.c.id.in_(ids))
    elif field.target in work.tables:
        table = work.tables[field.target]
        query = select(table.c.id, table.c.record_no).where(table.c.id.in_(ids))
    else:
        return []
    named = link_names(work, field, ids)
    return [(str(key), named.get(i, "")) for i, key in work.connection.execute(query.order_by("id"))]


def _why_not(field: Link, text: str, ids: set[int]) -> Sentence:
    if ids:
        return say("“{text}”对应 {n} 条记录，请改填编号", text=text[:60], n=len(ids))
    return say(
        "找不到“{text}”，请填已有的{what}",
        text=text[:60],
        what="姓名或用户名" if isinstance(field, Person) else "编号或名称",
    )


def _people_keys(work: Work) -> Iterable[tuple[str, int]]:
    if "people" not in work.memo:
        staff: dict[int, str] = {}
        if "employee" in work.tables and "staff_no" in work.tables["employee"].c:
            t = work.tables["employee"]
            staff = {
                r.person: r.staff_no
                for r in work.connection.execute(select(t.c.person, t.c.staff_no).where(t.c.archived_at.is_(None)))
            }
        query = select(person.c.id, person.c.username, person.c.first_name, person.c.last_name).where(
            person.c.active.is_(True)
        )
        work.memo["people"] = [
            (key, r.id)
            for r in work.connection.execute(query)
            for key in {r.username, people.full_name(r.first_name, r.last_name), staff.get(r.id) or r.username}
        ]
    return work.memo["people"]


def _row_keys(work: Work, register: str, texts: set[str]) -> Iterable[tuple[str, int]]:
    if register not in work.tables or not may_find(work, register):
        return
    spec, table = work.spec(register), work.tables[register]
    texts_of = [f.code for n in title_fields(spec) if isinstance(f := spec.column(n), Text)]
    texts_of += [f.code for f in spec.fields if f.unique and isinstance(f, Text)]
    keys = list(dict.fromkeys(["record_no", *texts_of]))
    values = sorted(texts)
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        for key in keys:
            query = select(table.c[key], table.c.id).where(table.c[key].in_(part), scope.findable(work, register))
            yield from ((str(k), i) for k, i in work.connection.execute(query))


def titles(work: Work, register: str, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of rows by id; of a row that the actor may not see only its number.

    So whoever sees a record that points elsewhere reads no name there that its own register would not show (AR-12).
    """
    wanted = sorted({i for i in ids if i is not None})
    if not wanted or register not in work.tables:
        return {}
    spec = work.spec(register)
    names = [n for n in title_fields(spec) if n in work.tables[register].c]
    key = scope.rows_rules(work, register, ("read", "find"))
    query = work.panel.once("titles", key, lambda: _naming(work, register, names))
    rows = work.rows(query, {"ids": wanted}).all()
    open_rows(work, register).update({r["id"]: bool(r.get("_open", r["_seen"])) for r in rows})
    numbers = {r["id"]: r["record_no"] for r in rows if not r["_seen"]}
    return numbers | _named(work, spec, names, [r for r in rows if r["_seen"]])


def _naming(work: Work, register: str, names: Sequence[str]) -> Select[Any]:
    """Return the query for what names rows by ``ids``, whether the actor may find them, and whether he may see them whole."""
    table = work.tables[register]
    marks = [scope.findable(work, register).label("_seen")]
    if scope.may(work, register, "find"):  # else what one finds is what one reads
        marks.append(scope.visible(work, register).label("_open"))
    cells = [table.c.id, table.c.record_no, *(table.c[n] for n in names if n != "record_no"), *marks]
    return select(*cells).where(among_given(table.c.id, "ids"))


def titles_of(work: Work, records: Iterable[tuple[str, int | None]]) -> dict[tuple[str, int], str]:
    """Return the names of rows of several registers, by register and id; see ``titles``."""
    by_register: dict[str, list[int]] = {}
    for register, i in records:
        by_register.setdefault(register, []).extend([] if i is None else [i])
    return {(code, i): t for code, ids in by_register.items() for i, t in titles(work, code, ids).items()}


def open_rows(work: Work, register: str) -> dict[int, bool]:
    """Return of the rows named so far in a unit of work that only reads whether the actor may see them whole."""
    return work.memo.setdefault(("open", register, work.actor), {}) if work.source == "read" else {}


def _named(work: Work, spec: RegisterSpec, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    texts = {n: cell_texts(work, spec.column(n), (r[n] for r in rows)) for n in names}
    return {
        r["id"]: " ".join(t for n in names if r[n] is not None and (t := texts[n].get(r[n], ""))) or r["record_no"]
        for r in rows
    }


def cell_texts(work: Work, field: Field | None, values: Iterable[Any]) -> dict[Any, str]:
    """Return how values of a field read, each resolved once: names of people and rows instead of their ids.

    A value of several links maps, as its tuple, to the names with ``;`` between them.
    """
    distinct = {v for v in values if v is not None}
    if not isinstance(field, Link):
        return {v: field.format(v) if field else str(v) for v in distinct}
    ids = {i for v in distinct for i in (v if isinstance(v, tuple) else (v,))}
    named = link_names(work, field, ids)
    return {v: ";".join(named.get(i, f"#{i}") for i in (v if isinstance(v, tuple) else (v,))) for v in distinct}


def link_names(work: Work, field: Link, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of what a pointing field points to."""
    if isinstance(field, Person | Signature):
        return people.names(work, ids)
    if isinstance(field, File):
        if not (wanted := list(ids)):
            return {}
        query = select(attachment.c.id, attachment.c.name).where(attachment.c.id.in_(wanted))
        return {number: name for number, name in work.connection.execute(query)}
    return titles(work, field.target, ids)


def search(work: Work, register: str, text: str, limit: int = 20) -> list[tuple[int, str]]:
    """Return up to ``limit`` rows whose number or texts contain ``text``, as (id, name), for pickers.

    Who may only look rows up finds them by number and name alone. Raises Missing, and Forbidden for who may not even do that.
    """
    ids: list[int] = []
    if scope.may(work, register, "read") or not scope.may(work, register, "find"):
        columns = title_fields(work.spec(register))
        ids = [r["id"] for r in select_rows(work, register, search=text, limit=limit, columns=columns)]
    if len(ids) < limit and scope.may(work, register, "find"):
        ids = list(dict.fromkeys([*ids, *_index(work, register, text, limit)]))[:limit]
    named = titles(work, register, ids)
    return [(i, named[i]) for i in ids]


def may_find(work: Work, register: str) -> bool:
    """Return whether the actor may look rows of a register up by number and name."""
    return scope.may(work, register, "read") or scope.may(work, register, "find")


def _index(work: Work, register: str, text: str, limit: int) -> list[int]:
    spec, table = work.spec(register), work.tables[register]
    keys = ["record_no", *(n for n in title_fields(spec) if isinstance(spec.column(n), Text) and n in table.c)]
    like = or_(*(table.c[k].like(f"%{escape(text.strip())}%", escape="\\") for k in dict.fromkeys(keys)))
    query = select(table.c.id).where(scope.findable(work, register), like).order_by(table.c.id.desc()).limit(limit)
    return list(work.connection.execute(query).scalars())


def search_people(work: Work, text: str, limit: int = 20) -> list[tuple[int, str]]:
    """Return active people whose name or user name contains ``text``, as (id, name)."""
    folded = text.strip().casefold()
    hits = {i for key, i in _people_keys(work) if folded in str(key).casefold()}
    return sorted(people.names(work, hits).items(), key=lambda p: p[1])[:limit]


def search_units(work: Work, text: str, limit: int = 20) -> list[tuple[int, str]]:
    """Return units whose name contains ``text``, as (id, name): everybody may name a unit."""
    table = work.tables["unit"]
    query = (
        select(table.c.id)
        .where(table.c.archived_at.is_(None), table.c.name.like(f"%{escape(text.strip())}%", escape="\\"))
        .limit(limit)
    )
    return sorted(titles(work, "unit", work.connection.execute(query).scalars()).items(), key=lambda u: u[1])


def by_number(work: Work, register: str, number: str) -> int:
    """Return the id of the visible record with a number.

    Raises Missing.
    """
    table = work.table(register)
    found = work.connection.execute(
        select(table.c.id).where(table.c.record_no == number, scope.visible(work, register))
    ).scalar()
    if found is None:
        raise Missing
    return int(found)

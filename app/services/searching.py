"""The index of texts: finding records by any two characters of theirs, which the databases' own indexes cannot do.

Chinese is cut into pairs of characters, Latin letters and digits into triples; trigram indexes would miss most Chinese words.
The index only proposes records: whoever asks compares their texts again, so it may know too much (texts of long ago) and
never too little. Records that came in bulk are indexed behind the import; until then they are read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import isqrt
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    cast,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from app.catalog.register import RegisterSpec
from app.models import behind
from app.models.bulk import insert_new, insert_rows
from app.models.fixed import text_reach
from app.models.foreseen import Foreseen
from app.services import numbering
from app.services.panel import Actor, Panel, Work

_RUN = re.compile(r"[0-9a-z]+|[^\W_0-9a-z]+")
_SHIFT = 40
"""A record of register number n has the row number n · 2⁴⁰ + id in SQLite's index."""
FEW = 200
"""So many new records are indexed at once; more are left to ``catch_up``."""
DENSE = 20_000
"""Where more records than this hold the pieces of a text, walking the sorted rows finds a page of them sooner."""


def grams(texts: Iterable[str | None]) -> set[str]:
    """Return the pieces under which texts are found, as ASCII words."""
    found: set[str] = set()
    for value in texts:
        for run in _RUN.findall(value.lower()) if value else ():
            if run.isascii():
                found.update(run[i : i + 3] for i in range(len(run)))
            else:
                found.update(map(_word, [run[i : i + 2] for i in range(len(run))]))
    return found


def wanted(text: str) -> list[str]:
    """Return the pieces that every record with ``text`` in it has; ``*`` behind a piece that may go on. Empty: none can be told."""
    found: dict[str, None] = {}
    for run in _RUN.findall(text.lower()):
        size = 3 if run.isascii() else 2
        pieces = [run[i : i + size] for i in range(max(1, len(run) - size + 1))]
        for piece in pieces:
            word = piece if piece.isascii() else _word(piece)
            found[word if len(piece) == size else f"{word}*"] = None
    return list(found)


@lru_cache(maxsize=200_000)
def _word(piece: str) -> str:
    return "z".join(f"{ord(c):x}" for c in piece)


def indexed(spec: RegisterSpec) -> tuple[str, ...]:
    """Return the columns whose texts are indexed, whoever may see them."""
    return ("record_no", *(f.code for f in spec.fields if f.searchable))


def proposed(
    work: Work, register: str, text: str, *, whole: bool = False, walked: bool = False
) -> ColumnElement[bool] | None:
    """Return the condition that a record may hold ``text``; None where the index cannot narrow the search.

    For a page of rows that very many texts would fill it does not, but for the ``whole`` of them it does. ``walked``: it is asked of
    one row after another as they are sorted, which is of use where ``common`` says so.
    """
    words = wanted(text)
    if not words or register not in work.catalog.registers or work.catalog.registers[register].tickets_of:
        return None
    number, upto = _reach(work, register)
    if upto == 0:
        return None
    table = work.tables[register]
    if work.connection.dialect.name == "sqlite":
        match = _match(work, register, text)
        if not whole and _dense(work, match):
            return None
        base = number << _SHIFT
        hits = select(literal_column("record_gram.rowid").op("-")(base)).select_from(_GRAM)
        hits = hits.where(literal_column("record_gram").op("MATCH")(match))
    else:
        hits = _holding(number, words)
    near: ColumnElement[bool] = table.c.id.in_(hits)
    if walked:
        return near | (table.c.id > upto)  # of two conditions PostgreSQL reads the records once and walks the rows
    behind = work.connection.execute(select(func.max(table.c.id))).scalar() or 0
    return near if behind <= upto else near | (table.c.id > upto)


def common(work: Work, register: str, text: str) -> bool:
    """Return whether so many records may hold ``text`` that a page of them is found sooner by walking the sorted rows; PostgreSQL only.

    To find n of h records among r rows it walks n·r/h entries of an index, instead of reading h rows.
    """
    words = wanted(text)
    if work.connection.dialect.name == "sqlite" or not words or work.spec(register).tickets_of:
        return False
    number, upto = _reach(work, register)
    key, most = ("common", register, text), isqrt(upto) + 1
    if upto and key not in work.memo:
        some = _holding(number, words).limit(most).subquery()
        work.memo[key] = work.connection.execute(select(func.count()).select_from(some)).scalar_one() == most
    return bool(work.memo.get(key))


def _holding(number: int, words: Iterable[str]) -> Select[Any]:
    """Return PostgreSQL's query for the records of register ``number`` that hold some pieces."""
    query = " & ".join(f"{_prefix(number)}{w.replace('*', ':*')}" for w in words)
    hits: Select[Any] = select(literal_column("record_gram.record_id")).select_from(_GRAM)
    hits = hits.where(literal_column("record_gram.register") == number)
    return hits.where(literal_column("record_gram.grams").op("@@")(cast(query, TSQUERY)))


_GRAM = text("record_gram")


def _prefix(number: int) -> str:
    return f"{number}r"


def _dense(work: Work, match: str) -> bool:
    return _hits(work, match, DENSE + 1) > DENSE


def _hits(work: Work, match: str, most: int) -> int:
    key = ("hits", match, most)
    if key not in work.memo:
        count = text("SELECT count(*) FROM (SELECT 1 FROM record_gram WHERE record_gram MATCH :match LIMIT :most)")
        work.memo[key] = work.connection.execute(count, {"match": match, "most": most}).scalar_one()
    return int(work.memo[key])


def proposals(work: Work, register: str, text: str) -> int:
    """Return how many records of a register may hold ``text``, in whatever state and whoever sees them; SQLite only.

    0 where there are few or nobody knows.
    """
    match = _match(work, register, text)
    return _hits(work, match, -1) if match and _dense(work, match) else 0


def _match(work: Work, register: str, text: str) -> str:
    words, (number, upto) = wanted(text), _reach(work, register)
    return " AND ".join(f"{_prefix(number)}{w}" for w in words) if upto else ""


def follow_new(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> None:
    """Index records that have just been entered, unless they are many or others before them are still missing."""
    if len(rows) > FEW or isinstance(behind.of(work.connection), Foreseen):
        return
    number, upto = _reach(work, spec.code, make=True)
    first, last = rows[0]["id"], rows[-1]["id"]
    moved = (
        update(text_reach).where(text_reach.c.register == spec.code, text_reach.c.upto == first - 1).values(upto=last)
    )
    if upto == first - 1 and work.connection.execute(moved).rowcount == 1:
        work.memo["reach", spec.code] = number, last
        codes = indexed(spec)
        _write(work, number, [(r["id"], grams(r.get(c) for c in codes)) for r in rows])


def follow_changes(
    work: Work, spec: RegisterSpec, old: Sequence[Mapping[str, Any]], changes: Mapping[int, Mapping[str, Any]]
) -> None:
    """Index what the new texts of records have that the old ones had not; ``changes`` by the record's id."""
    codes = indexed(spec)
    new = [(r["id"], _added(r, changes[r["id"]], codes)) for r in old]
    if any(found for _, found in new):
        number, _ = _reach(work, spec.code, make=True)
        _write(work, number, new)


def _added(old: Mapping[str, Any], changes: Mapping[str, Any], codes: Iterable[str]) -> set[str]:
    changed = [c for c in codes if c in changes]
    return grams(changes[c] for c in changed) - grams(old.get(c) for c in changed) if changed else set()


def begin_anew(connection: Connection, register: str) -> None:
    """Let every record of a register be indexed again: texts have come to be where there were none."""
    connection.execute(update(text_reach).where(text_reach.c.register == register).values(upto=0))


def catch_up(panel: Panel, *, batch: int = 2_000, most: int | None = None) -> int:
    """Index records that came in bulk, in transactions of ``batch`` records, until none or ``most`` are done; return how many."""
    done = 0
    for spec in panel.catalog.tables():
        while (most is None or done < most) and (one := _next_batch(panel, spec, batch)) > 0:
            done += one
    return done


def _next_batch(panel: Panel, spec: RegisterSpec, batch: int) -> int:
    with panel.reading(Actor.system()) as work:
        if _behind(work, spec) == 0:
            return 0
    with panel.work(Actor.system(), source="system", gives_way=True) as work:
        number, _ = _reach(work, spec.code, make=True)
        # on PostgreSQL the lock keeps two from indexing the same rows; SQLite has one writer anyway
        mine = select(text_reach.c.upto).where(text_reach.c.register == spec.code).with_for_update()
        upto = work.connection.execute(mine).scalar_one()
        table, codes = work.tables[spec.code], indexed(spec)
        query = (
            select(table.c.id, *(table.c[c] for c in codes)).where(table.c.id > upto).order_by(table.c.id).limit(batch)
        )
        rows = work.connection.execute(query).all()
        if rows:
            _write(work, number, [(r[0], grams(r[1:])) for r in rows])
            reached = update(text_reach).where(text_reach.c.register == spec.code).values(upto=rows[-1][0])
            work.connection.execute(reached)
        return len(rows)


def _behind(work: Work, spec: RegisterSpec) -> int:
    newest = work.connection.execute(select(func.max(work.tables[spec.code].c.id))).scalar() or 0
    return int(max(0, newest - _reach(work, spec.code)[1]))


def _reach(work: Work, register: str, make: bool = False) -> tuple[int, int]:
    """Return a register's number in the index and the last record that is in it; (0, 0) for one without any."""
    key = ("reach", register)
    found = work.memo.get(key)
    if found is None or (make and found == (0, 0)):
        query = select(text_reach.c.number, text_reach.c.upto).where(text_reach.c.register == register)
        row = work.connection.execute(query).first()
        if row is None and make:
            number = numbering.take(work, "text_reach")
            insert_new(work.connection, text_reach, [{"register": register, "number": number, "upto": 0}])
            row = work.connection.execute(query).first()
        found = work.memo[key] = (row[0], row[1]) if row is not None else (0, 0)
    return found


def _write(work: Work, number: int, pieces: Sequence[tuple[int, set[str]]]) -> None:
    head = _prefix(number)
    filled = [(i, " ".join(head + p for p in found)) for i, found in pieces if found]
    if not filled:
        return
    if work.connection.dialect.name == "sqlite":
        base = number << _SHIFT
        statement = text("INSERT INTO record_gram(rowid, grams) VALUES (:row, :grams)")
        work.connection.execute(statement, [{"row": base + i, "grams": words} for i, words in filled])
        return
    rows = [{"register": number, "record_id": i, "grams": words} for i, words in filled]
    if len(rows) < MANY:
        work.connection.execute(
            text(_MERGE.format(source="VALUES (:register, :record_id, CAST(:grams AS tsvector))")), rows
        )
        return
    work.connection.execute(
        text("CREATE TEMPORARY TABLE IF NOT EXISTS gram_new (register int, record_id bigint, grams text)")
    )
    work.connection.execute(text("TRUNCATE gram_new"))
    insert_rows(work.connection, _NEW, rows)
    work.connection.execute(
        text(_MERGE.format(source="SELECT register, record_id, CAST(grams AS tsvector) FROM gram_new"))
    )


MANY = 50
"""From so many rows on PostgreSQL takes them by COPY, into a table of this connection's own."""
_NEW = Table(
    "gram_new", MetaData(), Column("register", Integer), Column("record_id", BigInteger), Column("grams", Text)
)
_MERGE = (
    "INSERT INTO record_gram (register, record_id, grams) {source}"
    " ON CONFLICT (register, record_id) DO UPDATE SET grams = record_gram.grams || excluded.grams"
)

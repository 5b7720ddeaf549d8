"""Lines of CSV that the database itself writes: of a million records no cell passes through Python, and nobody waits for Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from psycopg import OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from sqlalchemy import ColumnElement, LargeBinary, cast, func, literal, literal_column, select, union_all

from app.catalog.register import RegisterSpec
from app.exchange.cells import guarded
from app.exchange.csv_cells import Postgresql, Sqlite, Words, cell, line_of, quoted
from app.exchange.csv_cells import literal as text_literal
from app.exchange.links import LinkTexts, cell_text
from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import File, Link, Person, Signature
from app.fields.times import Moment
from app.models.among import among
from app.models.fixed import person
from app.services import access_log, listing
from app.services.listing import Sort
from app.services.panel import Work
from app.services.rows import several

Write = Callable[[Sequence[int]], bytes]
"""Return the lines of some of the rows in UTF-8, in their order."""
BATCH = {"sqlite": 2_000, "postgresql": 10_000}
"""Rows that are written at a time; on PostgreSQL each batch is a query to be translated, on SQLite nothing of the kind."""
FEW = 2_000
"""Rows of a register (people) that are all named at once when many records are exported."""


def stream(
    work: Work, spec: RegisterSpec, fields: Sequence[Field], language: str, order: str | Sequence[Sort], **which: Any
) -> Iterator[tuple[int, bytes]] | None:
    """Return batches of lines in UTF-8 with their number; ``which`` rows is said as to ``listing.stream_ids``.

    None where the lines must be made in Python: one column alone, a value that SQL cannot write, or records whose every view is noted.
    """
    dialect = work.connection.dialect.name
    words: Words = Sqlite() if dialect == "sqlite" else Postgresql()
    links = _Links(work, spec, [f for f in fields if isinstance(f, Link)], quoted if words.quotes else str)
    table = work.tables[spec.code]
    cells: list[str] = []
    for f in fields:
        x = f'"{table.name}"."{table.c[f.code].name}"' if not f.many else f'"{table.name}".id'
        made = links.cell(words, f, x) if isinstance(f, Link) else cell(words, spec, f, x, language)
        if made is None:
            return None
        cells.append(made)
    if len(cells) < 2 or access_log.columns(work, spec.code, fields):
        return None
    make = _sqlite if dialect == "sqlite" else _postgresql
    return _stream(work, spec, links, make(work, spec, cells, order, links), order, BATCH[dialect], which)


def _stream(
    work: Work, spec: RegisterSpec, links: _Links, write: Write, order: Any, batch: int, which: Mapping[str, Any]
) -> Iterator[tuple[int, bytes]]:
    for ids in listing.stream_ids(work, spec.code, order=order, batch=batch, **which):
        links.read(ids, many=len(ids) == batch)
        yield len(ids), write(ids)


def _sqlite(work: Work, spec: RegisterSpec, cells: Sequence[str], order: Any, links: _Links) -> Write:
    """Have each batch made into one text while Python's other threads go on."""
    driver = work.connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    driver.create_function("csv_text", 1, _csv_text, deterministic=True)
    driver.create_function("csv_moment", 1, _csv_moment, deterministic=True)
    ask, table = work.connection.exec_driver_sql, work.tables[spec.code]
    ask(
        "CREATE TEMP TABLE IF NOT EXISTS csv_names (field INTEGER, id INTEGER, text TEXT, PRIMARY KEY (field, id)) WITHOUT ROWID"
    )
    line: ColumnElement[Any] = literal_column(line_of(cells)).label("line")
    whole, inserted = listing.in_order(work, spec.code, [line], order), set[int]()

    def write(ids: Sequence[int]) -> bytes:
        ask(f"DELETE FROM csv_names WHERE field NOT IN ({', '.join(map(str, inserted))})")  # noqa: S608  # numbers
        for n, texts in enumerate(links.texts):
            if texts and n not in inserted:
                driver.executemany(f"INSERT INTO csv_names VALUES ({n}, ?, ?)", texts.items())  # noqa: S608  # a number
        inserted.update(links.whole)
        lines = whole.where(among(table.c.id, ids)).subquery()
        written = cast(func.group_concat(lines.c.line, ""), LargeBinary)
        return work.connection.execute(select(written)).scalar() or b""

    return write


def _postgresql(work: Work, spec: RegisterSpec, cells: Sequence[str], order: Any, links: _Links) -> Write:
    """Have COPY write each batch. It takes no parameters: what the query compares with is written into it once, the ids each time."""
    table = work.tables[spec.code]
    # sorted before anything is made of it; no text of PostgreSQL holds the mark where the ids are to stand
    here: ColumnElement[bool] = literal_column(f"\"{table.name}\".id = ANY('{{\0}}'::bigint[])")
    rows = listing.in_order(work, spec.code, [literal_column(f'"{table.name}".*')], order).where(here)
    compiled = str(rows.compile(dialect=work.connection.dialect, compile_kwargs={"literal_binds": True}))
    before, after = (compiled % ()).split("\0")
    before, after = f"SELECT {', '.join(cells)} FROM ({before}", f'{after}) AS "{table.name}", csv_names'  # noqa: S608  # our own names and the compiled query
    # for a batch it takes longer to translate a query, or to call in helpers, than to run it
    for setting in ("jit = off", "max_parallel_workers_per_gather = 0", "datestyle = 'ISO'"):
        work.connection.exec_driver_sql(f"SET LOCAL {setting}")

    patterns = [f"{text_literal(pattern)} AS {name}" for name, pattern in Postgresql().patterns.items()]

    def write(ids: Sequence[int]) -> bytes:
        named = [
            f"{text_literal(orjson.dumps(t, option=orjson.OPT_NON_STR_KEYS).decode()) if t else 'NULL'}::jsonb AS n{n}"
            for n, t in enumerate(links.texts)
        ]
        names = f"WITH csv_names AS MATERIALIZED (SELECT {', '.join([*patterns, *named])})"
        return _copied(work, f"COPY ({names} {before}{','.join(map(str, ids))}{after}) TO STDOUT (FORMAT csv)")

    return write


def _copied(work: Work, statement: str) -> bytes:
    """Return the lines that COPY sends, each a message of its own; psycopg would make a round through Python for each."""
    driver = work.connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    pgconn, lines = driver.pgconn, []
    result = pgconn.exec_(statement.encode())
    if result.status == ExecStatus.COPY_OUT:
        while (got := pgconn.get_copy_data(0))[0] > 0:
            lines.append(b"%b\r\n" % got[1][:-1])
        result = pgconn.get_result()
    if result is None or result.status != ExecStatus.COMMAND_OK:
        raise error_from_result(result) if result else OperationalError("the connection was lost")
    while pgconn.get_result() is not None:
        pass
    return b"".join(lines)


def _csv_text(text: str) -> str:
    return quoted(guarded(text)).replace("\0", "")  # SQLite would end the text there


def _csv_moment(text: str) -> str:
    return _MOMENT.format(datetime.fromisoformat(f"{text}+00:00"))


class _Links:
    """What the ids of each kind of link, and the records with several links, stand for in a file; numbered as the SQL calls them."""

    def __init__(self, work: Work, spec: RegisterSpec, fields: Sequence[Link], finish: Callable[[str], str]) -> None:
        self._work, self._spec, self._finish = work, spec, finish
        self._many = [f for f in fields if f.many]
        self._single = [f for f in fields if not f.many]
        self._names = {_kind(f): LinkTexts(f) for f in self._single}
        self._numbers = {k: n for n, k in enumerate([*self._names, *(f.code for f in self._many)])}
        self._tried = False
        self.texts: list[dict[int, str]] = [{} for _ in self._numbers]
        """For each number the cells by id."""
        self.whole: set[int] = set()
        """The numbers of those that are known for good: every id there is."""

    def cell(self, words: Words, field: Link, x: str) -> str:
        """Return the SQL for the cell of a field; ``x`` is its column, or the record's number where it has several."""
        number = self._numbers[field.code if field.many else _kind(field)]
        unknown = "NULL" if field.many else f"'#' || {x}"
        there = f"{x} IS NOT NULL"
        if isinstance(words, Sqlite):
            found = f"COALESCE((SELECT text FROM csv_names WHERE field = {number} AND id = {x}), {unknown})"  # noqa: S608  # our own names
        else:
            names = f"csv_names.n{number}"
            found = f"NULLIF(COALESCE({names} ->> {x}::text, {unknown}), '')"
            there = f"{names} IS NOT NULL" if field.many else there
        return f"CASE WHEN {there} THEN {found} END"

    def read(self, ids: Sequence[int], *, many: bool) -> None:
        """Learn what the links of some records stand for; of ``many`` records, all that they could point to where that is little."""
        if many and not self._tried:
            self._tried = True
            for kind, names in self._names.items():
                if (every := self._every(names.field)) is not None:
                    self._put(self._numbers[kind], names, every)
                    self.whole.add(self._numbers[kind])
        for kind, found in self._pointed_to(ids).items():
            self._put(self._numbers[kind], self._names[kind], found)
        for f in self._many:
            held = several(self._work, self._spec.code, [f], ids)[f.code]
            known = LinkTexts(f).of(self._work, {i for v in held.values() for i in v})
            self.texts[self._numbers[f.code]] = {
                i: self._finish(guarded(cell_text(f, v, known))) for i, v in held.items()
            }

    def _put(self, number: int, names: LinkTexts, ids: set[int]) -> None:
        known = names.of(self._work, ids)
        self.texts[number] = {i: self._finish(guarded(cell_text(names.field, i, known))) for i in ids}

    def _every(self, field: Link) -> set[int] | None:
        """Return the ids of all that a field may point to; None where they are many."""
        if isinstance(field, File):
            return None
        people = isinstance(field, Person | Signature)
        if not people and field.target not in self._work.tables:
            return None
        key = person.c.id if people else self._work.tables[field.target].c.id
        found = set(self._work.connection.execute(select(key).limit(FEW + 1)).scalars())
        return found if len(found) <= FEW else None

    def _pointed_to(self, ids: Sequence[int]) -> dict[str, set[int]]:
        """Return for each kind that is not known for good the ids that some records point to."""
        table = self._work.tables[self._spec.code]
        left = [f for f in self._single if self._numbers[_kind(f)] not in self.whole]
        found: dict[str, set[int]] = {_kind(f): set() for f in left}
        if left:
            each = [
                select(literal(self._numbers[_kind(f)]).label("kind"), table.c[f.code].label("id")).where(
                    among(table.c.id, ids), table.c[f.code].is_not(None)
                ).distinct()
                for f in left
            ]  # fmt: skip
            kinds = list(self._numbers)
            for number, i in self._work.connection.execute(union_all(*each)):
                found[kinds[number]].add(i)
        return found


def _kind(field: Link) -> str:
    """Return what fields that point to the same have in common; no code of a field has a space."""
    if isinstance(field, Person | Signature):
        return "a person"
    return "a file" if isinstance(field, File) else f"a {field.target}"


_MOMENT = Moment(code="moment", label=Label(zh="时刻"))

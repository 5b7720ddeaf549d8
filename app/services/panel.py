"""The panel a service works on, who acts, and one unit of work."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Executable, Table

from app import clock
from app.catalog.catalog import Catalog
from app.catalog.register import RegisterSpec
from app.errors import Forbidden, Missing, say
from app.models import behind
from app.models.bulk import insert_rows
from app.models.engine import one_by_one, statements, unmapped
from app.models.fixed import access_log
from app.models.foreseen import Foreseen
from app.models.registers import Models
from app.rules.calendar import WorkCalendar
from app.services import chain

LITTLE = 4_096
"""Kilobytes of an SQLite database that what is worked out ahead keeps: it asks for little twice."""
T = TypeVar("T")


@dataclass(frozen=True)
class Actor:
    """Who acts: a person with roles in a unit, or the panel itself (no person)."""

    person_id: int | None
    name: str
    roles: frozenset[str] = frozenset()
    unit_id: int | None = None
    behind: Actor | None = None
    """Who looks at the panel as this person would see it: rows must be open to both, and nothing can be written."""

    deputises: tuple[Actor, ...] = ()
    """For whom this person stands today: each with the roles that are lent, and no more."""
    lent: date | None = None
    """The last day on which somebody stands for this one; None: he acts himself."""
    named: bool = True
    """Whether what names this person in a record is lent with the roles."""

    @property
    def signing(self) -> frozenset[str]:
        """The roles in which this person signs: his own and those lent to him."""
        return self.roles.union(*(a.roles for a in self.deputises))

    @classmethod
    def system(cls) -> Actor:
        """Return the panel itself, which may do everything it is programmed to."""
        return cls(None, "系统")

    @property
    def is_system(self) -> bool:
        return self.person_id is None


@dataclass(frozen=True)
class Panel:
    """A catalog with its tables, its database and its calendar: what all services work on."""

    catalog: Catalog
    models: Models
    engine: Engine
    calendar: WorkCalendar
    zone: ZoneInfo
    files: Path
    appeal_days: int = 5
    """Working days within which a fine may be appealed against, where the policy names none."""
    memory: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What this process remembers between requests, under keys that change with what it was read from."""
    statements: MutableMapping[Any, Any] = field(default_factory=statements, init=False, compare=False, repr=False)
    """Compiled statements: they hold the tables of ``models`` alive, so they go with them and not with the engine."""

    def once(self, kind: str, key: Hashable | None, make: Callable[[], T], *, most: int = 200) -> T:
        """Return what was made under a key before, never None, or make it now; of one kind ``most`` are kept.

        The key names all that it hangs on besides the definitions; with None it hangs on the moment, and is made each time. To write a
        wide statement out takes longer than to answer it.
        """
        if key is None:
            return make()
        kept: dict[Hashable, T] = self.memory.setdefault(kind, {})
        if (found := kept.get(key)) is None:
            if len(kept) >= most:
                kept.clear()
            found = kept[key] = make()
        return found

    @contextmanager
    def work(
        self,
        actor: Actor,
        *,
        now: datetime | None = None,
        source: str = "form",
        reason: str = "",
        gives_way: bool = False,
    ) -> Iterator[Work]:
        """Give one unit of work in one transaction: committed at the end, rolled back whole by any exception.

        On SQLite it takes the write lock at once; other writers wait their turn. ``gives_way``: it is one batch of many, and whoever waits
        by then goes first. Raises Forbidden for who looks as somebody else.
        """
        if actor.behind is not None:
            raise Forbidden(say("以他人身份查看时只能看，不能办理"))
        with self.engine.connect() as connection:
            connection = connection.execution_options(
                immediate=True, gives_way=gives_way, compiled_cache=self.statements
            )
            with connection.begin():
                work = Work(self, connection, actor, now or clock.now(), source, reason)
                yield work
                keep_seen(connection, work.seen)
                chain.append(connection, work.entries)

    @contextmanager
    def foreseeing(
        self, actor: Actor, foreseen: Foreseen, *, now: datetime, source: str
    ) -> Iterator[Callable[[], Work]]:
        """Give what begins a unit of work that writes nothing, with what is written by then, and ends the one before it.

        What they would write is noted in ``foreseen``; what cannot be foreseen raises Unforeseen.
        """
        with self.engine.connect() as connection, unmapped(connection, LITTLE), foreseen.noted(connection):
            asking = connection.execution_options(compiled_cache=self.statements)

            def begin() -> Work:
                asking.rollback()
                return Work(self, asking, actor, now, source)

            yield begin

    @contextmanager
    def reading(self, actor: Actor, *, now: datetime | None = None, loose: bool = False) -> Iterator[Work]:
        """Give a unit of work that only reads; which records it showed that are logged is kept at its end, however it ended.

        ``loose``: for a few short questions, which need no transaction around them where that costs two more.
        """
        seen: dict[Any, dict[str, Any]] = {}
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(compiled_cache=self.statements)
                with (one_by_one(connection) if loose else connection).begin():
                    yield Work(self, connection, actor, now or clock.now(), "read", "", seen=seen)
        finally:
            if seen:
                with self.engine.connect() as connection:
                    connection = connection.execution_options(immediate=True)
                    with connection.begin():
                        keep_seen(connection, seen)


def keep_seen(connection: Connection, seen: dict[Any, dict[str, Any]]) -> None:
    """Append the lines of the access log that a unit of work brought about, and empty ``seen``."""
    insert_rows(connection, access_log, list(seen.values()))
    seen.clear()


class Rows(Protocol):
    """Rows that a query has found: SQLAlchemy's, whose own type would have them asked by columns as well as by names."""

    def __iter__(self) -> Iterator[Mapping[str, Any]]: ...
    def all(self) -> Sequence[Mapping[str, Any]]: ...
    def first(self) -> Mapping[str, Any] | None: ...
    def one(self) -> Mapping[str, Any]: ...


@dataclass
class Work:
    """One person's unit of work at one moment, in one transaction."""

    panel: Panel
    connection: Connection
    actor: Actor
    now: datetime
    source: str = "form"
    reason: str = ""
    change_set: int | None = None
    """The block of changes in the grid that this work writes."""
    memo: dict[Any, Any] = field(default_factory=dict)
    """What has been read once in this transaction and cannot change in it."""
    seen: dict[Any, dict[str, Any]] = field(default_factory=dict)
    """Lines for the access log, one for each record shown."""
    entries: list[dict[str, Any]] = field(default_factory=list)
    """Lines for the ledger, which the end of the transaction links into its chain: so its lock is held only for a moment."""

    @property
    def catalog(self) -> Catalog:
        return self.panel.catalog

    @property
    def tables(self) -> dict[str, Table]:
        return self.panel.models.tables

    @property
    def links(self) -> dict[tuple[str, str], Table]:
        return self.panel.models.links

    @property
    def today(self) -> date:
        """The day of ``now`` in the site's zone."""
        return self.local_day(self.now)

    def local_day(self, moment: datetime) -> date:
        """Return the day of a moment in the site's zone."""
        return moment.astimezone(self.panel.zone).date()

    def rows(self, query: Executable, given: Mapping[str, Any] | None = None) -> Rows:
        """Return what a query finds with the parameters that are ``given``, each row by the keys of its columns."""
        return cast(Rows, self.connection.execute(query, given).mappings())

    def spec(self, register: str) -> RegisterSpec:
        """Return a register's definition.

        Raises Missing where there is none of that code.
        """
        found = self.catalog.registers.get(register)
        if found is None:
            raise Missing(say("没有名为 {code} 的登记簿", code=register))
        return found

    def table(self, register: str) -> Table:
        """Return a register's table; raises Missing like ``spec``."""
        self.spec(register)
        return self.tables[register]

    def acting(self, actor: Actor, source: str | None = None) -> Work:
        """Return this same unit of work with somebody else acting, such as the panel itself."""
        return Work(
            self.panel, self.connection, actor, self.now, source or self.source, self.reason,
            memo=self.memo, seen=self.seen, entries=self.entries,
        )  # fmt: skip

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Do a part of this work that may fail alone: an exception takes back what it wrote and nothing else."""
        before, later = list(self.entries), behind.of(self.connection)
        mark = later.mark() if later is not None else None
        try:
            with self.connection.begin_nested():
                yield
                if later is not None:
                    later.wait()
        except BaseException:
            self.entries[:] = before
            if later is not None:
                later.back(mark)
            raise

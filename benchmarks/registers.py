"""All shipped registers at once: first set-up, later starts, memory of two web processes, a publication under load."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, text
from werkzeug.security import generate_password_hash

from app import clock
from app.catalog.loader import read_folder
from app.models.engine import open_engine
from app.models.fixed import person, person_role, role
from app.services import adoption, publishing
from app.services.panel import Actor
from benchmarks.measure import apart
from benchmarks.wire import ROOT, Client, panel_settings, served
from tests.servers import Databases
from tests.site import DEFINITIONS, SHANGHAI

PASSWORD = "Correct-Horse-9"  # noqa: S105  # of nobody
USER = "admin"
READERS, ROUNDS, IN_A_ROW = 4, 3, 12
PATIENCE = 60
"""Seconds within which a publication must be served by every process."""


def measure(make: Databases, dialect: Any) -> dict[str, Any]:
    """Return seconds, megabytes (PSS) and milliseconds over the whole shipped catalog."""
    url = make(dialect)
    with tempfile.TemporaryDirectory(prefix="registers-") as folder:
        settings = panel_settings(url, folder)
        first, again = (_set_up(settings) for _ in range(2))
        _let_in(url)
        started, cpu = _started(settings)
        with served("app.live:application", **settings) as port:
            browsers = [_signed_in(port) for _ in range(READERS)]
            with _every_role(url):
                opened = _open_everything(url, browsers)
            memory = _memory(port)
            published = [_publish(url, browsers, n) for n in range(ROUNDS)]
            after = _memory(port)
    times = sorted(t for p in published for t in p[1])
    return {
        "what": "registers", "database": dialect, "registers": opened,
        "first_set_up_s": first, "set_up_again_s": again, "start_s": started, "start_cpu_s": cpu, "two_processes_mb": memory,
        "two_processes_after_publications_mb": after, "live_everywhere_s": statistics.median(p[0] for p in published),
        "longest_request_ms": times[-1], "p95_request_ms": times[int(len(times) * 0.95)], "requests": len(times),
        "failed": sum(p[2] for p in published),
    }  # fmt: skip


def _set_up(environ: dict[str, str]) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-m", "app.running.first_start"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environ}, check=True, capture_output=True)
    return time.perf_counter() - start


def _let_in(url: str) -> None:
    engine = open_engine(url)
    policies = publishing.current(engine).catalog.policies
    with engine.begin() as connection:
        hashed = generate_password_hash(PASSWORD, "pbkdf2:sha256:1000")
        connection.execute(text("UPDATE ab_user SET password = :p WHERE username = :u"), {"p": hashed, "u": USER})
        for policy in policies:  # else the first page asks which to choose
            adoption.adopt_for_all(connection, policy, clock.now().date(), None, clock.now())
    engine.dispose()


@contextmanager
def _every_role(url: str) -> Iterator[None]:
    """Give who reads all roles, so that every register is open to him, and take them back."""
    engine = open_engine(url)
    me = select(person.c.id).where(person.c.username == USER).scalar_subquery()
    others = select(me, role.c.id).where(role.c.name != "system_admin")
    with engine.begin() as connection:
        connection.execute(insert(person_role).from_select(["user_id", "role_id"], others))
    yield
    with engine.begin() as connection:
        given = select(role.c.id).where(role.c.name != "system_admin")
        connection.execute(delete(person_role).where(person_role.c.user_id == me, person_role.c.role_id.in_(given)))
    engine.dispose()


def _started(environ: dict[str, str]) -> tuple[float, float]:
    """Return the seconds from the command to the first page, and those of CPU that all its processes took."""
    start = time.perf_counter()
    with served("app.live:application", **environ) as port:
        status, _ = Client(port).ask("GET", "/login/")
        took = time.perf_counter() - start
        if status != 200:
            raise RuntimeError(f"the login page answered {status}")
        ticks = 0
        for process in _processes(port):
            ticks += sum(int(x) for x in Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13])
        return took, ticks / os.sysconf("SC_CLK_TCK")


def _open_everything(url: str, browsers: list[Client]) -> int:
    """Open list and grid of every register, several at a time on connections of their own, so that all processes get some.

    Returns how many registers were shown.
    """
    engine = open_engine(url)
    codes = list(publishing.current(engine).catalog.registers)
    engine.dispose()

    def show(nth: int) -> int:
        browser = browsers[nth % len(browsers)]
        grid, _ = browser.anew().ask("GET", f"/grid/{codes[nth]}")
        listed, _ = browser.anew().ask("GET", f"/registers/{codes[nth]}/list/")
        return int(grid == listed == 200)

    with ThreadPoolExecutor(len(browsers)) as readers:
        return sum(readers.map(show, range(len(codes))))


def _signed_in(port: int) -> Client:
    client = Client(port)
    client.sign_in(USER, PASSWORD)
    return client


def _processes(port: int) -> list[int]:
    """Return the numbers of the processes that serve a port, the one that minds the others among them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if f"127.0.0.1:{port}" in (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode():
                found.append(int(folder.name))
    return found


def _memory(port: int) -> float:
    """Return the proportional share of memory of the web processes, in MB: what they share is counted once."""
    kilobytes = 0
    for process in _processes(port):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        kilobytes += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def _publish(url: str, browsers: list[Client], nth: int) -> tuple[float, list[float], int]:
    """Rename a register while people read; return seconds until everybody sees it, milliseconds of all requests, and failures."""
    name = f"部门{nth}"
    stop = threading.Event()
    times: list[float] = []
    failures: list[int] = []

    def read(browser: Client) -> None:
        while not stop.is_set():
            start = time.perf_counter()
            status, _ = browser.ask("GET", "/")
            times.append(1000 * (time.perf_counter() - start))
            if status != 200:
                failures.append(status)
            time.sleep(0.05)

    readers = [threading.Thread(target=read, args=(b.anew(),)) for b in browsers]
    for reader in readers:
        reader.start()
    time.sleep(1)
    # in a process of its own: here the readers would wait for its Python and not for the panel
    begun, told = apart(_rename, url, name)["at"], 0
    while told < IN_A_ROW:
        _, page = browsers[0].anew().ask("GET", "/")
        told = told + 1 if name in page.decode() else 0
        if time.time() - begun > PATIENCE:
            raise TimeoutError(f"the publication is not served everywhere after {PATIENCE} s")
    everywhere = time.time() - begun
    stop.set()
    for reader in readers:
        reader.join()
    return everywhere, times, len(failures)


def _rename(url: str, name: str) -> dict[str, float]:
    """Publish all definitions with a register of another name; return when that was done, in seconds of the clock."""
    files = dict(read_folder(DEFINITIONS))
    path = next(p for p in files if p.endswith("/unit.yaml"))
    files[path] = files[path].replace("label: {zh: 部门,", f"label: {{zh: {name},", 1)
    engine = open_engine(url)
    merged = publishing.merged(engine, files, shipped=True)
    publishing.publish(engine, merged, actor=Actor.system(), reason="改名", now=clock.now(), zone=SHANGHAI)
    engine.dispose()
    return {"at": time.time()}


def show(figures: dict[str, Any]) -> None:
    """Print what was found."""
    f = figures
    sys.stdout.write(
        f"registers {f['database']}: {f['registers']} registers\n"
        f"  first set-up {f['first_set_up_s']:.1f} s, again {f['set_up_again_s']:.1f} s\n"
        f"  first page {f['start_s']:.1f} s after the command, {f['start_cpu_s']:.1f} s of CPU\n"
        f"  two web processes and who minds them, every register opened: {f['two_processes_mb']:.0f} MB, "
        f"after {ROUNDS} publications {f['two_processes_after_publications_mb']:.0f} MB\n"
        f"  a publication is live everywhere after {f['live_everywhere_s']:.1f} s; meanwhile {f['requests']} requests, {f['failed']} failed, "
        f"95 % within {f['p95_request_ms']:.0f} ms, the longest {f['longest_request_ms']:.0f} ms\n"
    )

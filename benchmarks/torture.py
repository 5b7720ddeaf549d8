"""Several workers and two beats over the same overdue obligations, killed, flushed and shaken, beside one process left in peace.

What they leave must be the same to the yuan: nothing twice, nothing missing.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import func, select

from app.models.ledger import breach, ledger_entry, notice, ticket, timer
from app.services import listing, records, ticks
from app.services.panel import Actor
from tests import site
from tests.servers import Databases, Dialect, Valkey
from tests.site import CAR_OWNER, Site

ROOT = Path(__file__).resolve().parents[1]
MOMENT = site.at("2026-01-15 09:00")
ADVISORS = ("sales1", "sales2", "service1", "service2")
PATIENCE = 300
"""Seconds without progress after which obligations that are still due never will be done."""


@dataclass
class Blows:
    """What was done to the workers meanwhile."""

    kills: int = 0
    flushes: int = 0
    restarts: int = 0
    seconds: float = 0.0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)


@dataclass
class Patience:
    """Waits as long as obligations are done, however slowly: 100,000 of them on a busy machine take their time."""

    moved: float
    least: int = sys.maxsize

    def lost(self, left: int, now: float) -> bool:
        """Return whether ``PATIENCE`` seconds have passed by ``now`` since fewer obligations were last left than ever before."""
        if left < self.least:
            self.least, self.moved = left, now
        return now - self.moved > PATIENCE


def fill(url: str, count: int) -> None:
    """Enter ``count`` archives over a year whose handover will be missed by ``MOMENT``."""
    site.prepare(url)
    opened = site.open_site(url, Path("/nonexistent"))
    for month in range(12):
        mine = range(month, count, 12)
        first = date(2025, month + 1, 1)
        with opened.panel.work(Actor.system(), now=site.at(f"{first} 08:00"), source="demo") as work:
            owner = listing.select_rows(work, "customer", search=CAR_OWNER)[0]["id"]
            car = {"model": "明锐", "origin": "它店用户到店维修", "customer": owner}
            vehicles = records.create_many(work, "vehicle", [car | {"vin": f"LSV{n:014}"} for n in mine])
            archives = [
                {
                    "vehicle": v, "archive_kind": "新车档案", "trigger_date": first + timedelta(days=n % 27),
                    "responsible_advisor": opened.ids[ADVISORS[n // 12 % len(ADVISORS)]],
                }
                for n, v in zip(mine, vehicles, strict=True)
            ]  # fmt: skip
            records.create_many(work, "vehicle_archive", archives)
    opened.panel.engine.dispose()


def picture(opened: Site) -> dict[str, Any]:
    """Return counts, the sums of all tickets and of all entries, and a digest of everything but the numbers that depend on who came first.

    ``rows`` are what the digest is of, each with how often it is there.
    """
    with opened.panel.engine.connect() as connection:
        b, t = breach.c, ticket.c
        breaches = select(b.register, b.record_id, b.rule, b.occurrence, b.person, b.occurred_at, b.state)
        tickets = select(b.register, b.record_id, b.rule, b.occurrence, t.person, t.ordinal, t.amount, t.state)
        tickets = tickets.join(breach, b.id == t.breach)
        n = notice.c
        # of what a ticket brought about the number depends on who came first, that of the ticket's record does not
        about = func.coalesce(t.register, n.register), func.coalesce(t.record_id, n.record_id)
        letters = select(n.person, n.kind, *about).outerjoin(ticket, t.id == n.ticket)
        digest, rows = hashlib.sha256(), Counter[str]()
        for query in (breaches, tickets, letters):
            for row in sorted(str(tuple(row)) for row in connection.execute(query)):
                digest.update(row.encode())
                rows[row] += 1
        counts = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (breach, ticket, notice)
        }
        money = connection.execute(select(func.sum(t.amount))).scalar_one()
        posted = connection.execute(select(func.sum(ledger_entry.c.amount))).scalar_one()
    return counts | {"yuan": str(money), "posted_yuan": str(posted), "digest": digest.hexdigest()[:16], "rows": rows}


def measure(
    make: Databases, dialect: Dialect, count: int, every: float = 6.0, workers: int = 3, most: int = 100
) -> dict[str, Any]:
    """Return what one process left in peace makes of ``count`` late archives, and what the tortured ones do.

    One of the processes is killed ``every`` so many seconds, ``most`` times at most: on a busy machine none would live to work.
    """
    url = make(dialect)
    fill(url, count)
    peaceful = make(dialect, like=url)
    opened = site.open_site(peaceful, Path("/nonexistent"))
    started = time.perf_counter()
    ticks.do_due(opened.panel, MOMENT)
    seconds, expected = time.perf_counter() - started, picture(opened)
    opened.panel.engine.dispose()
    found, blows = tortured(url, every, workers, most)
    wanted, there = expected.pop("rows"), found.pop("rows")
    return {
        "duplicates": (there - wanted).total(), "missing": (wanted - there).total(),
        "database": dialect, "archives": count, "in_peace": expected | {"seconds": seconds}, "tortured": found | {"seconds": blows.seconds},
        "kills": blows.kills, "flushes": blows.flushes, "restarts": blows.restarts, "same": found == expected,
    }  # fmt: skip


def tortured(url: str, every: float, workers: int, most: int) -> tuple[dict[str, Any], Blows]:
    """Sweep the database at ``url`` with ``workers`` workers and two beats, striking ``every`` so many seconds, ``most`` times."""
    blows, opened = Blows(), site.open_site(url, Path("/nonexistent"))
    dice = random.Random(1)  # chooses whom to kill
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torture-")))
        broker = Valkey()
        stack.callback(broker.end)
        environment = {
            "INSTANCE": str(folder),
            "DATABASE_URL": url,
            "REDIS_URL": broker.url,
            "TORTURE_MOMENT": MOMENT.isoformat(),
        }
        stack.callback(lambda: [p.kill() for p in blows.processes.values()])
        names = [*(f"worker{n}" for n in range(workers)), "beat0", "beat1"]
        for name in names:
            blows.processes[name] = _start(name, folder, environment)
        started = struck = time.monotonic()
        patience = Patience(started)
        while (left := _due(opened, MOMENT)) or blows.kills < min(3, most):
            time.sleep(0.2)
            if patience.lost(left, time.monotonic()):
                raise TimeoutError(f"{left} obligations are still due, none was done for {PATIENCE} s: {_log(folder)}")
            if blows.kills < most and time.monotonic() - struck > every:
                struck = time.monotonic()
                _strike(dice.choice(names), folder, environment, broker, blows, dice)
        time.sleep(3)  # whatever was redelivered may still try to do it again
        blows.seconds = time.monotonic() - started
        for process in blows.processes.values():
            process.kill()
            process.wait()
    ticks.do_due(opened.panel, MOMENT)
    after = picture(opened)
    opened.panel.engine.dispose()
    return after, blows


def _start(name: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.torture_worker.celery"]
    if name.startswith("beat"):
        command += ["beat", "--schedule", str(folder / f"{name}-schedule"), "--pidfile", ""]
    else:
        command += [
            "worker",
            "--concurrency",
            "1",
            "--hostname",
            f"{name}@torture",
            "--without-gossip",
            "--without-mingle",
        ]
    log = (folder / f"{name}.log").open("ab")
    with log:
        return subprocess.Popen(
            [*command, "--loglevel", "warning"],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _strike(
    name: str, folder: Path, environment: dict[str, str], broker: Valkey, blows: Blows, dice: random.Random
) -> None:
    """Kill one process with everything it started, and begin it anew; now and then empty the broker as well, and kill it each third time."""
    process = blows.processes[name]
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    blows.kills += 1
    if dice.random() < 0.3:
        with redis.Redis.from_url(broker.url) as client:
            client.flushall()
        blows.flushes += 1
    if blows.kills % 3 == 2:
        broker.kill()
        broker.start()
        blows.restarts += 1
    blows.processes[name] = _start(name, folder, environment)


def _due(opened: Site, moment: datetime) -> int:
    with opened.panel.engine.connect() as connection:
        query = select(func.count()).select_from(timer).where(timer.c.fire_at <= moment)
        return int(connection.execute(query).scalar_one())


def _log(folder: Path) -> str:
    return "\n".join(p.read_text("utf-8", "replace")[-500:] for p in sorted(folder.glob("*.log")))


def show(figures: dict[str, Any]) -> None:
    """Print one line for each way and the verdict."""
    sys.stdout.write(
        f"torture {figures['database']}: {figures['archives']} late archives, {figures['kills']} kills, "
        f"{figures['flushes']} flushes and {figures['restarts']} restarts of the broker\n"
    )
    for way in ("in_peace", "tortured"):
        f = figures[way]
        sys.stdout.write(
            f"  {way:9} {f['seconds']:7.1f} s  breaches {f['breach']}  tickets {f['ticket']}  notices {f['notice']}  "
            f"yuan {f['yuan']}  posted {f['posted_yuan']}  digest {f['digest']}\n"
        )
    same = "the same to the yuan" if figures["same"] else "DIFFERENT"
    sys.stdout.write(f"  {figures['duplicates']} too many, {figures['missing']} missing: {same}\n")

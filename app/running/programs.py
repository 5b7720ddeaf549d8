"""The programs that make up a running panel, with the command line of each."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from config import Settings

_WORKER = {
    # A stop gives running tasks `worker_soft_shutdown_timeout`, then they go back into the queue.
    "REMAP_SIGTERM": "SIGQUIT",
    # Being root in a container is usual, and dangerous for Celery only with pickled messages: ours are JSON.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}


@dataclass(frozen=True)
class Program:
    """One program: the name before its lines, its command line, and what its environment has besides ours."""

    name: str
    command: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)


def first_start() -> Program:
    """Return the program that brings database and definitions up to date and answers with lines for the operator."""
    return Program("setup", (sys.executable, "-m", "app.running.first_start"))


def programs(settings: Settings) -> list[Program]:
    """Return web, worker and beat; each runs in the foreground until it gets a signal."""
    celery = (sys.executable, "-m", "celery", "-A", "celery_worker.celery", "--quiet")
    return [
        Program("web", _web(settings)),
        Program(
            "worker",
            (
                *celery,
                "worker",
                "--loglevel=warning",
                "--concurrency=2",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ),
            _WORKER,
        ),
        Program(
            "beat",
            (*celery, "beat", "--loglevel=warning", "--pidfile=", f"--schedule={settings.INSTANCE / 'beat-schedule'}"),
        ),
    ]


def _web(settings: Settings) -> tuple[str, ...]:
    return (
        sys.executable,
        "-m",
        "gunicorn",
        "app.live:application",
        f"--bind={settings.HOST}:{settings.PORT}",
        # One process: the embedded database has one writer at a time, and threads share one catalog.
        "--workers=1",
        "--worker-class=gthread",
        f"--threads={settings.WEB_THREADS}",
        "--timeout=120",
        "--graceful-timeout=10",
        "--log-level=warning",
        "--no-control-socket",
    )

"""Carries a run on in a process of its own, which may be killed: ``python -m tests.exchange.interrupted``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Connection, event

from app.exchange import importing
from app.models import engine as engines
from tests.exchange.sample import NOW, open_panel

BATCH = 50


def main(url: str, files: str, run_id: str, killed: str) -> None:
    """Carry on a run; ``killed`` says when this process kills itself: never, before a commit, or between batches."""
    for dialect in engines.BATCH:
        engines.BATCH[dialect] = BATCH
    panel = open_panel(url, Path(files))
    told: list[int] = []

    def progress(done: int, total: int) -> None:
        told.append(done)
        if killed == "between" and len(told) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    def commit(connection: Connection) -> None:
        if killed == "before_commit" and len(told) >= 2:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(panel.engine, "commit", commit)
    importing.carry_on(panel, int(run_id), now=NOW, progress=progress)
    panel.engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Brings database and definitions up to date, in a process of its own: the one that waits stays small."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from app.factory import prepare
from config import Settings, read

#: What happens before the pages open, in order; each returns lines for the person at the terminal.
STEPS: tuple[Callable[[Settings], list[str]], ...] = (prepare,)


def main() -> int:
    """Run the steps and write their lines to standard output."""
    settings = read()
    gc.set_threshold(
        100_000
    )  # so much is read into memory here that looking for garbage often takes a fifth of the time
    for step in STEPS:
        for line in step(settings):
            sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

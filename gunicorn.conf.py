"""What each gunicorn that serves the panel does besides its command line, read from the folder it is started in."""

import gc
from typing import Any

# The program is read once and then divided among the web processes: it is more than half of what one of them holds.
preload_app = True

# So much comes into memory until then that looking for garbage in it would take a quarter of the start.
gc.disable()


def when_ready(_server: Any) -> None:
    """Build the panel before there are web processes, so that they share it; here, for the settings are read without the panel."""
    from app.live import application

    application.share()
    gc.enable()


def post_fork(_server: Any, _worker: Any) -> None:
    """Let a web process that takes another's place long after the start begin with what is in force by then."""
    from app.live import application

    gc.enable()
    application.take_over()

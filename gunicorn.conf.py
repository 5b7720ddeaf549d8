"""What each gunicorn that serves the panel does besides its command line, read from the folder it is started in."""

import gc
from typing import Any

# The program is read once and then divided among the web processes: it is more than half of what one of them holds.
preload_app = True


def pre_fork(_server: Any, _worker: Any) -> None:
    """Keep the collector from writing into what the web processes share, which would make each of them a copy of its own."""
    gc.collect()
    gc.freeze()

"""Where `celery -A celery_worker.celery …` finds the panel's tasks."""

from __future__ import annotations

import os

from app.live import LiveApp
from app.tasks import celery_app
from config import read

# Who waits for a page goes before what nobody waits for.
os.nice(5)
# Opens nothing yet: each process of the worker makes its own connections when its first task comes.
_live = LiveApp.without_pages()
celery = celery_app(read(), lambda: _live.panel)

"""Where `celery -A celery_worker.celery …` finds the panel's tasks."""

from __future__ import annotations

from app.live import LiveApp
from app.tasks import celery_app
from config import read

# Opens nothing yet: each process of the worker makes its own connections when its first task comes.
_live = LiveApp.without_pages()
celery = celery_app(read(), lambda: _live.panel)

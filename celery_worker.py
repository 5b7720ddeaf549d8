"""Where `celery -A celery_worker.celery …` finds the panel's tasks."""

from __future__ import annotations

from app.tasks import celery_app
from config import read

celery = celery_app(read())

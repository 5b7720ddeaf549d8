"""A Celery worker or beat under torture: its clock shows MOMENT, sometimes up to 40 minutes less; the broker redelivers within seconds.

``celery -A benchmarks.torture_worker.celery worker``, with TORTURE_MOMENT in the environment.
"""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta

from app import clock
from app.live import LiveApp
from app.services import ticks
from app.tasks import celery_app
from config import read

MOMENT = datetime.fromisoformat(os.environ["TORTURE_MOMENT"])
_dice = random.Random(os.getpid())  # shakes a clock, keeps no secret


def shaken() -> clock.Reading:
    """Return a reading of a clock that keeps stepping back, never further than the guard lets pass."""
    back = timedelta(minutes=_dice.choice((0, 0, 5, 40)))
    return clock.Reading(MOMENT - back, 0, f"{os.getpid()}-{_dice.random()}")


clock.reading = shaken
ticks.database_clock = lambda _work: None  # the database's own clock is of another year
_live = LiveApp.without_pages()
celery = celery_app(read(), lambda: _live.panel)
celery.conf.update(
    broker_transport_options={"visibility_timeout": 3, "unacked_restore_limit": 1},
    beat_schedule={"sweep": {"task": "app.tasks.sweep", "schedule": 1.0, "options": {"expires": 30}}},
)

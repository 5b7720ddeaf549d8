"""Publications in a row, all shipped registers: what each takes, and whether a web process grows by them."""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from typing import Any

from werkzeug.test import Client

from app import clock
from app.live import LiveApp, Serving, serving
from app.models import migrate
from app.models.engine import open_engine
from app.services import editions, publishing
from app.services.panel import Actor
from benchmarks.measure import apart, own
from config import read
from tests.servers import Databases
from tests.site import everything

EACH = 10
"""Publications between two looks at the memory."""


def measure(make: Databases, dialect: Any, number: int) -> dict[str, Any]:
    """Return seconds of CPU and megabytes of a process that publishes and serves ``number`` times in a row."""
    return {"what": "publications", "database": dialect} | apart(_in_a_row, make(dialect), number)


def _in_a_row(url: str, number: int) -> dict[str, Any]:
    files = everything()
    with tempfile.TemporaryDirectory(prefix="publications-") as folder:
        settings = read({"INSTANCE": folder, "DATABASE_URL": url, "DEMO": "0", "SECRET_KEY": "k" * 40})
        engine = open_engine(url)
        migrate.upgrade(engine)

        def publish(over: dict[str, str]) -> None:
            publishing.publish(
                engine, files | over, actor=Actor.system(), reason="x", now=clock.now(), zone=settings.zone
            )

        def build(live: LiveApp, before: Serving | None) -> Serving:
            return serving(settings, live, before)

        publish({})
        live = LiveApp(build, publishing.revision)
        memory, published, serving_cpu = [], [], []
        for n in range(number):
            field = f"fields: [{{code: extra, label: 附注{n}, type: text, basis: impl}}]"
            begun = time.process_time()
            publish({"site/customer.yaml": f"extend: customer\n{field}\n"})
            done = time.process_time()
            now = live.refresh()
            Client(live).get("/login/")
            with now.panel.reading(Actor.system()) as work:
                editions.eras(work, "customer")
            serving_cpu.append(time.process_time() - done)
            published.append(done - begun)
            if (n + 1) % EACH == 0 or n + 1 == number:
                gc.collect()
                memory.append(own())
        engine.dispose()
    return {
        "publications": number, "publish_cpu_s": statistics.median(published), "serve_cpu_s": statistics.median(serving_cpu),
        "memory_mb": memory, "kept_by_each_mb": (memory[-1] - memory[0]) / max(1, number - EACH),
    }  # fmt: skip


def show(found: dict[str, Any]) -> None:
    """Print the figures."""
    course = " ".join(f"{m:.0f}" for m in found["memory_mb"])
    print(f"publications {found['database']}: {found['publications']} in a row")
    print(f"  CPU to publish {found['publish_cpu_s']:.2f} s, to serve {found['serve_cpu_s']:.2f} s (medians)")
    print(
        f"  memory after every {EACH} (MB): {course}; {found['kept_by_each_mb']:+.2f} MB for each publication",
        flush=True,
    )

"""The grid: every register as a spreadsheet, over the same scope and the same writer as every other door."""

from __future__ import annotations

import threading

from flask import Flask

from app.web.grid import feed, reads, views, writes

BLUEPRINTS = (reads.pages, writes.pages, views.pages, feed.pages)


def register(app: Flask, threads: int) -> None:
    """Give ``app`` the grid; of its ``threads`` a quarter may stream changes."""
    app.extensions["streams"] = threading.BoundedSemaphore(max(1, threads // 4))
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

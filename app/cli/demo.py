"""`flask demo`: the demo company."""

from __future__ import annotations

from datetime import datetime

from flask.cli import AppGroup

from app import clock
from app.cli.terminal import answer, at_option, current_panel, errors_as_sentences
from app.services import demo

group = AppGroup("demo", help="The demo company.")


@group.command("load")
@at_option
@errors_as_sentences
def load(at: datetime | None, as_json: bool) -> None:
    """Load the demo company into an empty site."""
    lines = demo.load(current_panel(), at or clock.now())
    answer(as_json, {"lines": lines}, lines)

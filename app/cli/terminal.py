"""What every command has in common: who acts, as of when, and how what it did is said, in sentences or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any

import click
import orjson
from flask import current_app

from app.errors import CellError, Invalid, Refused, say
from app.fields.base import Unreadable
from app.fields.label import Label
from app.fields.times import Moment
from app.services import people
from app.services.panel import Actor, Panel
from app.services.publishing import Unsound


class MomentType(click.ParamType[datetime]):
    """A moment as people type it, in the site's zone."""

    name = "MOMENT"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        """Return the moment that somebody typed; one that is given already stays."""
        if isinstance(value, datetime):
            return value
        try:
            found = Moment(code="at", label=Label(zh="时间")).parse(str(value))
        except Unreadable as wrong:
            self.fail(str(wrong.reason), param, ctx)
        if found is None:
            self.fail("?", param, ctx)
        return found


def current_panel() -> Panel:
    """Return the panel of the app that the command runs in."""
    return current_app.extensions["panel"]  # type: ignore[no-any-return]


def actor_named(username: str | None) -> Actor:
    """Return the person of a user name; without one, the panel itself. Raises Refused where nobody bears it."""
    if username is None:
        return Actor.system()
    found = people.actor_named(current_panel(), username)
    if found is None:
        raise Refused(say("没有名为“{name}”的用户，或已停用", name=username))
    return found


def answer(as_json: bool, value: Mapping[str, Any] | Sequence[Any], lines: Sequence[str]) -> None:
    """Print what a command did: ``value`` for machines, or ``lines`` for people."""
    click.echo(
        orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode() if as_json else "\n".join(lines)
    )


def errors_as_sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show what a person did wrong as sentences and end with status 1; never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Unsound as unsound:
            rows = [
                {"file": f.file, "line": f.line, "path": f.path, "check": f.check, "says": str(f.sentence)}
                for f in unsound.findings
            ]
            answer(
                kwargs["as_json"],
                {"error": str(unsound.reason), "findings": rows},
                [*map(str, unsound.findings), str(unsound.reason)],
            )
        except Invalid as invalid:
            rows = [error_as_data(e) for e in invalid.errors]
            answer(
                kwargs["as_json"],
                {"error": str(invalid.reason), "errors": rows},
                [*map(error_as_line, invalid.errors), str(invalid.reason)],
            )
        except Refused as refused:
            answer(kwargs["as_json"], {"error": str(refused.reason)}, [str(refused.reason)])
        raise SystemExit(1)

    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")(run)


at_option = click.option(
    "--at", type=MomentType(), default=None, help="Run as of this moment (site's zone), such as '2026-03-07 09:00'."
)
as_option = click.option(
    "--as", "username", default=None, help="User name of the person who acts; the panel itself by default."
)


def error_as_data(e: CellError) -> dict[str, Any]:
    """Return what was wrong with a value as JSON carries it."""
    return {"line": e.line, "row": e.row, "field": e.field, "label": e.label, "text": e.text, "reason": str(e.reason)}


def error_as_line(e: CellError) -> str:
    """Return what was wrong with a value in a line: where, in which field, what was typed, why not."""
    place = f"第 {e.line} 行" if e.line else f"第 {e.row} 条" if e.row else ""
    return " ".join(x for x in (place, e.label or e.field, f"“{e.text}”" if e.text else "", f"{e.reason}") if x)

"""`flask deadlines`: what has fallen due."""

from __future__ import annotations

from datetime import datetime

import click
from flask import current_app
from flask.cli import AppGroup

from app import clock
from app.cli.terminal import actor_named, answer, as_option, at_option, current_panel, errors_as_sentences
from app.errors import Refused, say
from app.services import chain, sweep, ticks

group = AppGroup("deadlines", help="What is due.")


@group.command("sweep")
@at_option
@errors_as_sentences
def sweep_command(at: datetime | None, as_json: bool) -> None:
    """Do everything that has fallen due: reminders, breaches, tickets, notices; again changes nothing.

    Without --at it does nothing while the clock is in doubt.
    """
    report = sweep.run(current_panel(), at) if at is not None else ticks.run(current_panel(), clock.reading())
    if report is None:
        raise Refused(say("期限检查已暂停，请先核对本机时间，再执行 flask deadlines release"))
    chain.note_head(current_panel().engine, current_app.config["SETTINGS"].INSTANCE, at or clock.now())
    words = f"处理到期 {report.timers} 项：新违规 {report.breaches}，新处罚单 {report.tickets}，通知 {report.notices}"
    answer(as_json, vars(report), [words])


@group.command()
@click.option("--note", required=True, help="What you found when you looked at the clock; kept.")
@as_option
@errors_as_sentences
def release(note: str, username: str | None, as_json: bool) -> None:
    """Let deadlines be checked again after the clock was in doubt."""
    with current_panel().work(actor_named(username), source="cli") as work:
        ticks.release(work, note)
    answer(as_json, {"status": "ok"}, ["期限检查已恢复"])

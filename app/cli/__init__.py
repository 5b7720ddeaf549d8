"""Thin door for the terminal: definitions, records, deadlines, ledger, demo; each also as JSON for machines."""

from __future__ import annotations

from flask import Flask

from app.cli import deadlines, definitions, demo, ledger, records


def register(app: Flask) -> None:
    """Give a Flask app the panel's commands."""
    for commands in (definitions, records, deadlines, ledger, demo):
        app.cli.add_command(commands.group)

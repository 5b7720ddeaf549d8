"""What templates receive: finished texts and addresses, nothing left to decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Cell:
    """One value as people read it; ``kind`` is the field type, ``tone`` plain, active, success, warning or danger."""

    text: str = ""
    kind: str = "text"
    tone: str = "plain"
    url: str = ""
    links: list[dict[str, str]] = field(default_factory=list)
    cite: str = ""
    label: str = ""


@dataclass
class Control:
    """One input: its name is ``code``; ``error`` stands beside it, ``value`` is what was typed."""

    code: str
    label: str
    type: str
    value: Any = ""
    required: bool = False
    help: str = ""
    error: str = ""
    readonly: bool = False
    options: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    picked: list[dict[str, Any]] = field(default_factory=list)
    several: bool = False
    accept: str = ""
    max_mb: int = 0
    unit: str = ""
    cite: str = ""


@dataclass
class Action:
    """Something this person may do now; a ``post`` one is a form with ``controls``, and a reason where asked."""

    label: str
    url: str
    method: str = "post"
    icon: str = ""
    tone: str = "plain"
    confirm: str = ""
    reason: bool = False
    controls: list[Control] = field(default_factory=list)
    sign: str = ""
    code: str = ""


@dataclass
class Column:
    """A column of a table; ``sort_url`` is empty where it cannot be sorted by."""

    code: str
    label: str
    kind: str = "text"
    sort_url: str = ""
    sorted: str = ""
    filter: Control | None = None


@dataclass
class Row:
    """One record of a table."""

    id: int
    url: str
    cells: list[Cell]
    tone: str = ""


@dataclass
class Table:
    """Columns and rows."""

    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

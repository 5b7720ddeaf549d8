"""The refused rows of a run as a file: as they came, with the reason behind them, to be corrected and brought again."""

from __future__ import annotations

import csv
import os
import tempfile
from itertools import groupby
from pathlib import Path

from app.exchange import runs
from app.exchange.cells import guarded, guarded_again
from app.exchange.columns import REASON
from app.exchange.reading import Sheet
from app.services.panel import Actor, Panel


def write_refused(panel: Panel, run_id: int, sheet: Sheet) -> str | None:
    """Write every refused row with its reasons to a CSV file and return its name among the panel's imports.

    None where no row was refused. The file can be imported again: the column of reasons is known and left out.
    """
    folder = panel.files / "imports"
    name = f"{run_id}-{REASON.zh}.csv"
    written = 0
    descriptor, part = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as out, panel.reading(Actor.system()) as work:
        writer = csv.writer(out)
        writer.writerow([*sheet.shape.columns, REASON.zh])
        rows = sheet.rows()
        for line, those in groupby(runs.errors(work.connection, run_id), key=lambda e: e.line):
            row = next((r for r in rows if r.line == line), None)
            if row is None:
                break
            reasons = "；".join(f"{e.label}：{e.reason}" if e.label else str(e.reason) for e in those)
            again = guarded if sheet.literal else guarded_again
            writer.writerow([again(c) for c in _with(row.cells, len(sheet.shape.columns), reasons)])
            written += 1
    if not written:
        Path(part).unlink()
        return None
    Path(part).replace(folder / name)
    return name


def _with(cells: list[str], width: int, reasons: str) -> list[str]:
    """Return a row with its reasons in their column; cells too many stay behind it."""
    cells = [c.replace("\0", "\ufffd") for c in cells]
    return [*(cells + [""] * width)[:width], reasons, *cells[width:]]

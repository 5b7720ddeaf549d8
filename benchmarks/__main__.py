"""``python -m benchmarks [what] [--rows N] [--cards N] [--databases sqlite,postgresql] [--json FILE]``; ``--help`` lists what."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import (
    addfields,
    answering,
    beside,
    formulas,
    grid,
    growth,
    office,
    publications,
    registers,
    site,
    standing,
    torture,
)
from tests.servers import DIALECTS

ROWS, CARDS, OPEN = 100_000, 1_000_000, 1_000_000
Measure = Callable[[Any, Any, Path, argparse.Namespace], dict[str, Any]]
MEASURES: dict[str, tuple[Measure, Callable[[dict[str, Any]], None]]] = {
    "import": (lambda make, on, folder, o: beside.importing(make, on, folder, o.rows, o.mode), beside.show),
    "undo": (lambda make, on, folder, o: beside.undoing(make, on, folder, o.rows), beside.show),
    "export": (lambda make, on, folder, o: beside.exporting(make, on, folder, o.cards, "csv"), beside.show),
    "workbook": (lambda make, on, folder, o: beside.exporting(make, on, folder, o.cards, "xlsx"), beside.show),
    "answering": (lambda make, on, folder, o: answering.measure(make, on, folder, o.cards), answering.show),
    "sweep": (lambda make, on, folder, o: beside.sweeping(make, on, folder, o.rows, o.open), beside.show),
    "idle": (lambda make, on, _, o: standing.measure(make, on, o.open), standing.show),
    "growth": (lambda make, on, _, o: growth.measure(make, on, o.rows), growth.show),
    "backtest": (lambda make, on, folder, o: beside.trying(make, on, folder, o.rows), beside.show),
    "verify": (lambda make, on, folder, o: beside.checking(make, on, folder, o.rows), beside.show),
    "grid": (lambda make, on, _, o: grid.measure(make, on, o.cards), grid.show),
    "formula": (lambda make, on, _, o: formulas.measure(make, on, o.cards), formulas.show),
    "addfield": (lambda make, on, _, o: addfields.measure(make, on, o.cards), addfields.show),
    "registers": (lambda make, on, _, o: registers.measure(make, on), registers.show),
    "publications": (lambda make, on, _, o: publications.measure(make, on, o.publications), publications.show),
    "office": (lambda make, on, folder, _: office.measure(make, on, folder), office.show),
    "torture": (lambda make, on, _, o: torture.measure(make, on, o.rows), torture.show),
}
"""What is measured on each database, and how its figures are printed."""


def main(given: list[str]) -> None:
    """Measure what was asked for, print a table, and write the figures where ``--json`` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=[*MEASURES, "all"])
    parser.add_argument(
        "--rows",
        type=int,
        default=ROWS,
        help="cards to import or to take back, obligations to sweep or to try a draft on, lines to verify",
    )
    parser.add_argument(
        "--cards",
        type=int,
        default=CARDS,
        help="cards under the grid and the pages or to export, records with formulas",
    )
    parser.add_argument("--open", type=int, default=OPEN, help="obligations that stand open beside those swept")
    parser.add_argument("--publications", type=int, default=100, help="publications in a row")
    parser.add_argument("--databases", default=",".join(DIALECTS), help="sqlite, postgresql")
    parser.add_argument(
        "--mode", default="all", choices=["all", "good"], help="all or nothing, or good rows in batches"
    )
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args(given)
    found: list[dict[str, Any]] = []
    with site.databases() as make, tempfile.TemporaryDirectory(prefix="cards-") as folder:
        for dialect in options.databases.split(","):
            for what in MEASURES if options.what == "all" else [options.what]:
                measure, show = MEASURES[what]
                found.append(measure(make, dialect, Path(folder), options))
                show(found[-1])
    if options.json:
        told = {"python": platform.python_version(), "machine": platform.machine(), "figures": found}
        options.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""``python -m benchmarks [what] [--rows N] [--cards N] [--databases sqlite,postgresql] [--json FILE]``; ``--help`` lists what."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import addfields, backtests, grid, imports, registers, site, sweeps, torture, verifying
from benchmarks.measure import apart
from tests.servers import DIALECTS, Databases

ROWS, CARDS = 100_000, 1_000_000


def main(given: list[str]) -> None:
    """Measure what was asked for, print a table, and write the figures where ``--json`` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="all",
        choices=["import", "sweep", "backtest", "verify", "grid", "registers", "torture", "addfield", "all"],
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=ROWS,
        help="cards to import, obligations to sweep or to try a draft on, lines to verify",
    )
    parser.add_argument("--cards", type=int, default=CARDS, help="cards under the grid")
    parser.add_argument("--databases", default=",".join(DIALECTS), help="sqlite, postgresql")
    parser.add_argument(
        "--mode", default="all", choices=["all", "good"], help="all or nothing, or good rows in batches"
    )
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args(given)
    found: list[dict[str, Any]] = []
    with site.databases() as make, tempfile.TemporaryDirectory(prefix="cards-") as folder:
        for dialect in options.databases.split(","):
            if options.what in ("import", "all"):
                found.append(measure_import(make, dialect, Path(folder), options.rows, options.mode))
            if options.what in ("sweep", "all"):
                found.append(measure_sweep(make, dialect, Path(folder), options.rows))
            if options.what in ("backtest", "all"):
                found.append(measure_backtest(make, dialect, Path(folder), options.rows))
            if options.what in ("verify", "all"):
                found.append(measure_verify(make, dialect, options.rows))
            if options.what in ("import", "sweep", "backtest", "verify", "all"):
                show(found[-4:] if options.what == "all" else found[-1:])
            if options.what in ("grid", "all"):
                found.append(grid.measure(make, dialect, options.cards))
                grid.show(found[-1])
            if options.what in ("registers", "all"):
                found.append(registers.measure(make, dialect))
                registers.show(found[-1])
            if options.what in ("addfield", "all"):
                found.append(addfields.measure(make, dialect, options.cards))
                addfields.show(found[-1])
            if options.what in ("torture", "all"):
                found.append(torture.measure(make, dialect, options.rows))
                torture.show(found[-1])
    if options.json:
        told = {"python": platform.python_version(), "machine": platform.machine(), "figures": found}
        options.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measure_import(make: Databases, dialect: Any, folder: Path, rows: int, mode: str) -> dict[str, Any]:
    """Import ``rows`` cards into a new site, and into a bare table."""
    file = folder / f"cards-{rows}.csv"
    if not file.exists():
        site.write_cards(file, rows)
    url = make(dialect)
    site.fill(url)
    ours = apart(imports.panel, url, str(folder), str(file), mode)
    return told("import", dialect, ours, apart(imports.bare, make(dialect), str(file)))


def measure_sweep(make: Databases, dialect: Any, folder: Path, rows: int) -> dict[str, Any]:
    """Sweep about ``rows`` obligations that have fallen due; each card owes two."""
    file = folder / f"due-{rows}.csv"
    if not file.exists():
        site.write_cards(file, rows // 2)
    url = make(dialect)
    site.fill(url)
    ours = apart(sweeps.panel, url, str(folder), str(file))
    return told("sweep", dialect, ours, apart(sweeps.bare, url, int(ours["timers"])))


def measure_backtest(make: Databases, dialect: Any, folder: Path, rows: int) -> dict[str, Any]:
    """Try a draft on about ``rows`` obligations that were missed; each card owes two."""
    file = folder / f"due-{rows}.csv"
    if not file.exists():
        site.write_cards(file, rows // 2)
    url = make(dialect)
    site.fill(url)
    ours = apart(backtests.panel, url, str(folder), str(file))
    return told("backtest", dialect, ours, apart(backtests.bare, url, int(ours["rows"])))


def measure_verify(make: Databases, dialect: Any, rows: int) -> dict[str, Any]:
    """Verify a ledger of about ``rows`` lines."""
    url = make(dialect)
    site.fill(url)
    apart(verifying.fill, url, rows)
    return told("verify", dialect, apart(verifying.panel, url), apart(verifying.bare, url))


def told(what: str, dialect: str, ours: dict[str, Any], bare: dict[str, Any]) -> dict[str, Any]:
    """Return one line of the table."""
    share = ours["rows_per_second"] / bare["rows_per_second"]
    return {"what": what, "database": dialect, "panel": ours, "bare": bare, "share_of_bare": share}


def show(figures: list[dict[str, Any]]) -> None:
    """Print figures as they come: what a person waits, and what this process's CPU did of it."""
    for f in figures:
        ours, bare = f["panel"], f["bare"]
        counted = ("versions", "obligations", "timers", "breaches", "notices", "differences", "tickets")
        cpu = ours["rows"] / ours["cpu_seconds"]
        print(
            f"{f['what']} {f['database']}: {ours['rows']:,} rows, peak {ours['peak_mb']:.0f} MB (+{ours['raised_mb']:.0f})"
        )
        print(f"  panel {ours['seconds']:8.2f} s {ours['rows_per_second']:>11,.0f} rows/s   (CPU {cpu:,.0f} rows/s)")
        print(
            f"  bare  {bare['seconds']:8.2f} s {bare['rows_per_second']:>11,.0f} rows/s   panel / bare {f['share_of_bare']:.1%}"
        )
        print("  " + ", ".join(f"{ours[k]:,} {k}" for k in counted if k in ours), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

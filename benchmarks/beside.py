"""What is measured beside the bare database doing the same writes or reads: imports, undo, exports, sweeps, drafts tried, ledgers verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.exchange.exporting import Form
from benchmarks import backtests, exports, imports, load, site, sweeps, undo, verifying
from benchmarks.measure import apart
from tests.servers import Databases


def importing(make: Databases, dialect: Any, folder: Path, rows: int, mode: str) -> dict[str, Any]:
    """Import ``rows`` cards into a new site, and into a bare table."""
    file = folder / f"cards-{rows}.csv"
    if not file.exists():
        site.write_cards(file, rows)
    url = make(dialect)
    site.fill(url)
    ours = apart(imports.panel, url, str(folder), str(file), mode)
    return told("import", dialect, ours, apart(imports.bare, make(dialect), str(file)))


def undoing(make: Databases, dialect: Any, folder: Path, rows: int) -> dict[str, Any]:
    """Take back an import of ``rows`` cards, half of them new and half changed."""
    file = folder / f"cards-{rows}.csv"
    if not file.exists():
        site.write_cards(file, rows)
    url = make(dialect)
    site.fill(url)
    ours = apart(undo.panel, url, str(folder), str(file))
    return told("undo", dialect, ours, apart(undo.bare, url, int(ours["rows"])))


def exporting(make: Databases, dialect: Any, folder: Path, cards: int, form: Form) -> dict[str, Any]:
    """Export ``cards`` cards as a file."""
    url = make(dialect)
    apart(load.load, url, cards)
    ours = apart(exports.panel, url, str(folder), form)
    return told(f"export {form}", dialect, ours, apart(exports.bare, url, str(folder)))


def sweeping(make: Databases, dialect: Any, folder: Path, rows: int, standing_open: int) -> dict[str, Any]:
    """Sweep about ``rows`` obligations that have fallen due, each card owes two, while others stand open."""
    file = folder / f"due-{rows}.csv"
    if not file.exists():
        site.write_cards(file, rows // 2)
    url = make(dialect)
    site.fill(url)
    ours = apart(sweeps.panel, url, str(folder), str(file), standing_open)
    return told("sweep", dialect, ours, apart(sweeps.bare, url, int(ours["timers"])))


def trying(make: Databases, dialect: Any, folder: Path, rows: int) -> dict[str, Any]:
    """Try a draft on about ``rows`` obligations that were missed; each card owes two."""
    file = folder / f"due-{rows}.csv"
    if not file.exists():
        site.write_cards(file, rows // 2)
    url = make(dialect)
    site.fill(url)
    ours = apart(backtests.panel, url, str(folder), str(file))
    return told("backtest", dialect, ours, apart(backtests.bare, url, int(ours["rows"])))


def checking(make: Databases, dialect: Any, folder: Path, rows: int) -> dict[str, Any]:
    """Verify a ledger of about ``rows`` lines; ``folder`` is not needed."""
    url = make(dialect)
    site.fill(url)
    apart(verifying.fill, url, rows)
    return told("verify", dialect, apart(verifying.panel, url), apart(verifying.bare, url))


def told(what: str, dialect: str, ours: dict[str, Any], bare: dict[str, Any]) -> dict[str, Any]:
    """Return one line of the table."""
    share = ours["rows_per_second"] / bare["rows_per_second"]
    return {"what": what, "database": dialect, "panel": ours, "bare": bare, "share_of_bare": share}


def show(f: dict[str, Any]) -> None:
    """Print figures as they come: what a person waits, and what CPU all our processes had of it."""
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
    if "served_seconds" in ours:
        both = [f["cpu_seconds"] + f["served_seconds"] for f in (ours, bare)]
        print(f"  CPU, the server's too: {both[0]:.2f} s, bare {both[1]:.2f} s: {both[0] / both[1]:.2f} ×")
    if helped := ours.get("helped_seconds"):
        print(f"  {helped:.2f} s of the CPU in a process that reads the file")
    if "first_byte_s" in ours:
        print(f"  first byte after {ours['first_byte_s']:.2f} s, {ours['megabytes']:,.0f} MB sent")
    if "own_mb" in ours:
        print(f"  {ours['own_mb']:.0f} MB (+{ours['own_raised_mb']:.0f}) of its own without mapped files")
    if beside := ours.get("open"):
        print(f"  beside {beside:,} obligations that are not due")
    print("  " + ", ".join(f"{ours[k]:,} {k}" for k in counted if k in ours), flush=True)

"""Every shipped register with hostile values out, saved again by LibreOffice, and in again: how many cells changed, which must be none."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.services.panel import Panel
from tests.exchange.hostile import changed, exported, open_panel
from tests.exchange.libreoffice import FORMS, PROGRAM, saved
from tests.servers import Databases

ROWS = 8
"""Records of each register."""
_CSV = "csv:Text - txt - csv (StarCalc):44,34,{charset},1,,0,false,true"
"""Commas, quotes, an encoding, from the first line, cells as they are shown."""
WAYS: dict[str, tuple[str, ...]] = {
    "xlsx": (FORMS["xlsx"],),
    "ods": (FORMS["ods"],),
    "ods and xlsx": (FORMS["ods"], FORMS["xlsx"]),
    "xls": (FORMS["xls"],),
    "csv in UTF-8": (_CSV.format(charset=76),),
    "csv in GB18030": (_CSV.format(charset=85),),
}
"""What each workbook is saved as, one form after the other; each step is one call of the program for all of them."""


def measure(make: Databases, dialect: Any, folder: Path) -> dict[str, Any]:
    """Send every register every way; none where LibreOffice is not installed."""
    if shutil.which(PROGRAM) is None:
        return {"what": "office", "database": dialect, "missing": PROGRAM}
    panel = open_panel(make(dialect), folder, ROWS)
    here = folder / f"office-{dialect}"
    here.mkdir()
    files = [here / f"{spec.code}.xlsx" for spec in panel.catalog.tables()]
    for file in files:
        file.write_bytes(exported(panel, file.stem, form="xlsx"))
    ways = {}
    for way, forms in WAYS.items():
        start = time.perf_counter()
        found = _sent(panel, files, here / way, forms)
        ways[way] = {"seconds": time.perf_counter() - start, "changed": found}
    panel.engine.dispose()
    return {"what": "office", "database": dialect, "registers": len(files), "records": len(files) * ROWS, "ways": ways}


def _sent(panel: Panel, files: Sequence[Path], folder: Path, forms: Sequence[str]) -> dict[str, list[str]]:
    """Return for each register what has changed on its way."""
    for n, form in enumerate(forms):
        files = saved(files, form, folder / str(n), folder.parent / "profile")
    found = {f.stem: changed(panel, f.stem, f, ROWS) for f in files}
    return {code: told for code, told in found.items() if told}


def show(found: dict[str, Any]) -> None:
    """Print a line for each way, and for each register that changed the first cell that did."""
    write = sys.stdout.write
    if "missing" in found:
        write(f"office {found['database']}: {found['missing']} is not installed (Debian: libreoffice-calc)\n")
        return
    write(f"office {found['database']}: {found['registers']} registers, {found['records']} records\n")
    for way, came in found["ways"].items():
        write(f"  {way:14} {sum(map(len, came['changed'].values()))} cells changed, {came['seconds']:.0f} s\n")
        for code, told in came["changed"].items():
            write(f"    {code}: {told[0]}\n")

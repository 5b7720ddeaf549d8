"""An import of new and changed cards taken back, beside bare statements that mark as many rows and copy as many versions."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from app.exchange import importing, undoing
from app.models.fixed import record_version
from benchmarks import site
from benchmarks.measure import measured
from tests.servers import libpq

KEY = "oms_no"
"""The field by which the second file finds the cards that the first one brought."""
VERSION = "register, version, at, person, source, changes"


def panel(url: str, folder: str, file: str) -> dict[str, Any]:
    """Import half of ``file``, then all of it with other phones and remarks in that half, and take the second import back."""
    opened = site.open_site(url, Path(folder))
    actor = opened.actor(site.CLERK)
    half, whole = Path(folder) / "half.csv", Path(folder) / "whole.csv"
    _halve(Path(file), half, whole)
    for part, keys in ((half, ()), (whole, (KEY,))):
        report = importing.run(opened.panel, actor, "complaint", part, now=site.NOW, keys=keys, mode="good", again=True)
        assert (report.state, report.refused) == ("done", 0), report.errors[:5]
    assert report.created
    assert report.updated
    run = undoing.begin(opened.panel, actor, report.run_id, now=site.NOW)
    with measured() as watch:
        undone = importing.carry_on(opened.panel, run, now=site.NOW)
    assert (undone.state, undone.created, undone.updated) == ("done", report.created, report.updated), undone.errors[:5]
    with opened.panel.engine.connect() as connection:
        versions = connection.execute(select(func.count()).where(record_version.c.import_run == run)).scalar()
    opened.panel.engine.dispose()
    rows = undone.created + undone.updated
    return watch.figures(rows) | {"versions": versions, "raised_mb": watch.megabytes}


def _halve(file: Path, half: Path, whole: Path) -> None:
    """Write the first half of a file's cards, and all of them with what two cells of that half say changed."""
    with (
        file.open(encoding="utf-8", newline="") as given,
        half.open("w", encoding="utf-8", newline="") as first,
        whole.open("w", encoding="utf-8", newline="") as second,
    ):
        cards = list(csv.reader(given))
        phone, remark = cards[0].index("联系方式"), cards[0].index("备注")
        middle = len(cards) // 2 + 1
        csv.writer(first).writerows(cards[:middle])
        for n, card in enumerate(cards):
            if 0 < n < middle:
                card[phone], card[remark] = f"021-{n:08d}", "号码已更正"
        csv.writer(second).writerows(cards)


def bare(url: str, rows: int) -> dict[str, Any]:
    """Mark ``rows`` cards as changed and copy a version of each, in one statement for each table."""
    marked = f"UPDATE r_complaint SET version = version + 1 WHERE id IN (SELECT id FROM r_complaint ORDER BY id LIMIT {rows})"  # noqa: S608
    kept = (
        f"INSERT INTO record_version (record_id, {VERSION}) SELECT record_id + 100000000, {VERSION} FROM record_version"  # noqa: S608
        f" WHERE register = 'complaint' ORDER BY id LIMIT {rows}"
    )
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with measured() as watch, sqlite3.connect(str(parsed.database)) as connection:
            done = connection.execute(marked).rowcount
            connection.execute(kept)
        connection.close()
    else:
        with measured() as watch, psycopg.connect(libpq(url)) as wire:
            done = wire.execute(marked).rowcount  # type: ignore[call-overload]
            wire.execute(kept)  # type: ignore[call-overload]
    return watch.figures(done)

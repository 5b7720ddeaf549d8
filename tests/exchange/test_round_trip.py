"""Every shipped register goes out as CSV in each encoding and as a workbook that another program saved again, and comes back with 0 cells changed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from openpyxl import load_workbook

from app.services.panel import Panel
from tests.exchange.hostile import TEXTS, changed, exported, open_panel
from tests.servers import Databases


@pytest.fixture(scope="module")
def panel(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    opened = open_panel(fresh_database("sqlite"), tmp_path_factory.mktemp("files"))
    yield opened
    opened.engine.dispose()


def saved_again(content: bytes) -> bytes:
    """Return a workbook as openpyxl reads and writes it."""
    book, out = load_workbook(io.BytesIO(content)), io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("form", ["utf-8-sig", "gb18030", "xlsx"])
def test_no_cell_of_any_register_changes_on_its_way_out_and_back(panel: Panel, form: str) -> None:
    wrong: dict[str, list[str]] = {}
    unseen = set(TEXTS)
    options: dict[str, Any] = {"form": "xlsx"} if form == "xlsx" else {"encoding": form}
    for spec in panel.catalog.tables():
        content = exported(panel, spec.code, **options)
        if form == "xlsx":
            content = saved_again(content)
        else:
            plain = content.decode(form).replace('""', '"')
            unseen = {t for t in unseen if t not in plain}
        if found := changed(panel, spec.code, io.BytesIO(content)):
            wrong[spec.code] = found[:4]
    assert wrong == {}
    assert form == "xlsx" or unseen == set(), "every hostile value was on its way"

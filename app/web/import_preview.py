"""What an import would do, as the page beside it says it: rows cell by cell, counts, and what would follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from app.errors import CellError
from app.exchange.foreseen import Foreseen
from app.exchange.preview import Preview, PreviewCell
from app.web.language import headed, label, sentence

STATUSES = {"new": "新增", "changed": "更新", "unchanged": "未变", "refused": "有错误"}


def told(error: CellError) -> str:
    """Return an error with the column that it is about."""
    return headed(error.label, sentence(error.reason)) if error.label else sentence(error.reason)


def rows(preview: Preview) -> list[dict[str, Any]]:
    """Return the rows to show; as long as something is wrong with the whole file, its first lines as they stand in it."""
    if preview.file_errors:
        return [
            {"line": r.line, "status": "", "cells": [_cell(PreviewCell(text, "new")) for text in r.cells], "errors": []}
            for r in preview.shape.sample_rows
        ]
    return [
        {
            "line": r.line, "status": gettext(STATUSES[r.status]), "cells": [_cell(c) for c in r.cells],
            "errors": [told(e) for e in r.errors],
        }
        for r in preview.rows
    ]  # fmt: skip


def _cell(c: PreviewCell) -> dict[str, Any]:
    why = sentence(c.reason) if c.reason else ""
    return {"text": c.text, "before": c.before, "changed": c.status == "changed", "error": why, "meant": c.meant}


def counted(preview: Preview) -> Mapping[str, int]:
    """Return how many rows there are of each kind; nothing while the file as a whole cannot be taken."""
    if preview.file_errors:
        return {}
    good = preview.total - preview.refused
    return {
        "total": preview.total, "good": good, "bad": preview.refused, "new": preview.new, "changed": preview.changed,
    }  # fmt: skip


def followed(f: Foreseen) -> dict[str, Any]:
    """Return what follows as texts: by duty and by breach, with the first examples."""
    kinds = [("owed", line) for line in f.duties] + [("fined", line) for line in f.breaches]
    lines = [
        {
            "kind": kind, "label": label(line.label), "n": line.count, "amount": f"¥{line.amount:,.2f}" if line.amount else "",
            "examples": [
                "，".join(x for x in (e.record, e.person, f"{e.day}", f"¥{e.amount:,.2f}" if e.amount else "") if x)
                for e in line.examples
            ],
        }
        for kind, line in kinds
    ]  # fmt: skip
    return {"tried": f.tried, "whole": f.whole, "amount": f"¥{f.amount:,.2f}", "lines": lines}

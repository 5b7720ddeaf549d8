"""Pages that belong to no single register."""

from __future__ import annotations

from flask import Flask

from app.web.pages import (
    access_log,
    acts,
    adoptions,
    archives,
    calendar,
    channels,
    choosing,
    closings,
    coverage,
    design,
    designer,
    draft_files,
    drafts,
    exports,
    fines,
    formulas,
    go_live,
    imports,
    inbox,
    indicators,
    notice_settings,
    obligations,
    operations,
    outbox,
    pick,
    prints,
    publications,
    recalculations,
    retired,
    rights,
    sheets,
    viewing,
    waiting,
    whatif,
    work,
)

BLUEPRINTS = (
    access_log.pages,
    acts.pages,
    adoptions.pages,
    archives.pages,
    calendar.pages,
    channels.pages,
    choosing.pages,
    closings.pages,
    coverage.pages,
    design.pages,
    draft_files.pages,
    drafts.pages,
    designer.pages,
    exports.pages,
    fines.pages,
    formulas.pages,
    go_live.pages,
    imports.pages,
    inbox.pages,
    indicators.pages,
    notice_settings.pages,
    obligations.pages,
    operations.pages,
    outbox.pages,
    pick.pages,
    prints.pages,
    publications.pages,
    recalculations.pages,
    retired.pages,
    rights.pages,
    sheets.pages,
    viewing.pages,
    waiting.pages,
    whatif.pages,
    work.pages,
)


def register(app: Flask) -> None:
    """Give ``app`` every page."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

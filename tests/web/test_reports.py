"""A report that waits for its signature: in the list of whoever signs it, with figures that can be checked, nobody else's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.services import reporting
from tests.servers import Databases
from tests.web.site import FILES, NOW, REGISTERS, Site, build, page_text

REPORT = """
---
code: monthly
label: {zh: 答复月报, en: Monthly answers}
domain: service
cite: {policy: P1, article: A1}
title: [month]
fields:
  - {code: month, label: {zh: 月份, en: Month}, type: text, basis: impl}
  - {code: first, label: {zh: 期间起, en: From}, type: date, basis: impl}
  - {code: last, label: {zh: 期间止, en: To}, type: date, basis: impl}
  - {code: share, label: {zh: 答复率, en: Share answered}, type: percent, places: 1, basis: impl}
  - {code: signed, label: {zh: 主管签字, en: Signed}, type: signature, by: [chief], basis: impl}
reports:
  - code: month
    label: {zh: 月报, en: Month}
    period: month
    from: first
    to: last
    name: month
    figures: {share: {indicator: answered}}
    tell: [chief]
workflow:
  states:
    - {code: made, label: {zh: 待签, en: Made}, tone: warning}
    - {code: done, label: {zh: 已签, en: Signed}, tone: success, locked: true}
  transitions: [{code: sign, label: {zh: 核对签字, en: Sign}, from: made, to: done, by: [chief], sign: signed}]
access: [{role: chief, can: [read]}, {role: clerk, can: [read]}]
"""


@pytest.fixture
def site(fresh_database: Databases, tmp_path: Path) -> Site:
    """The small site with a monthly report, of which the first month is over."""
    indicators = FILES["indicators.yaml"].replace("receives: [auditor]", "receives: [auditor, chief]", 1)
    made = build(
        fresh_database("sqlite"),
        tmp_path,
        {**FILES, "registers.yaml": REGISTERS + REPORT, "indicators.yaml": indicators},
    )
    assert reporting.fill_due(made.panel, NOW + timedelta(days=31)) == 1
    return made


def test_a_report_waits_for_whoever_signs_it_and_its_figures_lead_to_what_they_rest_on(site: Site) -> None:
    chief = site.browser("chief")
    page = page_text(chief.get("/waiting"))
    assert "答复月报" in page
    assert "/registers/monthly/move/1/sign?from=waiting" in page, "it asks for nothing but the signature"
    shown = page_text(chief.get("/registers/monthly/show/1"))
    assert "/indicators/answered?month=2026-03" in shown
    assert "0.0%" in shown
    clerk = site.browser("colleague")
    assert "/indicators/answered" not in page_text(clerk.get("/registers/monthly/show/1")), (
        "he does not receive the figure"
    )
    for other in ("owner", "colleague", "stranger"):
        assert "答复月报" not in page_text(site.browser(other).get("/waiting")).partition("<main")[2], other
    assert clerk.post("/registers/monthly/move/1/sign?from=waiting").status_code == 403
    answer = chief.post("/registers/monthly/move/1/sign?from=waiting")
    assert answer.headers["Location"].endswith("/waiting")
    assert "答复月报" not in page_text(chief.get("/waiting")).partition("<main")[2]
    site.panel.engine.dispose()

"""The shipped sheets on both databases: who prints what of a record, as it stands."""

from __future__ import annotations

import pytest

from app.errors import Missing
from app.services import printing
from app.services.printing import Printed
from tests.services.dated import archive
from tests.services.test_access_log import classified, lines
from tests.services.test_records import complaint
from tests.site import Site, at

WHEN = at("2025-03-05 09:00")


def printed(site: Site, who: str, register: str, code: str, *ids: int) -> Printed:
    with site.panel.reading(site.actor(who), now=WHEN) as work:
        return printing.sheets(work, register, code, ids)


def test_a_complaint_card_is_printed_by_who_took_it_in_and_by_no_colleague_stranger_or_whom_it_is_about(
    site: Site,
) -> None:
    made = complaint(site, complained_person=site.ids["supervisor"])
    card = printed(site, "clerk", "complaint", "card", made)
    assert [c.zh for c in card.print.copies] == ["行政人事部", "受理部门"]
    assert card.sheets[0].values["content"].row["content"] == site.read("complaint", made)["content"]
    for who in ("assistant", "stranger", "supervisor"):
        with pytest.raises(Missing):
            printed(site, who, "complaint", "card", made)


def test_the_bag_of_an_archive_lists_its_own_papers(site: Site) -> None:
    one, other = (archive(site, "2025-03-03", "2025-03-03 09:00", advisor=who) for who in ("sales1", "sales2"))
    for of, kind in ((one, "绿卡"), (other, "绿卡"), (one, "交车照片")):
        site.create(
            "archive",
            "vehicle_archive_item",
            "2025-03-04 09:00",
            archive=of,
            item_kind=kind,
            form="复印件",
            present=True,
        )
    sheets = printed(site, "archive", "vehicle_archive", "bag", other, one).sheets
    assert [[r["item_kind"] for r in t.rows] for s in sheets for t in s.tables.values()] == [
        ["绿卡"],
        ["绿卡", "交车照片"],
    ]
    assert ["vehicle.plate_no" in s.values for s in sheets] == [True, True]
    mine = printed(site, "sales1", "vehicle_archive", "bag", other, one)
    assert [s.row["id"] for s in mine.sheets if s.row] == [one], "a colleague's archive is passed over"
    with pytest.raises(Missing):
        printed(site, "stranger", "vehicle_archive", "bag", one)


def test_sheets_are_offered_to_those_alone_who_read_the_register(site: Site) -> None:
    with site.panel.reading(site.actor("stranger"), now=WHEN) as work:
        assert printing.offered(work, "vehicle_archive") == []
    with site.panel.reading(site.actor("archive"), now=WHEN) as work:
        assert [p.code for p in printing.offered(work, "vehicle_archive")] == ["bag"]
        assert [p.code for p in printing.offered(work, "archive_violation")] == ["ticket", "month"]


def test_a_classified_customer_that_is_printed_is_a_line_of_the_access_log(site: Site) -> None:
    number = classified(site)
    printed(site, "csmanager", "customer", "sheet", 1, number)
    with pytest.raises(Missing):
        printed(site, "stranger", "customer", "sheet", number)
    assert lines(site) == [("print", site.ids["csmanager"], "customer", number)]

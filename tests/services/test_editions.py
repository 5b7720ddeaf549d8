"""What began under one publication is judged by it, whatever is published afterwards."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.errors import Forbidden, Refused
from app.models.ledger import breach, ticket
from app.services import editions, ledger, publishing, records
from app.services.panel import Actor
from tests.services.dated import (
    EIGHTY,
    FIFTY,
    ONE_DAY,
    THREE_DAYS,
    archive,
    edited,
    kept,
    owed,
    publish,
    swept,
)
from tests.site import Site, at

DUTY = "  - code: hand_over_new_car"
AFTER_SALES = "  - code: hand_over_after_sales"


def test_what_began_before_a_publication_keeps_its_length_and_its_price(site: Site) -> None:
    early = archive(site, "2025-03-10", "2025-03-10 09:00")
    newer = publish(site, edited((THREE_DAYS, ONE_DAY), (FIFTY, EIGHTY)), "2025-03-11 12:00")
    late = archive(newer, "2025-03-11", "2025-03-11 14:00", "sales2")
    assert [(o["due_on"], o["revision"]) for o in owed(newer, early)] == [(date(2025, 3, 13), 1)]
    assert [(o["due_on"], o["revision"]) for o in owed(newer, late)] == [(date(2025, 3, 12), 2)]
    swept(newer, "2025-03-20 08:00")
    assert {(t["record_id"], t["amount"], t["revision"]) for t in kept(newer, ticket)} == {
        (early, Decimal(50), 1),
        (late, Decimal(80), 2),
    }


def test_a_fact_filed_late_is_judged_by_the_day_it_began_and_not_by_today(site: Site) -> None:
    newer = publish(site, edited((THREE_DAYS, ONE_DAY), (FIFTY, EIGHTY)), "2025-03-11 12:00")
    filed_late = archive(newer, "2025-03-10", "2025-04-02 09:00")
    assert [(o["due_on"], o["revision"]) for o in owed(newer, filed_late)] == [(date(2025, 3, 13), 1)]
    assert [(t["amount"], t["month"]) for t in kept(newer, ticket)] == [(Decimal(50), "2025-03")]


def test_a_start_corrected_to_a_day_of_the_next_edition_is_bound_by_that_one(site: Site) -> None:
    one = archive(site, "2025-03-10", "2025-03-10 09:00")
    newer = publish(site, edited((THREE_DAYS, ONE_DAY)), "2025-03-11 12:00")
    for day, expected in (("2025-03-12", (date(2025, 3, 13), 2)), ("2025-03-07", (date(2025, 3, 12), 1))):
        with newer.panel.work(newer.actor("archive"), now=at("2025-03-12 15:00")) as work:
            records.update(work, "vehicle_archive", one, {"trigger_date": date.fromisoformat(day)})
        assert [(o["due_on"], o["revision"]) for o in owed(newer, one)] == [expected]


def test_a_duty_that_a_publication_removes_stays_owed_where_it_had_begun_and_is_fulfilled_as_before(site: Site) -> None:
    missed, met = (archive(site, "2025-03-10", "2025-03-10 09:00", who) for who in ("sales1", "sales2"))
    file = edited()["registers/vehicle_archives/vehicle_archive.yaml"]
    text = file[file.index(DUTY) : file.index(AFTER_SALES)]
    breach_too = file[file.index("  - code: late_handover") : file.index("  - code: unsigned_inspection")]
    without = edited((text, ""), (breach_too, ""), ("order: [D1, ", "order: ["))
    rates = "indicators/vehicle_archives.yaml"  # figures that name the duty go on without it
    without[rates] = without[rates].replace("hand_over_new_car, ", "")
    newer = publish(site, without, "2025-03-11 12:00")
    after = archive(newer, "2025-03-11", "2025-03-11 15:00")
    signoff = newer.create(
        "sales2", "archive_signoff", "2025-03-12 10:00", from_department="销售部", entry_date=date(2025, 3, 12), archive=met, item_count=12
    )  # fmt: skip
    newer.move("sales2", "archive_signoff", signoff, "hand_over", "2025-03-12 10:00")
    newer.move("archive", "archive_signoff", signoff, "receive", "2025-03-12 11:00")
    swept(newer, "2025-03-20 08:00")
    assert [o["state"] for o in owed(newer, missed)] == ["open"]
    assert [o["state"] for o in owed(newer, met)] == ["done"]
    assert owed(newer, after) == []
    assert [(t["record_id"], t["amount"]) for t in kept(newer, ticket)] == [(missed, Decimal(50))]


def test_a_duty_first_demanded_by_a_publication_is_owed_only_for_what_begins_from_its_day_on(site: Site) -> None:
    file = edited()["registers/vehicle_archives/vehicle_archive.yaml"]
    text = file[file.index(DUTY) : file.index(AFTER_SALES)]
    second = text.replace("hand_over_new_car", "hand_over_again")
    before = archive(site, "2025-03-10", "2025-03-10 09:00")
    newer = publish(site, edited((text, text + second)), "2025-03-11 12:00")
    late = archive(newer, "2025-03-10", "2025-03-12 09:00")
    fresh = archive(newer, "2025-03-11", "2025-03-12 09:00")
    with newer.panel.work(newer.actor("archive"), now=at("2025-03-12 10:00")) as work:
        values = {"bag_no": "B1", "remark": "核对"}
        records.update(work, "vehicle_archive", before, values)
    assert [len(owed(newer, one)) for one in (before, late, fresh)] == [1, 1, 2]


def test_multipliers_of_a_later_edition_leave_what_was_owed_before_as_it_was(site: Site) -> None:
    early = [archive(site, day, "2025-03-05 09:00") for day in ("2025-03-03", "2025-03-04")]
    files = edited(("role: sales_advisor, from_nth: 2, by: 2", "role: sales_advisor, from_nth: 2, by: 5"))
    newer = publish(site, files, "2025-03-06 08:00")
    late = archive(newer, "2025-03-06", "2025-03-06 09:00")
    swept(newer, "2025-03-20 08:00")
    assert [(t["record_id"], t["ordinal"], t["amount"]) for t in kept(newer, ticket)] == [
        (early[0], 1, Decimal(50)),
        (early[1], 2, Decimal(100)),
        (late, 3, Decimal(250)),
    ]


def test_a_breach_reported_by_hand_is_bound_to_the_day_it_was_committed(site: Site) -> None:
    one = archive(site, "2025-03-10", "2025-03-10 09:00", "service1", "售后-保养")
    with site.panel.reading(site.actor("archive")) as work:
        rules = ledger.reportable(work, "vehicle_archive")
    assert rules
    code = rules[0].code
    newer = publish(site, edited((f"code: {code}", f"code: {code}_anew")), "2025-03-11 12:00")
    with newer.panel.work(newer.actor("archive"), now=at("2025-03-12 10:00")) as work:
        ledger.report(work, "vehicle_archive", one, code, newer.ids["service1"], at=at("2025-03-10 16:00"))
    with pytest.raises(Forbidden), newer.panel.work(newer.actor("archive"), now=at("2025-03-12 10:00")) as work:
        ledger.report(work, "vehicle_archive", one, code, newer.ids["service1"], at=at("2025-03-11 16:00"))
    assert [(b["rule"], b["revision"]) for b in kept(newer, breach)] == [(code, 1)]


def test_a_publication_may_take_effect_on_a_later_day_but_never_on_one_that_has_passed(site: Site) -> None:
    files = edited((THREE_DAYS, ONE_DAY))
    with pytest.raises(Refused):
        publish(site, files, "2025-03-11 12:00", date(2025, 3, 10))
    newer = publish(site, files, "2025-03-11 12:00", date(2025, 4, 1))
    days = ("2025-03-31", "2025-04-01")
    found = [owed(newer, archive(newer, day, f"{day} 09:00"))[0]["revision"] for day in days]
    assert found == [1, 2]
    with newer.panel.reading(Actor.system()) as work:
        asked = [editions.edition_on(work, date.fromisoformat(d)) for d in ("1990-01-01", *days)]
    assert asked == [1, 1, 2]
    assert [h[5] for h in publishing.history(newer.panel.engine)] == [date(2025, 4, 1), publishing.EVER]


def test_a_field_that_has_retired_still_fulfils_what_it_fulfilled(site: Site) -> None:
    file = edited()["registers/vehicle_archives/vehicle_archive.yaml"]
    text = file[file.index(DUTY) : file.index(AFTER_SALES)]
    second = text.replace("hand_over_new_car", "note_bag").replace(
        text[text.index("    done:") : text.index("    within:")], "    done: bag_stamp\n"
    )
    field = "  - {code: bag_stamp, label: {zh: 袋章, en: Bag stamp}, type: date, basis: P05-A3}\n"
    bag = "  - {code: bag_no,"
    with_field = publish(site, edited((text, text + second), (bag, field + bag)), "2025-03-03 08:00")
    met, missed = (archive(with_field, "2025-03-10", "2025-03-10 09:00", who) for who in ("sales1", "sales2"))
    with with_field.panel.work(with_field.actor("archive"), now=at("2025-03-10 10:00")) as work:
        records.update(work, "vehicle_archive", met, {"bag_stamp": date(2025, 3, 10)})
    newer = publish(with_field, edited(), "2025-03-11 12:00")
    with newer.panel.work(newer.actor("archive"), now=at("2025-03-12 10:00")) as work:
        for one in (met, missed):
            records.update(work, "vehicle_archive", one, {"handed_over_at": at("2025-03-11 09:00")})
    states = [{o["duty"]: o["state"] for o in owed(newer, one)}["note_bag"] for one in (met, missed)]
    assert states == ["done", "open"]

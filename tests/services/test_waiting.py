"""What waits for a person is what the definitions name him to move on, of the rows that he sees; told in a few statements."""

from __future__ import annotations

from collections.abc import Iterator

from app.services import attention, listing, people, records, scope, waiting
from app.services.panel import Actor, Work
from tests.services.test_delegation import application, delegate
from tests.services.test_moving import appoint
from tests.services.test_records import complaint
from tests.site import CAR_OWNER, PEOPLE, Site, at
from tests.web.test_fab_traps import statements

WHEN = "2025-03-04 10:00"


def told(site: Site, who: str, when: str = WHEN) -> dict[tuple[str, int], set[str]]:
    """Return what waits for somebody: record → his steps."""
    with site.panel.reading(site.actor(who), now=at(when)) as work:
        found, many = waiting.records(work, 500)
        assert waiting.count(work) == many == len(found)
    return {(w.register, w.id): {t.code for t, _ in w.steps} for w in found}


def signoff(site: Site, who: str = "sales1") -> int:
    """Enter a line of the sign-off book of an archive, as its advisor."""
    with site.panel.work(Actor.system(), now=at("2025-03-03 09:00")) as work:
        owner = listing.select_rows(work, "customer", search=CAR_OWNER)[0]["id"]
        many = len(listing.select_rows(work, "vehicle"))
        car = records.create(
            work, "vehicle", {"vin": f"LSV{many:014}", "model": "明锐", "origin": "它店用户到店维修", "customer": owner}
        )
        archive = records.create(
            work, "vehicle_archive",
            {"vehicle": car, "archive_kind": "新车档案", "responsible_advisor": site.ids[who], "trigger_date": at("2025-03-03").date()},
        )  # fmt: skip
    return site.create(
        who, "archive_signoff", "2025-03-03 09:30", archive=archive, entry_date=at("2025-03-03").date(), item_count=3,
        from_department="销售部",
    )  # fmt: skip


def test_a_countersignature_waits_for_its_holder_and_for_nobody_else(site: Site) -> None:
    number = signoff(site)
    assert told(site, "sales1")["archive_signoff", number] == {"hand_over"}
    for other in ("sales2", "archive", "stranger"):
        assert ("archive_signoff", number) not in told(site, other), other
    site.move("sales1", "archive_signoff", number, "hand_over", WHEN)
    assert ("archive_signoff", number) not in told(site, "sales1")
    assert "receive" in told(site, "archive")["archive_signoff", number]
    for other in ("sales2", "director", "stranger"):
        assert ("archive_signoff", number) not in told(site, other), other


def test_an_approval_waits_for_the_superior_and_then_for_the_next_post(site: Site) -> None:
    number = application(site)
    assert told(site, "saleshead")["archive_view_application", number] == {"unit_sign"}
    for other in ("sales1", "sales2", "stranger", "csmanager"):
        assert ("archive_view_application", number) not in told(site, other), other


def test_what_may_be_done_but_need_not_waits_for_nobody(site: Site) -> None:
    signoff(site)
    for who in ("sales1", "archive", "saleshead"):
        found = told(site, who)
        assert not [key for key in found if key[0] == "vehicle"], "a car in use may change hands, and need not"


def test_a_deputy_is_told_in_whose_place(site: Site) -> None:
    number = application(site)
    assert ("archive_view_application", number) not in told(site, "service1")
    delegate(site, "saleshead", "service1")
    with site.panel.reading(Actor.system(), now=at(WHEN)) as asked:
        deputy = people.actor(asked, site.ids["service1"])
    with site.panel.reading(deputy, now=at(WHEN)) as work:
        (found,) = (w for w in waiting.records(work, 500)[0] if w.register == "archive_view_application")
    assert [(t.code, absent) for t, absent in found.steps] == [("unit_sign", "saleshead")]
    assert found.id == number
    assert ("archive_view_application", number) in told(site, "saleshead"), "he has not gone blind"


def test_who_applied_himself_does_not_wait_for_himself(site: Site) -> None:
    number = application(site, "saleshead")
    assert ("archive_view_application", number) not in told(site, "saleshead"), "nobody signs his own application"


def expected(work: Work, actor: Actor) -> Iterator[tuple[tuple[str, int], set[str]]]:
    """Yield what must be told, row by row: the steps open to somebody that a record waits for and that name him."""
    for spec in scope.readable(work):
        for row in listing.select_rows(work, spec.code, limit=500) if spec.workflow and not spec.tickets_of else ():
            whole = records.get(work, spec.code, row["id"])
            mine = {
                m.transition.code
                for m in records.moves(work, spec.code, row["id"])
                if m.transition.awaited
                and (whole["state"] != m.transition.target or (m.transition.sign and whole[m.transition.sign] is None))
                and any(
                    actor.person_id in people.party(work, p, spec, whole)
                    for p in m.transition.by
                    if p.within(spec.codes).role != "everyone"
                )
            }
            if mine:
                yield (spec.code, row["id"]), mine


def test_it_is_what_each_record_would_say_by_itself(site: Site) -> None:
    """The one query and the rules of a single record are two ways to say the same, for everybody."""
    appoint(site, "service1", "dept_manager")
    signed = signoff(site)
    site.move("sales1", "archive_signoff", signed, "hand_over", WHEN)
    signoff(site, "sales2")
    application(site)
    application(site, "saleshead")
    case = complaint(site)
    complaint(site)
    site.move("clerk", "complaint", case, "check_reason", WHEN, reason_valid="成立")
    some = 0
    for who, _, _ in PEOPLE:
        actor = site.actor(who)
        with site.panel.reading(actor, now=at(WHEN)) as work:
            wanted = dict(expected(work, actor))
        assert told(site, who) == wanted, who
        some += len(wanted)
    assert some >= 10


def test_many_records_cost_no_more_statements_than_few(site: Site) -> None:
    costs = []
    for more in (1, 6):
        for _ in range(more):
            number = signoff(site)
            site.move("sales1", "archive_signoff", number, "hand_over", WHEN)
        told(site, "archive")  # what a process remembers is read once
        with site.panel.reading(site.actor("archive"), now=at(WHEN)) as work, statements(site.panel.engine) as seen:
            waiting.records(work, 500)
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 8


def test_the_number_holds_until_one_acts_oneself(site: Site) -> None:
    number = signoff(site)
    other = signoff(site)
    for n in (number, other):
        site.move("sales1", "archive_signoff", n, "hand_over", WHEN)
    archivist = site.actor("archive")

    def number_for(when: str) -> int | None:
        with site.panel.reading(archivist, now=at(when)) as work:
            return attention.counts(work).waiting

    assert number_for(WHEN) is None, "nothing has been counted yet"
    with site.panel.reading(archivist, now=at(WHEN)) as work:
        before = attention.counted(work).waiting
    assert number_for(WHEN) == before is not None
    site.create("sales2", "archive_view_application", "2025-03-04 10:00", applicant=site.ids["sales2"], applicant_profile="顾问",
                customers=(1,), purpose="回访", reason="交接", is_classified=False, same_department=True)  # fmt: skip
    assert number_for("2025-03-04 10:00:20") == before, "what others do is seen a little later"
    assert number_for("2025-03-04 10:00:40") is None
    site.move("archive", "archive_signoff", number, "receive", WHEN)
    assert number_for(WHEN) is None, "one's own act is seen at once"
    with site.panel.reading(archivist, now=at(WHEN)) as work:
        assert attention.counted(work).waiting == before - 1


def test_what_is_asked_for_everybody_is_written_out_by_the_panel_itself(site: Site) -> None:
    with site.panel.reading(Actor.system(), now=at(WHEN)) as work:
        waiting.ready(work)
    with site.panel.reading(site.actor("sales1"), now=at(WHEN)) as work, statements(site.panel.engine) as seen:
        waiting.count(work)
    assert 1 < len(seen) <= 6, seen

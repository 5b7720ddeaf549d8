"""Somebody stands for who is away: in the roles that can be lent, for the days agreed, bound by what separates the duties of both."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from app.errors import Forbidden, Invalid, Missing
from app.models.fixed import attachment, person_role, record_version, role, signature
from app.models.ledger import notice
from app.services import ledger, listing, obligations, people, records, rights, sweep, versions
from app.services.panel import Actor
from tests.services.test_fines import NEW_CAR, archives
from tests.site import Site, at

ASKED, ACTS = "2025-03-03 09:00", "2025-03-04 10:00"


@pytest.fixture
def dialect() -> str:
    """What is asked of the database here is tested on both elsewhere."""
    return "sqlite"


def delegate(
    site: Site, principal: str, deputy: str, first: str = "2025-03-03", last: str = "2025-03-07", **more: Any
) -> int:
    number = site.create(
        principal, "delegation", ASKED, principal=site.ids[principal], deputy=site.ids[deputy],
        from_on=date.fromisoformat(first), until_on=date.fromisoformat(last), reason="休假", **more,
    )  # fmt: skip
    site.move(principal, "delegation", number, "give", ASKED)
    return number


def application(site: Site, who: str = "sales1") -> int:
    number = site.create(
        who, "archive_view_application", ASKED, applicant=site.ids[who], applicant_profile="销售顾问", customers=(1,),
        purpose="回访", reason="交接", is_classified=False, same_department=True,
    )  # fmt: skip
    with site.panel.engine.begin() as connection:  # the department's stamp has been scanned
        scan = {"sha256": "0" * 64, "name": "章.png", "size": 1, "content_type": "image/png", "uploaded_at": at(ASKED)}
        stamp = connection.execute(insert(attachment).values(**scan)).inserted_primary_key
        assert stamp is not None
        connection.execute(update(site.panel.models.tables["archive_view_application"]).values(unit_seal=stamp[0]))
    return number


def give_role(site: Site, who: str, code: str) -> None:
    with site.panel.engine.begin() as connection:
        number = connection.execute(select(role.c.id).where(role.c.name == code)).scalar_one()
        connection.execute(insert(person_role).values(user_id=site.ids[who], role_id=number))


def sees(site: Site, who: str, number: int, when: str = ACTS) -> bool:
    with site.panel.reading(actor_on(site, who, when), now=at(when)) as work:
        return bool(listing.select_rows(work, "archive_view_application", ids=[number]))


def actor_on(site: Site, who: str, when: str) -> Actor:
    with site.panel.reading(Actor.system(), now=at(when)) as work:
        return people.actor(work, site.ids[who])


def move(site: Site, who: str, number: int, transition: str, when: str = ACTS, reason: str = "", **values: Any) -> None:
    with site.panel.work(actor_on(site, who, when), now=at(when)) as work:
        records.move(work, "archive_view_application", number, transition, values, reason=reason)


def test_the_deputy_signs_in_place_of_who_is_away_and_everybody_can_tell(site: Site) -> None:
    number = application(site)
    assert not sees(site, "sales2", number)
    delegate(site, "saleshead", "sales2")
    assert sees(site, "sales2", number)
    move(site, "sales2", number, "unit_sign")
    deputy, head = site.ids["sales2"], site.ids["saleshead"]
    with site.panel.engine.connect() as connection:
        mine = signature.c.register == "archive_view_application"
        signed = connection.execute(select(signature.c.person, signature.c.on_behalf).where(mine)).one()
        made = record_version.c.transition == "unit_sign"
        moved = connection.execute(select(record_version.c.on_behalf).where(made)).scalar_one()
        letters = (notice.c.kind == "moved", notice.c.register == "archive_view_application")
        told = set(connection.execute(select(notice.c.person).where(*letters)).scalars())
    assert (tuple(signed), moved, told) == ((deputy, head), head, {head})
    with site.panel.reading(actor_on(site, "saleshead", ACTS), now=at(ACTS)) as work:
        latest = versions.of_record(work, "archive_view_application", number)[0]
    assert (latest.name, latest.on_behalf) == ("sales2", "saleshead")


def test_it_begins_and_ends_by_itself_and_can_be_ended_early(site: Site) -> None:
    number = application(site)
    delegation = delegate(site, "saleshead", "sales2", "2025-03-04", "2025-03-05")
    days = ("2025-03-03 23:59", "2025-03-04 00:00", "2025-03-05 23:59", "2025-03-06 00:00")
    assert [sees(site, "sales2", number, d) for d in days] == [False, True, True, False]
    site.move("saleshead", "delegation", delegation, "end", ACTS, reason="提前返岗")
    assert not sees(site, "sales2", number, "2025-03-05 08:00")


def test_separation_of_duties_binds_the_deputy_and_the_one_he_stands_for(site: Site) -> None:
    number = application(site, "sales2")
    delegate(site, "saleshead", "sales2")
    with pytest.raises(Forbidden):  # the applicant does not sign his own application in his head's place
        move(site, "sales2", number, "unit_sign")
    other = application(site, "sales1")
    move(site, "sales2", other, "unit_sign")
    for who in ("sales2", "saleshead", "archive"):
        give_role(site, who, "customer_service")
    late = at("2025-03-06 18:00")
    for who in ("sales2", "saleshead"):  # one signed as head, the other had it signed for him
        with pytest.raises(Forbidden, match="职责分离"):
            move(site, who, other, "review", "2025-03-05 10:00", valid_until=late)
    move(site, "archive", other, "review", "2025-03-05 10:00", valid_until=late)


def test_a_deputy_reads_and_signs_and_does_nothing_else(site: Site) -> None:
    number = application(site)
    delegate(site, "saleshead", "sales2")
    with site.panel.work(actor_on(site, "sales2", ACTS), now=at(ACTS)) as work:
        with pytest.raises(Forbidden):
            records.update(work, "archive_view_application", number, {"purpose": "改"})
        with pytest.raises((Forbidden, Missing)):
            listing.count_rows(work, "customer", verb="export")


def test_one_role_can_be_lent_alone_and_roles_bound_to_a_person_never(site: Site) -> None:
    give_role(site, "saleshead", "classified_keeper")
    delegate(site, "saleshead", "sales2")
    (absent,) = actor_on(site, "sales2", ACTS).deputises
    assert absent.roles == {"sales_director", "dept_manager"}
    delegate(site, "director", "sales1", role="customer_director")
    (absent,) = actor_on(site, "sales1", ACTS).deputises
    assert (absent.roles, absent.named) == ({"customer_director"}, False)
    assert actor_on(site, "admin", ACTS).deputises == ()


def test_only_the_principal_gives_it_or_the_administrator_with_a_reason(site: Site) -> None:
    what = {
        "principal": site.ids["saleshead"],
        "deputy": site.ids["sales1"],
        "from_on": date(2025, 3, 3),
        "until_on": date(2025, 3, 7),
        "reason": "病假",
    }
    number = site.create("sales1", "delegation", ASKED, **what)
    for who in ("sales1", "stranger"):
        with pytest.raises((Forbidden, Missing)):
            site.move(who, "delegation", number, "give", ASKED)
    with pytest.raises(Invalid):
        site.move("admin", "delegation", number, "set_by_administrator", ASKED)
    assert actor_on(site, "sales1", ACTS).deputises == ()
    site.move("admin", "delegation", number, "set_by_administrator", ASKED, reason="本人病假，无法签字")
    assert [a.name for a in actor_on(site, "sales1", ACTS).deputises] == ["saleshead"]


def test_who_leaves_the_principal_empty_means_himself(site: Site) -> None:
    days = {"from_on": date(2025, 3, 3), "until_on": date(2025, 3, 7)}
    number = site.create(
        "saleshead", "delegation", ASKED, principal=None, deputy=site.ids["sales1"], reason="休假", **days
    )
    assert site.read("delegation", number)["principal"] == site.ids["saleshead"]


def test_a_deputy_does_not_lend_on_what_was_lent_to_him(site: Site) -> None:
    number = application(site)
    delegate(site, "saleshead", "sales2")
    delegate(site, "sales2", "service1")
    assert not sees(site, "service1", number)


def test_the_page_of_rights_tells_of_what_is_lent(site: Site) -> None:
    delegate(site, "supervisor", "clerk")
    with site.panel.reading(actor_on(site, "clerk", ACTS), now=at(ACTS)) as work:
        held = rights.of(work, site.ids["clerk"])
        (absent,) = held.actor.deputises
        lent = {r.spec.code: r for r in rights.held(work, absent).registers}
    assert (absent.name, str(absent.lent)) == ("supervisor", "2025-03-07")
    assert {a.can for r in lent.values() for a in r.access} == {("read",)}
    assert "review" in {s.transition.code for s in lent["revisit_record"].steps}


def test_the_deputy_of_who_confirms_fines_confirms_them_but_none_of_his_own(site: Site, tmp_path: Path) -> None:
    archives(site, tmp_path, "sales1", NEW_CAR, ["2025-02-03"])
    sweep.run(site.panel, at("2025-03-03 08:00"))
    delegate(site, "director", "sales2")
    delegate(site, "director", "sales1")
    with site.panel.reading(actor_on(site, "sales2", ACTS), now=at(ACTS)) as work:
        ticket = ledger.to_confirm(work)[0]["id"]
    with site.panel.work(actor_on(site, "sales1", ACTS), now=at(ACTS)) as work:
        assert ledger.to_confirm(work) == []
        with pytest.raises(Forbidden):  # the person fined
            ledger.confirm(work, ticket)
    with site.panel.work(actor_on(site, "sales2", ACTS), now=at(ACTS)) as work:
        ledger.confirm(work, ticket)
    with site.panel.reading(Actor.system(), now=at(ACTS)) as work:
        entries = [e for e in ledger.why(work, ticket).entries if e["kind"] == "confirmed"]
    assert [(e["person"], e["reason"]) for e in entries] == [(site.ids["sales2"], "（代director）")]


def test_what_the_absent_owes_is_offered_to_who_stands_for_him(site: Site, tmp_path: Path) -> None:
    archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03"])
    for lent, expected in ((False, []), (True, ["sales1"])):
        if lent:
            delegate(site, "sales1", "sales2")
        with site.panel.reading(actor_on(site, "sales2", ACTS), now=at(ACTS)) as work:
            assert sorted({name for name, _ in obligations.owed_by_absent(work)}) == expected
            assert obligations.owed(work, person=site.ids["sales2"], roles=work.actor.roles) == []

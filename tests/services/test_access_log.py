"""Each view of a classified record, and of one that an approval opened, is a line of the access log that nobody changes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from app.errors import Forbidden, Missing
from app.exchange import exporting
from app.models.fixed import access_log
from app.services import access_log as log
from app.services import listing, records
from app.services.panel import Actor
from tests.site import Site, at

WHEN = "2025-03-03 10:00"


def classified(site: Site, name: str = "甲公司") -> int:
    customer = {
        "customer_name": name, "customer_kind": "个人", "relation_kind": "一般客户", "channel_kind": "车主", "secrecy_level": "机密",
        "address": "上海", "phone": "021-55551111", "owner_user": site.ids["sales1"], "keeper": site.ids["specialist"],
    }  # fmt: skip
    with site.panel.work(Actor.system(), now=at(WHEN)) as work:
        return records.create(work, "customer", customer)


def lines(site: Site) -> list[tuple[str, int, str, int]]:
    a = access_log.c
    with site.panel.engine.connect() as connection:
        found = connection.execute(select(a.action, a.person, a.register, a.record_id).order_by(a.id))
        return [tuple(r) for r in found]


def read(site: Site, who: str, **how: Any) -> list[dict[str, Any]]:
    with site.panel.reading(site.actor(who), now=at(WHEN)) as work:
        return listing.select_rows(work, "customer", **how)


def test_a_view_of_a_classified_customer_is_logged_and_of_an_ordinary_one_not(site: Site) -> None:
    number = classified(site)
    read(site, "csmanager", ids=[1])
    assert lines(site) == []
    found = read(site, "csmanager")
    assert {r["id"] for r in found} == {1, number}
    assert not {"_logged", "_approval"} & found[0].keys()
    assert lines(site) == [("read", site.ids["csmanager"], "customer", number)]


def test_each_view_is_a_line_of_its_own_but_one_page_is_one_view(site: Site) -> None:
    number = classified(site)
    with site.panel.reading(site.actor("csmanager"), now=at(WHEN)) as work:
        listing.row(work, "customer", number)
        listing.rows_of(work, "customer", [number])
    read(site, "csmanager", ids=[number])
    assert len(lines(site)) == 2


def test_who_may_not_see_it_leaves_no_line(site: Site) -> None:
    number = classified(site)
    for who in ("archive", "specialist", "stranger"):
        with site.panel.reading(site.actor(who), now=at(WHEN)) as work, pytest.raises(Missing):
            listing.row(work, "customer", number)
    assert lines(site) == []


def test_an_export_is_logged_as_one_even_when_it_breaks_off(site: Site) -> None:
    number = classified(site)
    with site.panel.reading(site.actor("csmanager"), now=at(WHEN)) as work:
        exporting.export(work, "customer", BytesIO())
    assert lines(site) == [("export", site.ids["csmanager"], "customer", number)]
    with pytest.raises(ZeroDivisionError), site.panel.reading(site.actor("csmanager"), now=at(WHEN)) as work:
        listing.row(work, "customer", number)
        raise ZeroDivisionError
    assert len(lines(site)) == 2


def test_what_an_approval_opened_is_logged_with_the_approval_and_nothing_else_is_open(site: Site) -> None:
    classified(site)
    number = site.create(
        "sales2", "archive_view_application", WHEN, applicant=site.ids["sales2"], applicant_profile="销售顾问", customers=(1,),
        purpose="回访", reason="交接", is_classified=False, same_department=True,
    )  # fmt: skip
    table = site.panel.models.tables["archive_view_application"]
    with site.panel.engine.begin() as connection:
        connection.execute(update(table).values(state="approved", valid_until=at("2025-03-05 18:00")))
    assert [r["id"] for r in read(site, "sales2")] == [1]
    a = access_log.c
    with site.panel.engine.connect() as connection:
        line = connection.execute(select(a.person, a.record_id, a.approved_in, a.approval)).one()
    assert tuple(line) == (site.ids["sales2"], 1, "archive_view_application", number)
    with site.panel.reading(site.actor("sales2"), now=at("2025-03-05 18:01")) as work:
        assert listing.select_rows(work, "customer") == []
    assert len(lines(site)) == 1


def test_the_log_is_read_by_those_whose_role_says_so_and_changed_by_nobody(site: Site) -> None:
    classified(site)
    read(site, "csmanager")
    for who in ("director", "gm", "admin"):
        with site.panel.reading(site.actor(who), now=at(WHEN)) as work:
            assert [e["action"] for e in log.lines(work)] == ["read"]
            assert log.lines(work, person=site.ids["sales1"]) == []
    for who in ("csmanager", "archive", "stranger"):
        with site.panel.reading(site.actor(who), now=at(WHEN)) as work, pytest.raises(Forbidden):
            log.lines(work)
    with pytest.raises(DatabaseError, match="append-only"), site.panel.engine.begin() as connection:
        connection.execute(update(access_log).values(person=1))

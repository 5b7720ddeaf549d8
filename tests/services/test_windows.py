"""Windows of a list: whatever is sorted, filtered, searched or grouped, a page holds what a plain reading of all rows says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from app.errors import Refused
from app.services import grouping, jumping, listing, records, scope, searching, totals, watching
from app.services.filtering import ME, Filter, Tree
from app.services.grouping import Grouping
from app.services.ordering import Sort
from app.services.panel import Actor, Work
from tests.services.test_records import COMPLAINT, complaint, edit
from tests.site import SHANGHAI, Site, at

WORDS = (
    "发动机异响",
    "空调出风口有异味",
    "结算金额比报价多",
    "oms00417转来",
    "X3车门下雨渗水",
    "100%不满意",
    "态度_差",
    "a\\b",
)


def fill(site: Site, rows: int = 120, seed: int = 1) -> list[dict[str, Any]]:
    """Enter complaints with blanks and many equal values, and return them as the panel reads them."""
    random = Random(seed)  # noqa: S311  # the same rows in every run
    new = []
    for n in range(rows):
        new.append({
            **COMPLAINT, "receptionist": site.ids["clerk"], "received_at": at(f"2025-03-{1 + n % 3:02} 0{n % 7 + 1}:00"),
            "content": "，".join(random.sample(WORDS, 2)), "category": random.choice(["费用", "其他", "服务质量"]),
            "loss_amount": random.choice([None, Decimal(10), Decimal("99.50"), Decimal(2000)]),
            "handler": random.choice([None, site.ids["clerk"], site.ids["hr"]]), "oms_no": random.choice([None, f"A{n % 9}"]),
            "customer_demand": tuple(random.sample(["道歉", "维修", "退货"], 2)),
        })  # fmt: skip
    with site.panel.work(Actor.system(), now=at("2025-03-04 09:00")) as work:
        records.create_many(work, "complaint", new)
        return listing.select_rows(work, "complaint", order="id")


def take_in(site: Site, content: str) -> int:
    values = {**COMPLAINT, "content": content, "receptionist": site.ids["clerk"]}
    return site.create("clerk", "complaint", "2025-03-03 15:30", **values)


@contextmanager
def clerk(site: Site, when: str = "2025-03-04 10:00") -> Iterator[Work]:
    with site.panel.reading(site.actor("clerk"), now=at(when)) as work:
        yield work


def _low(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _sorted(rows: list[dict[str, Any]], sort: list[Sort]) -> list[int]:
    keys = sort or [Sort("received_at", True)]
    ties = [] if keys[-1].field == "id" else [Sort("received_at", keys[-1].down), Sort("id", keys[-1].down)]
    ordered = rows
    for key in reversed([*keys, *ties]):
        ordered = sorted(ordered, key=lambda r, k=key: _low(r[k.field]), reverse=key.down)  # type: ignore[misc]
    return [r["id"] for r in ordered]


SORTS = [
    [], [Sort("loss_amount")], [Sort("loss_amount", True)], [Sort("category"), Sort("loss_amount", True)],
    [Sort("handler", True), Sort("oms_no"), Sort("received_at", True)], [Sort("id")], [Sort("state"), Sort("oms_no", True)],
]  # fmt: skip


def test_scrolling_down_and_up_gives_the_rows_of_one_reading_in_every_order(site: Site) -> None:
    rows = fill(site)
    with clerk(site) as work:
        for sort in SORTS:
            wanted = _sorted(rows, sort)
            found: list[int] = []
            page = listing.page(work, "complaint", sort=sort, limit=17)
            while True:
                found += page.ids
                if page.end:
                    break
                last, page = page, listing.page(work, "complaint", sort=sort, limit=17, after=page.after)
            assert found == wanted, sort
            up = listing.page(work, "complaint", sort=sort, limit=17, before=page.before)
            assert (up.ids, up.end) == (last.ids, False), sort


def test_a_jump_gives_the_same_rows_wherever_it_comes_from(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = fill(site)
    monkeypatch.setattr(jumping, "FAR", 0)
    for counted in ("by nobody", "here", "elsewhere"):
        told = len(rows) if counted == "elsewhere" else None
        for sort in SORTS:
            wanted = _sorted(rows, sort)
            site.panel.memory.clear()
            with clerk(site) as work:
                if counted == "here":
                    assert totals.total(work, "complaint").count == len(rows)
                for offset in (60, 30, 75, 76, 29, 110, 0, 119, 500, 45, 61):
                    page = jumping.page(work, "complaint", sort=sort, limit=10, offset=offset, told=told)
                    assert page.ids == wanted[offset : offset + 10], (sort, offset, counted)
                    assert page.end == (offset + 10 >= len(rows))
                    plain = listing.page(work, "complaint", sort=sort, limit=10, offset=offset)
                    assert (plain.ids, plain.end) == (page.ids, page.end)


def test_what_one_reader_was_told_of_the_length_misplaces_nobody_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(site, 40)
    monkeypatch.setattr(jumping, "FAR", 0)
    with clerk(site) as work:
        wanted = [r["id"] for r in listing.select_rows(work, "complaint")]
        assert jumping.page(work, "complaint", limit=5, offset=33, told=38).ids == wanted[35:40], "from the end"
        for offset in (25, 30, 33, 35):
            assert jumping.page(work, "complaint", limit=5, offset=offset).ids == wanted[offset : offset + 5]


def test_a_jump_after_a_change_does_not_trust_old_places(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = fill(site, 40)
    monkeypatch.setattr(jumping, "FAR", 0)
    for n in range(3):
        with clerk(site) as work:
            wanted = [r["id"] for r in listing.select_rows(work, "complaint")]
            for offset in (20, 25, 30):
                assert jumping.page(work, "complaint", limit=5, offset=offset).ids == wanted[offset : offset + 5]
        edit(site, "clerk", rows[n]["id"], received_at=at("2025-01-01 08:00"))


def test_a_cursor_of_another_order_is_refused(site: Site) -> None:
    fill(site, 20)
    with clerk(site) as work:
        page = listing.page(work, "complaint", limit=5)
        for cursor in (page.after, "x", "AAAA", "WyItaWQiLFsxXV0"):
            with pytest.raises(Refused):
                listing.page(work, "complaint", limit=5, sort=[Sort("loss_amount")], after=cursor)


FILTERS: list[tuple[Any, Callable[[dict[str, Any]], bool]]] = [
    (Filter("loss_amount", "ge", Decimal(99)), lambda r: (r["loss_amount"] or 0) >= 99),
    (Tree("not", (Filter("loss_amount", "ge", Decimal(99)),)), lambda r: (r["loss_amount"] or 0) < 99),
    (Tree("any", (Filter("category", "eq", "费用"), Filter("oms_no", "empty"))), lambda r: r["category"] == "费用" or r["oms_no"] is None),
    (
        Tree("all", (Tree("not", (Filter("category", "in", ("费用",)),)), Filter("oms_no", "in", ("A1", None)))),
        lambda r: r["category"] != "费用" and r["oms_no"] in ("A1", None),
    ),
    (Filter("customer_demand", "has", "维修"), lambda r: "维修" in r["customer_demand"]),
    (Filter("customer_demand", "ne", "维修"), lambda r: "维修" not in r["customer_demand"]),
    (Filter("content", "contains", "异响"), lambda r: "异响" in r["content"]),
    (Tree("not", (Filter("oms_no", "contains", "3"),)), lambda r: "3" not in (r["oms_no"] or "")),
    (Filter("oms_no", "starts", "A"), lambda r: (r["oms_no"] or "").startswith("A")),
    (Filter("handler", "ne", None), lambda r: r["handler"] is not None),
    (Filter("received_at", "within", "yesterday"), lambda r: r["received_at"].astimezone(SHANGHAI).date() == date(2025, 3, 3)),
    (Filter("due", "overdue"), lambda r: r["received_at"] + timedelta(hours=4) <= at("2025-03-04 10:00")),
    (Filter("due", "empty"), lambda r: False),
    (Tree("any", ()), lambda r: False),
    (Tree("all", ()), lambda r: True),
]  # fmt: skip


def test_filters_joined_by_and_or_not_mean_what_they_say_of_blanks_too(site: Site) -> None:
    rows = fill(site)
    with clerk(site) as work:
        for tree, holds in FILTERS:
            wanted = {r["id"] for r in rows if holds(r)}
            assert set(listing.page(work, "complaint", filters=[tree], limit=500).ids) == wanted, tree
            assert totals.total(work, "complaint", filters=[tree]).count == len(wanted), tree


def test_a_comparison_with_me_means_each_reader(site: Site) -> None:
    fill(site)
    mine = [Filter("handler", "eq", ME)]
    found = {}
    for who in ("clerk", "hr"):
        with site.panel.reading(site.actor(who), now=at("2025-03-04 10:00")) as work:
            rows = listing.select_rows(work, "complaint", filters=mine)
            found[who] = {r["handler"] for r in rows}
    assert found == {"clerk": {site.ids["clerk"]}, "hr": {site.ids["hr"]}}


@pytest.mark.parametrize("tree", [Filter("nonsense", "eq", 1), Filter("content", "within", "today"), Filter("received_at", "within", "whenever"),
                                  Filter("due", "eq", 1), Filter("content", "resembles", "x")])  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(site: Site, tree: Filter) -> None:
    with clerk(site) as work, pytest.raises(Refused):
        listing.page(work, "complaint", filters=[tree])


SEARCHES = (
    "异响", "响", "发动机异响", "417", "OMS0", "oms00417转来", "x3", "X3车门", "00", "%", "_差", "a\\b", "转来，", "金额比报价",
    "没有这个词", "下午", "TS-2025",
)  # fmt: skip


def searched(site: Site, text: str) -> set[int]:
    with clerk(site) as work:
        return set(listing.page(work, "complaint", search=text, limit=500).ids)


def test_searching_finds_every_text_whatever_its_length_before_and_after_it_is_indexed(site: Site) -> None:
    rows = fill(site, searching.FEW + 40)
    fields = ("record_no", "content", "oms_no", "complainant_name", "complainant_phone")
    wanted = {t: {r["id"] for r in rows if any(t.lower() in (r[f] or "").lower() for f in fields)} for t in SEARCHES}
    assert {t: searched(site, t) for t in SEARCHES} == wanted
    assert searching.catch_up(site.panel, batch=100) >= len(rows)
    assert {t: searched(site, t) for t in SEARCHES} == wanted
    assert searching.catch_up(site.panel) == 0
    with clerk(site) as work:
        assert searching.proposed(work, "complaint", "异响") is not None


def test_new_and_changed_texts_are_found_at_once_and_old_ones_no_more(site: Site) -> None:
    made = take_in(site, "刹车踏板松动")
    assert searched(site, "踏板") == {made}
    edit(site, "clerk", made, content="方向盘跑偏")
    assert (searched(site, "踏板"), searched(site, "跑偏")) == (set(), {made})
    other = take_in(site, "也是方向盘")
    assert searched(site, "方向") == {made, other}


def test_a_word_that_many_hold_is_found_by_walking_the_list_and_only_where_it_still_stands(site: Site) -> None:
    made = [take_in(site, f"刹车踏板松动{n}") for n in range(12)] + [take_in(site, "方向盘跑偏")]
    edit(site, "clerk", made[3], content="已经修好")
    with clerk(site) as work:
        on_postgresql = work.connection.dialect.name == "postgresql"
        assert searching.common(work, "complaint", "踏板") is on_postgresql
        assert searching.common(work, "complaint", "跑偏") is False
        pages = [listing.page(work, "complaint", search="踏板", limit=5)]
        while not pages[-1].end:
            pages.append(listing.page(work, "complaint", search="踏板", limit=5, after=pages[-1].after))
        walked = [i for p in pages for i in p.ids]
        narrowed = listing.page(work, "complaint", search="踏板", filters=[Filter("content", "filled")], limit=50)
    assert walked == narrowed.ids == [i for i in reversed(made[:12]) if i != made[3]]
    with site.panel.reading(site.actor("stranger"), now=at("2025-03-04 10:00")) as work:
        assert not scope.may(work, "complaint", "read") or not listing.page(work, "complaint", search="踏板").ids


def test_pieces_wanted_of_a_text_are_among_those_of_every_text_around_it() -> None:
    random = Random(7)  # noqa: S311  # the same texts in every run
    letters = "发动机异响客户ab3X9 ，-_%é王"
    for _ in range(3_000):
        whole = "".join(random.choices(letters, k=random.randrange(1, 14)))
        start = random.randrange(len(whole))
        part = whole[start : start + random.randrange(1, 6)]
        held = searching.grams([whole])
        for piece in searching.wanted(part):
            assert piece in held or (piece.endswith("*") and any(h.startswith(piece[:-1]) for h in held)), (whole, part)


@contextmanager
def statements(work: Work) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(work.panel.engine, "before_cursor_execute", note)
    yield seen
    event.remove(work.panel.engine, "before_cursor_execute", note)


def test_a_total_is_counted_once_until_somebody_changes_something(site: Site) -> None:
    rows = fill(site, 30)
    wanted = Filter("category", "eq", "费用")
    with clerk(site) as work:
        first = totals.total(work, "complaint", filters=[wanted], sums=["loss_amount"])
    expected = [r["loss_amount"] for r in rows if r["category"] == "费用"]
    filled = [a for a in expected if a is not None]
    assert (first.count, first.sums["loss_amount"].sum, first.sums["loss_amount"].filled) == (
        len(expected),
        sum(filled),
        len(filled),
    )
    with clerk(site) as work, statements(work) as seen:
        assert totals.total(work, "complaint", filters=[wanted], sums=["loss_amount"]) == first
        found = totals.known(work, "complaint", [wanted])
    if work_is_sqlite(site):  # on PostgreSQL it is counted again when any transaction of the server ends
        assert (found, [s for s in seen if "count(" in s]) == (first.count, [])
    edit(site, "clerk", rows[0]["id"], "2025-03-04 11:00", category="费用" if rows[0]["category"] != "费用" else "其他")
    with clerk(site) as work:
        assert totals.known(work, "complaint", [wanted]) is None
        assert abs(totals.total(work, "complaint", filters=[wanted]).count - first.count) == 1


def test_a_total_follows_new_rows_and_ignores_what_the_list_does_not_look_at(site: Site) -> None:
    rows = fill(site, 30)
    wanted = [Filter("category", "eq", "费用")]

    def now() -> tuple[int, Decimal, list[str]]:
        with clerk(site) as work, statements(work) as seen:
            found = totals.total(work, "complaint", filters=wanted, sums=["loss_amount"], exact=True)
        return found.count, found.sums["loss_amount"].sum, [s for s in seen if "count(" in s]

    count, added, _ = now()
    edit(site, "clerk", rows[0]["id"], "2025-03-04 11:00", remark="与列表无关")
    quiet = now()
    assert quiet[:2] == (count, added)
    values = {**COMPLAINT, "receptionist": site.ids["clerk"], "category": "费用", "loss_amount": Decimal("12.50")}
    for other in ({}, {"category": "其他"}):
        site.create("clerk", "complaint", "2025-03-04 11:30", **(values | other))
    more = now()
    assert more[:2] == (count + 1, added + Decimal("12.50"))
    inside = next(r["id"] for r in rows if r["category"] == "费用")
    edit(site, "clerk", inside, "2025-03-04 12:00", loss_amount=Decimal(7))
    amount = next(r["loss_amount"] for r in rows if r["id"] == inside) or 0
    assert now()[:2] == (count + 1, added + Decimal("19.50") - amount)
    if work_is_sqlite(site):  # on PostgreSQL it is counted again when any transaction of the server ends
        assert quiet[2] == []
        assert all(" IN (" in s and "r_complaint.id IN" in s for s in more[2]), more[2]


def work_is_sqlite(site: Site) -> bool:
    return site.panel.engine.dialect.name == "sqlite"


def test_another_reader_never_gets_my_total(site: Site) -> None:
    fill(site, 30)
    with clerk(site) as work:
        assert totals.total(work, "complaint").count == 30
    with site.panel.reading(site.actor("gm"), now=at("2025-03-04 10:00")) as work:
        assert totals.known(work, "complaint") is None
    with site.panel.reading(site.actor("sales1"), now=at("2025-03-04 10:00")) as work:
        assert totals.total(work, "complaint").count == 0


def test_a_total_counted_while_another_writes_is_counted_again(site: Site) -> None:
    if site.panel.engine.dialect.name != "postgresql":
        assert site.panel.engine.dialect.name == "sqlite"  # one writer at a time, and readers see all of it or none
        return
    fill(site, 10)
    with site.panel.work(site.actor("clerk"), now=at("2025-03-04 12:00")) as other:
        records.create(other, "complaint", {**COMPLAINT, "receptionist": site.ids["clerk"]})
        with site.panel.work(site.actor("hr"), now=at("2025-03-04 12:00")) as own:
            records.update(own, "complaint", 1, {"remark": "后写先交"})
        with clerk(site) as work:
            mark = watching.now(work, "complaint")
            assert totals.total(work, "complaint").count == 10
    with clerk(site) as work:
        assert totals.total(work, "complaint").count == 11
        assert 11 in {i for i, _, _ in watching.since(work, "complaint", mark).changed}


def test_groups_stand_where_their_rows_do(site: Site) -> None:
    rows = fill(site)
    levels = [
        [Grouping("category")], [Grouping("handler", down=True), Grouping("category")], [Grouping("received_at", by="day")],
        [Grouping("received_at", True, "month")],
    ]  # fmt: skip
    with clerk(site) as work:
        for by in levels:
            found, more = grouping.groups(work, "complaint", by, sums=["loss_amount"])
            assert (more, sum(g.count for g in found)) == (False, len(rows))
            for g in found:
                sort = grouping.sort_of(by, [])
                ids = listing.page(work, "complaint", sort=sort, offset=g.offset, limit=g.count).ids
                held = [next(r for r in rows if r["id"] == i) for i in ids]
                for level, value in zip(by, g.values, strict=True):
                    assert {_value(r[level.field], level.by) for r in held} == {value}
                assert g.sums["loss_amount"].sum == sum(r["loss_amount"] or 0 for r in held)


def _value(value: Any, by: str) -> Any:
    if not by or not isinstance(value, datetime):
        return value
    return value.astimezone(SHANGHAI).isoformat()[: {"day": 10, "month": 7}[by]]


def test_values_of_a_column_are_counted_over_what_the_reader_sees(site: Site) -> None:
    rows = fill(site)
    with clerk(site) as work:
        found, more, sampled = grouping.values(work, "complaint", "category")
        assert dict(found) == {c: sum(r["category"] == c for r in rows) for c in {r["category"] for r in rows}}
        assert (more, sampled) == (False, None)
        demands = dict(grouping.values(work, "complaint", "customer_demand")[0])
        assert demands["维修"] == sum("维修" in r["customer_demand"] for r in rows)
        typed, more, _ = grouping.values(work, "complaint", "oms_no", typed="3", limit=1)
        assert ([v for v, _ in typed], more) == (["A3"], False)
    with site.panel.reading(site.actor("sales1")) as work:
        assert grouping.values(work, "complaint", "category") == ([], False, None)


def test_a_board_holds_each_state_and_a_calendar_each_day(site: Site) -> None:
    rows = fill(site, 12)
    with clerk(site) as work:
        board = grouping.by_state(work, "complaint", limit=5)
        assert (board["received"][0], len(board["received"][1]), board["closed"]) == (12, 5, (0, []))
        days = grouping.due_in_month(work, "complaint", date(2025, 3, 1), each=2)
        assert sum(count for count, _ in days.values()) == 2 * len(
            rows
        )  # a ruling within four hours, an end within seven days
        assert max(len(entries) for _, entries in days.values()) == 2
        assert grouping.due_in_month(work, "complaint", date(2025, 5, 1)) == {}
    with site.panel.reading(site.actor("sales1")) as work:
        assert grouping.due_in_month(work, "complaint", date(2025, 3, 1)) == {}


def test_changes_are_told_to_those_who_see_the_record(site: Site) -> None:
    made = complaint(site)
    marks = {}
    for who in ("clerk", "gm", "sales1"):
        with site.panel.reading(site.actor(who)) as work:
            marks[who] = watching.now(work, "complaint")
    edit(site, "hr", made, content="有新情况")
    for who, told in (("clerk", [(made, 2, site.ids["hr"])]), ("gm", [(made, 2, site.ids["hr"])]), ("sales1", [])):
        with site.panel.reading(site.actor(who)) as work:
            found = watching.since(work, "complaint", marks[who])
            assert (found.changed, found.gone, found.many) == (told, [], False)
            again = watching.since(work, "complaint", found.mark).changed
            # while anybody writes in the same PostgreSQL, even elsewhere, the same may be told again
            assert [c for c in again if c not in told] == []
            assert again == [] or work.connection.dialect.name == "postgresql"


def test_many_changes_are_only_told_to_be_many(site: Site) -> None:
    with clerk(site) as work:
        mark = watching.now(work, "complaint")
    fill(site, watching.MOST + 1)
    with clerk(site) as work:
        found = watching.since(work, "complaint", watching.Mark.read(str(mark)))
        assert (found.changed, found.many) == ([], True)
        patience = time.monotonic() + 60
        while (found := watching.since(work, "complaint", found.mark)).many:
            # as long as anybody on the server writes, be it to another database, what they might still add is asked for again
            assert time.monotonic() < patience, "the reader is never done with what was too many"
            time.sleep(0.05)
        assert found.changed == []
    with clerk(site) as work, pytest.raises(Refused):
        watching.since(work, "complaint", watching.Mark.read("1.x"))

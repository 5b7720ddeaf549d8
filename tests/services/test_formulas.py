"""Values of formulas follow whatever they rest on, in the same transaction, and tell nobody what he may not see."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from app.errors import Invalid, Refused
from app.models.engine import open_engine
from app.models.fixed import formula_reach, person
from app.models.migrate import upgrade
from app.services import grouping, listing, records, renewing, scope, totals, watching
from app.services.filtering import Filter
from app.services.grouping import Grouping
from app.services.listing import Sort
from app.services.panel import Actor, Panel
from tests.servers import Databases, Dialect
from tests.site import at, publish

BASE = """\
roles: [{code: boss, label: 主管}, {code: clerk, label: 文员}, {code: guest, label: 来客}]
---
domains: [{code: office, label: 办公}]
---
code: unit
label: 部门
domain: office
fields: [{code: name, label: 名称, type: text}, {code: parent, label: 上级, type: unit}]
access: [{role: everyone, can: [read]}]
---
code: customer
label: 客户
domain: office
fields:
  - {code: name, label: 名称, type: text}
  - {code: grade, label: 等级, type: choice, choices: [{code: a, zh: 甲级}, {code: b, zh: 乙级}]}
  - {code: spent, label: 消费额, type: money, formula: "SUM([订单].[金额])"}
  - {code: best, label: 大客户, type: yes_no, formula: "[消费额] >= 1000"}
access: [{role: boss, can: [read, add, edit, delete]}, {role: clerk, can: [read, add, edit]}]
---
code: order
label: 订单
domain: office
columns: [customer, n, total, claims]
fields:
  - {code: customer, label: 客户, type: reference, register: customer}
  - {code: n, label: 件数, type: integer}
  - {code: price, label: 单价, type: money}
  - {code: cost, label: 成本, type: money, seen_by: [boss]}
  - {code: day, label: 日期, type: date}
  - {code: total, label: 金额, type: money, formula: "[件数] * [单价]"}
  - {code: profit, label: 毛利, type: money, min: null, formula: "[金额] - [件数] * [成本]"}
  - {code: grade, label: 客户等级, type: text, formula: "[客户].[等级]"}
  - {code: due, label: 交货, type: date, formula: "WORKDAY([日期], 2)"}
  - {code: age, label: 天数, type: integer, formula: "TODAY() - [日期]"}
  - {code: score, label: 平均分, type: decimal, places: 2, formula: "AVERAGE([回访].[分数])"}
  - {code: claims, label: 索赔数, type: integer, formula: "COUNTIF([索赔].[金额], \\">=100\\")"}
access:
  - {role: boss, can: [read, add, edit, delete, import, export]}
  - {role: clerk, can: [read, add, edit, export]}
  - {role: guest, can: [read]}
---
code: visit
label: 回访
domain: office
follows: order
fields:
  - {code: order, label: 订单, type: reference, register: order}
  - {code: score, label: 分数, type: decimal, places: 1}
access: [{role: boss, can: [read, add, edit, delete]}]
---
code: claim
label: 索赔
domain: office
fields:
  - {code: order, label: 订单, type: reference, register: order}
  - {code: amount, label: 金额, type: money}
access:
  - {role: boss, can: [read, add, edit, delete]}
  - {role: clerk, can: [read, add], rows: own}
"""
NOON = at("2026-09-30 12:00")
BOSS = Actor(1, "主管", frozenset({"boss"}))
CLERK = Actor(2, "文员", frozenset({"clerk"}))
GUEST = Actor(3, "来客", frozenset({"guest"}))


@pytest.fixture(scope="module")
def based(fresh_database: Databases) -> dict[str, str]:
    """Databases with the definitions in force, by dialect; made at first need."""
    return {}


@pytest.fixture
def panel(dialect: Dialect, fresh_database: Databases, based: dict[str, str]) -> Iterator[Panel]:
    """A panel with three people and no records, on SQLite and on PostgreSQL."""
    if dialect not in based:
        based[dialect] = fresh_database(dialect)
        engine = open_engine(based[dialect])
        upgrade(engine)
        publish(engine, {"base.yaml": BASE})
        with engine.begin() as connection:
            for n, name in enumerate(("boss", "clerk", "guest"), 1):
                row = {"id": n, "username": name, "first_name": name, "last_name": "", "email": name, "active": True}
                connection.execute(insert(person).values(**row))
        engine.dispose()
    url = fresh_database(dialect, based[dialect])
    opened = publish(open_engine(url), {"base.yaml": BASE})
    yield opened
    opened.engine.dispose()
    fresh_database.drop(url)


def create(panel: Panel, register: str, who: Actor = BOSS, **values: Any) -> int:
    """Enter a record."""
    with panel.work(who, now=NOON) as work:
        return records.create(work, register, values)


def change(panel: Panel, register: str, record: int, **values: Any) -> None:
    """Change a record."""
    with panel.work(BOSS, now=NOON) as work:
        records.update(work, register, record, values)


def value(panel: Panel, register: str, record: int, field: str) -> Any:
    """Return a value as the panel itself sees it."""
    with panel.reading(Actor.system(), now=NOON) as work:
        return records.get(work, register, record)[field]


def test_a_value_follows_the_fields_of_its_own_record(panel: Panel) -> None:
    order = create(panel, "order", n=3, price=Decimal("19.99"), cost=Decimal("10.00"), day=date(2026, 9, 30))
    with panel.reading(BOSS, now=NOON) as work:
        row = records.get(work, "order", order)
    assert (row["total"], row["profit"], row["due"]) == (Decimal("59.97"), Decimal("29.97"), date(2026, 10, 9))
    change(panel, "order", order, n=None)
    assert value(panel, "order", order, "total") is None
    change(panel, "order", order, n=1)
    assert value(panel, "order", order, "profit") == Decimal("9.99")


def test_a_looked_up_value_follows_the_record_that_is_pointed_to(panel: Panel) -> None:
    one, other = create(panel, "customer", grade="a"), create(panel, "customer", grade="b")
    order = create(panel, "order", customer=one)
    assert value(panel, "order", order, "grade") == "甲级"
    change(panel, "customer", one, grade="b")
    assert value(panel, "order", order, "grade") == "乙级"
    change(panel, "customer", other, grade=None)
    change(panel, "order", order, customer=other)
    assert value(panel, "order", order, "grade") is None


def test_a_figure_follows_the_records_that_point_here_through_every_change(panel: Panel) -> None:
    one, other = create(panel, "customer"), create(panel, "customer")
    assert value(panel, "customer", one, "spent") == 0
    first = create(panel, "order", customer=one, n=2, price=Decimal(400))
    second = create(panel, "order", customer=one, n=1, price=Decimal(300))
    assert value(panel, "customer", one, "spent") == 1100
    assert value(panel, "customer", one, "best") is True
    change(panel, "order", first, n=1)
    assert value(panel, "customer", one, "spent") == 700
    assert value(panel, "customer", one, "best") is False
    change(panel, "order", second, customer=other)
    assert (value(panel, "customer", one, "spent"), value(panel, "customer", other, "spent")) == (400, 300)
    with panel.work(BOSS, now=NOON) as work:
        records.remove(work, "order", first)
    assert value(panel, "customer", one, "spent") == 0
    with panel.work(BOSS, now=NOON) as work:
        records.restore(work, "order", first)
    assert value(panel, "customer", one, "spent") == 400


def test_a_figure_counts_only_what_meets_its_criterion(panel: Panel) -> None:
    order = create(panel, "order")
    for amount in (99, 100, 250, None):
        create(panel, "claim", order=order, amount=amount and Decimal(amount))
    for score in ("4.5", "4.0", "4.0"):
        create(panel, "visit", order=order, score=Decimal(score))
    assert value(panel, "order", order, "claims") == 2
    assert value(panel, "order", order, "score") == Decimal("4.17")


def test_nobody_writes_a_value_that_is_worked_out(panel: Panel) -> None:
    with pytest.raises(Invalid), panel.work(BOSS, now=NOON) as work:
        records.create(work, "order", {"total": Decimal(1)})
    order = create(panel, "order", n=1, price=Decimal(5))
    with pytest.raises(Invalid), panel.work(BOSS, now=NOON) as work:
        records.update(work, "order", order, {"total": Decimal(1)})
    assert value(panel, "order", order, "total") == 5


def test_it_sorts_filters_groups_and_adds_up_in_the_database(panel: Panel) -> None:
    customer = create(panel, "customer", grade="a")
    orders = [create(panel, "order", customer=customer, n=n, price=Decimal(10)) for n in (2, 5, 1)]
    create(panel, "order", n=7)
    with panel.reading(BOSS, now=NOON) as work:
        page = listing.page(work, "order", sort=[Sort("total", down=True)])
        assert page.ids[:3] == [orders[1], orders[0], orders[2]]
        found = listing.select_rows(work, "order", filters=[Filter("total", "ge", Decimal(20))])
        assert {r["id"] for r in found} == set(orders[:2])
        groups, _ = grouping.groups(work, "order", [Grouping("grade")], sums=["total"])
        assert {g.values[0]: g.sums["total"].sum for g in groups} == {None: 0, "甲级": 80}


def test_a_count_is_counted_again_when_what_it_rests_on_changes_elsewhere(panel: Panel) -> None:
    customer = create(panel, "customer")
    order = create(panel, "order", customer=customer, n=1, price=Decimal(2000))

    def rich() -> int:
        with panel.reading(BOSS, now=NOON) as work:
            return totals.total(work, "customer", filters=[Filter("spent", "ge", Decimal(1000))], exact=True).count

    with panel.engine.begin() as connection:
        connection.execute(update(formula_reach).values(done=True))
    assert rich() == 1
    change(panel, "order", order, n=0)
    assert rich() == 0


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (BOSS, {"total", "profit", "grade", "due", "age", "score", "claims"}),
        (CLERK, {"total", "grade", "due", "age", "score"}),
        (GUEST, {"total", "due", "age", "score"}),
    ],
    ids=["boss", "clerk", "guest"],
)
def test_a_value_is_shown_to_whoever_may_see_all_that_it_rests_on(panel: Panel, who: Actor, seen: set[str]) -> None:
    customer = create(panel, "customer", grade="a")
    order = create(panel, "order", n=1, price=Decimal(5), cost=Decimal(3), customer=customer)
    create(panel, "claim", order=order, amount=Decimal(500))
    with panel.reading(who, now=NOON) as work:
        shown = {f.code for f in scope.fields_for(work, "order") if f.formula}
        row = records.get(work, "order", order)
        assert shown == seen
        assert seen == {c for c in ("total", "profit", "grade", "due", "age", "score", "claims") if c in row}
        for code in {"profit", "claims", "grade"} - seen:
            with pytest.raises(Refused):
                listing.select_rows(work, "order", filters=[Filter(code, "ge", Decimal(1))])
            with pytest.raises(Refused):
                listing.page(work, "order", sort=[Sort(code)])


def test_a_formula_that_changes_is_worked_out_anew_in_every_record(panel: Panel) -> None:
    order = create(panel, "order", n=3, price=Decimal(10))
    changed = publish(panel.engine, {"base.yaml": BASE.replace('[件数] * [单价]"', '[件数] * [单价] + 1"')}, NOON)
    assert value(changed, "order", order, "total") == 31
    with changed.reading(Actor.system(), now=NOON) as work:
        assert renewing.waiting(work, "order")


def test_many_records_are_worked_out_behind_the_publication_and_nothing_is_missed(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [create(panel, "order", n=n, price=Decimal(10)) for n in range(1, 8)]
    monkeypatch.setattr(renewing, "BATCH", 3)
    changed = publish(panel.engine, {"base.yaml": BASE.replace('[件数] * [单价]"', '[件数] * 2"')}, NOON)
    assert value(changed, "order", orders[0], "total") == 10
    renewing.catch_up(changed, now=NOON, batch=3)
    assert [value(changed, "order", o, "total") for o in orders] == [2, 4, 6, 8, 10, 12, 14]
    with panel.work(BOSS, now=NOON) as work:  # a process that still has the old definitions
        late = records.create(work, "order", {"n": 50, "price": Decimal(1)})
    renewing.catch_up(changed, now=NOON + 2 * renewing.SETTLING, batch=3)
    assert value(changed, "order", late, "total") == 100
    with changed.reading(Actor.system(), now=NOON + 2 * renewing.SETTLING) as work:
        assert not renewing.waiting(work, "order")
    assert renewing.catch_up(changed, now=NOON + 2 * renewing.SETTLING) == 0


def test_what_rests_on_today_is_renewed_with_the_day(panel: Panel) -> None:
    order = create(panel, "order", day=date(2026, 9, 28))
    assert value(panel, "order", order, "age") == 2
    renewing.catch_up(panel, now=at("2026-10-01 00:00"))
    assert value(panel, "order", order, "age") == 3


def test_a_record_and_what_looks_it_up_are_changed_at_once_and_agree(panel: Panel) -> None:
    customers = [create(panel, "customer", grade="a") for _ in range(2)]
    orders = [create(panel, "order", customer=customers[0], n=1, price=Decimal(1)) for _ in range(2)]
    ready, failed = threading.Barrier(3), []

    def turn(register: str, record: int, field: str, values: tuple[Any, ...]) -> None:
        ready.wait()
        try:
            for n in range(8):
                change(panel, register, record, **{field: values[n % 2]})
        except Exception as wrong:  # noqa: BLE001  # whatever it is, the test must tell of it
            failed.append(wrong)

    tasks = [
        ("customer", customers[1], "grade", ("b", "a")),
        *(("order", o, "customer", customers[::-1]) for o in orders),
    ]
    threads = [threading.Thread(target=turn, args=t) for t in tasks]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failed == []
    change(panel, "order", orders[0], customer=customers[1])
    assert value(panel, "order", orders[0], "grade") == "甲级"
    assert value(panel, "customer", customers[1], "spent") == 1
    assert value(panel, "customer", customers[0], "spent") == 1


def test_two_at_once_lose_nothing(panel: Panel) -> None:
    customer = create(panel, "customer")
    ready = threading.Barrier(4)

    def buy() -> None:
        ready.wait()
        for _ in range(5):
            create(panel, "order", customer=customer, n=1, price=Decimal(1))

    threads = [threading.Thread(target=buy) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert value(panel, "customer", customer, "spent") == 20
    with panel.reading(Actor.system(), now=NOON) as work:
        order = work.tables["order"]
        assert len(work.connection.execute(select(order.c.id)).all()) == 20


@pytest.fixture
def nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes on the server while one looks makes things be told twice: tests of other databases, too."""
    quiet = watching._Snapshot(0, 0, frozenset())
    monkeypatch.setattr(watching._Snapshot, "read", lambda _text: quiet)


@pytest.mark.usefixtures("nobody_else_writes")
def test_who_watches_a_register_hears_that_a_formula_moved_through_another_one(panel: Panel) -> None:
    """A sum over what points here, a value looked up, and what rests on either: told of the rows one sees, by columns one sees."""
    with panel.work(BOSS, now=NOON) as work:
        first, second = (records.create(work, "customer", {"name": n, "grade": "b"}) for n in ("甲", "乙"))
        order = records.create(work, "order", {"customer": first, "n": 1, "price": Decimal(10)})
        other = records.create(work, "order", {"customer": second, "n": 1, "price": Decimal(10)})
    marks: dict[tuple[str, int], watching.Mark] = {}
    for actor in (BOSS, CLERK, GUEST):
        with panel.reading(actor, now=NOON) as work:
            for register in ("customer", "order"):
                if scope.may(work, register, "read"):
                    marks[register, actor.person_id or 0] = watching.now(work, register)

    def heard(actor: Actor, register: str) -> list[int]:
        with panel.reading(actor, now=NOON) as work:
            found = watching.since(work, register, marks[register, actor.person_id or 0])
        marks[register, actor.person_id or 0] = found.mark
        return sorted(found.moved)

    with panel.work(BOSS, now=NOON) as work:
        records.update(work, "order", order, {"n": 3})
    assert heard(BOSS, "customer") == heard(CLERK, "customer") == [first]
    assert heard(BOSS, "order") == [], "a changed record itself is told as changed"
    with panel.work(BOSS, now=NOON) as work:
        records.update(work, "order", order, {"customer": second})
    assert heard(BOSS, "customer") == [first, second], "the one that lost it, too"
    assert heard(BOSS, "order") == []
    with panel.work(BOSS, now=NOON) as work:
        records.update(work, "customer", second, {"grade": "a"})
    moved = heard(BOSS, "order")
    assert order in moved
    assert len(moved) == 2
    with panel.work(BOSS, now=NOON) as work:
        records.create(work, "visit", {"order": order, "score": Decimal(4)})
    assert heard(BOSS, "order") == [order]
    assert heard(GUEST, "order") == [], "who does not see the score hears nothing of it, nor of the grade"
    heard(BOSS, "customer")
    with panel.work(BOSS, now=NOON) as work:
        records.remove(work, "order", other)
    assert heard(BOSS, "customer") == [second]


@pytest.mark.usefixtures("nobody_else_writes")
def test_of_very_many_that_moved_it_is_only_told_that_they_are_many(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with panel.work(BOSS, now=NOON) as work:
        who = records.create(work, "customer", {"name": "甲", "grade": "b"})
        records.create_many(work, "order", [{"customer": who, "n": 1, "price": Decimal(1)} for _ in range(4)])
    monkeypatch.setattr(watching, "MOST", 3)
    with panel.reading(BOSS, now=NOON) as work:
        mark = watching.now(work, "order")
    with panel.work(BOSS, now=NOON) as work:
        records.update(work, "customer", who, {"grade": "a"})
    with panel.reading(BOSS, now=NOON) as work:
        found = watching.since(work, "order", mark)
    assert found.many
    assert found.moved == []

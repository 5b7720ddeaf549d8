"""A register that changes while records are in it: nothing is lost, and what stands in the way is named before it counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, inspect, select

from app.errors import Forbidden, Invalid, Missing, Refused
from app.models.engine import open_engine
from app.models.fixed import person
from app.models.migrate import upgrade
from app.services import (
    blocks,
    drafting,
    history,
    listing,
    merging,
    publishing,
    records,
    retired,
    searching,
    upkeep,
    versions,
)
from app.services.panel import Actor, Panel
from app.services.publishing import Planned, Published, Unsound
from tests.servers import Databases
from tests.site import CALENDAR, SHANGHAI, at, settle

NOW = at("2026-03-05 10:00")
GROUND = """
roles: [{code: clerk, label: 文员}]
---
policy: S1
label: 借用规定
---
domains: [{code: office, label: 办公}]
---
code: customer
label: 客户
domain: office
fields: [{code: name, label: 名称, type: text}]
access: [{role: clerk, can: [read, add]}]
"""
LOAN = """\
# 借用，按规定第三条
code: loan
label: 借用
domain: office
number: "JY-{seq:3}"
columns: [what, price, who]
fields:
  - {code: what, label: 物品, type: text, required: true}
  - {code: price, label: 押金, type: text}   # 先按文字
  - {code: who, label: 借用人, type: text}
  - {code: kind, label: 类别, type: choice, choices: [相机, 照相机, 笔记本]}
  - {code: note, label: 说明, type: text}
access: [{role: everyone, can: [read, add, edit, import]}]
"""
ROWS: tuple[Mapping[str, Any], ...] = (
    {"what": "相机", "price": "1,200.50", "who": "甲公司", "kind": "相机"},
    {"what": "笔记本", "price": "300元", "who": "乙公司", "kind": "照相机"},
    {"what": "投影仪", "price": "面议", "who": "甲公司", "kind": "照相机"},
    {"what": "相机", "price": None, "who": None},
)


class Office:
    """A database with loans in it, and its newest panel."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.panel = self.open(publishing.current(self.engine))
        self.ids = [1, 2, 3, 4]

    def open(self, published: Published) -> Panel:
        return publishing.open_panel(self.engine, published, CALENDAR, SHANGHAI, Path("/nonexistent"))

    def fill(self) -> None:
        """Enter what every test begins with."""
        self.publish(LOAN)
        with self.panel.work(Actor.system(), now=NOW) as work:
            who = {
                "id": 1,
                "username": "zhang",
                "first_name": "三",
                "last_name": "张",
                "active": True,
                "email": "z@example.com",
            }
            work.connection.execute(insert(person).values(**who))
            records.create_many(work, "customer", [{"name": "甲公司"}])
            assert records.create_many(work, "loan", list(ROWS)) == self.ids
        settle(self.engine)

    def files(self, loan: str) -> dict[str, str]:
        return {"ground.yaml": GROUND, "site/loan.yaml": loan}

    def plan(self, loan: str) -> Planned:
        return publishing.plan(self.engine, self.files(loan), SHANGHAI)

    def publish(self, loan: str, **more: Any) -> str:
        """Bring another definition of loans into force and return it as it was published."""
        done = publishing.publish(
            self.engine, self.files(loan), actor=Actor.system(), reason="test", now=NOW, zone=SHANGHAI, **more
        )
        self.panel = self.open(done)
        return done.files["site/loan.yaml"]

    def read(self, *codes: str) -> list[tuple[Any, ...]]:
        with self.panel.reading(Actor.system()) as work:
            return [tuple(r[c] for c in codes) for r in (records.get(work, "loan", i) for i in self.ids)]

    def change(self, n: int, **values: Any) -> None:
        with self.panel.work(Actor.system(), now=NOW) as work:
            records.update(work, "loan", self.ids[n], values)


def prepared(fresh_database: Databases, dialect: Any, made: dict[str, str]) -> str:
    """Return the URL of a database that holds loans, a copy of one made at first need."""
    if dialect not in made:
        made[dialect] = fresh_database(dialect)
        upgrade(engine := open_engine(made[dialect]))
        engine.dispose()
        Office(made[dialect]).fill()
    return fresh_database(dialect, made[dialect])


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return {}


@pytest.fixture
def office(dialect: Any, fresh_database: Databases, made: dict[str, str]) -> Iterator[Office]:
    opened = Office(url := prepared(fresh_database, dialect, made))
    yield opened
    opened.engine.dispose()
    fresh_database.drop(url)


def retyped(kind: str, loan: str = LOAN, code: str = "price") -> str:
    was = next(line for line in loan.splitlines() if f"code: {code}," in line)
    return loan.replace(was, was.split(", type:")[0] + f", type: {kind}" + "}")


def test_a_plan_shows_what_each_value_becomes_and_which_do_not_fit(office: Office) -> None:
    (found,) = office.plan(retyped("money")).impacts
    assert str(found.says) == "《借用》的“押金”由文字改为金额：3 个值中 2 个可以转换，1 个不符合，保留原值待更正"
    assert list(found.samples) == [("1,200.50", "1200.50"), ("300元", "300.00")]
    assert [(r.number, r.text) for r in found.rows] == [("JY-003", "面议")]
    assert office.panel.catalog.revision == 1


def test_values_are_converted_and_those_that_do_not_fit_stay_readable_until_they_are_corrected(office: Office) -> None:
    published = office.publish(retyped("money"))
    assert "# 借用，按规定第三条" in published and "kept_in: price__money" in published
    assert [f"{a}" if a else a for (a,) in office.read("price")] == ["1200.50", "300.00", None, None]
    assert office.read("price_was") == [(None,), (None,), ("面议",), (None,)]
    assert office.panel.catalog.registers["loan"].columns == ("what", "price", "price_was", "who")
    office.change(2, price=500)
    assert office.read("price", "price_was")[2] == (500, None)
    office.change(0, note="x")
    with office.engine.connect() as connection:
        kept = office.panel.models.tables["loan"]
        assert {"price", "price__money", "price_was"} <= {c["name"] for c in inspect(connection).get_columns("r_loan")}
        old = connection.exec_driver_sql("SELECT price FROM r_loan ORDER BY id").scalars().all()
        assert old == ["1,200.50", "300元", "面议", None]
        assert connection.execute(select(func.max(kept.c.price))).scalar() is not None


def test_going_back_takes_along_what_was_corrected_and_what_was_not(office: Office) -> None:
    office.publish(retyped("money"))
    office.change(0, price=7)
    office.publish(LOAN)
    assert office.read("price") == [("7.00",), ("300.00",), ("面议",), (None,)]
    assert office.panel.catalog.registers["loan"].field("price_was") is None


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("who", "reference, register: customer", (2, 1)), ("price", "long_text", (3, 0)), ("what", "choice, choices: [相机, 笔记本]", (3, 1)),
        ("kind", "text", (3, 0)), ("price", "person", (0, 3)), ("price", "date", (0, 3)),
    ],
)  # fmt: skip
def test_each_type_takes_what_it_can_read(office: Office, code: str, kind: str, told: tuple[int, int]) -> None:
    (found,) = office.plan(retyped(kind, code=code)).impacts
    office.publish(retyped(kind, code=code))
    values = [v for (v,) in office.read(code) if v is not None]
    assert (len(values), found.count) == told


def test_another_change_of_type_begins_with_what_is_shown(office: Office) -> None:
    first = office.publish(retyped("money"))
    office.publish(retyped("integer", first))
    assert office.read("price", "price_was") == [(None, "1200.50"), (300, None), (None, "面议"), (None, None)]
    office.publish(retyped("money", first))
    assert [f"{a}" if a else a for (a,) in office.read("price")] == ["1200.50", "300.00", None, None]


def test_the_same_definition_once_more_changes_nothing(office: Office) -> None:
    office.publish(retyped("money"))
    office.publish(retyped("money").replace("押金", "押金（元）"))
    assert office.panel.catalog.registers["loan"].field("price").place == "price__money"  # type: ignore[union-attr]
    assert office.read("price")[0][0] is not None


def test_a_retired_field_keeps_its_values_and_comes_back_with_them(office: Office) -> None:
    without = "".join(line for line in LOAN.splitlines(keepends=True) if "code: price," not in line).replace(
        "price, ", ""
    )
    office.publish(without)
    with pytest.raises(KeyError):
        office.read("price")
    office.publish(LOAN)
    assert office.read("price")[2] == ("面议",)
    office.publish(without)
    office.publish(retyped("money"))
    assert office.read("price_was")[2] == ("面议",)
    assert office.read("price")[1][0] == 300


def test_retired_fields_are_listed_with_since_when_and_what_they_keep_and_a_draft_brings_one_back(
    office: Office,
) -> None:
    more = (
        "  - {code: tags, label: 标签, type: choices, choices: [新, 旧]}\n",
        "  - {code: lent_to, label: 同借, type: person, several: true}\n",
    )
    office.publish(retyped("money", LOAN.replace("access", "".join(more) + "access")))
    office.change(0, tags=("新",), lent_to=(1,))
    fewer = office.publish(retyped("money").replace("columns: [what, price, who]\n", ""))
    with office.panel.work(Actor.system(), now=NOW) as work:
        gone = {r.field.code: (r.revision, r.kept, r.since) for r in retired.listed(work)}
        assert gone == {"price_was": (3, 1, NOW.date()), "tags": (3, 1, NOW.date()), "lent_to": (3, 1, NOW.date())}
        number = drafting.begin(work, "恢复")
        for code in ("tags", "lent_to"):
            retired.bring_back(work, number, "loan", code)
        with pytest.raises(Refused, match="已经有字段"):
            retired.bring_back(work, number, "loan", "tags")
        for register, code in (("loan", "nothing"), ("loan", "what"), ("nothing", "tags")):
            with pytest.raises(Missing):
                retired.bring_back(work, number, register, code)
        back = drafting.files(work, number)["site/loan.yaml"]
    assert back == fewer.replace("access", "".join(more) + "access")
    office.publish(back)
    assert office.read("tags", "lent_to")[0] == (("新",), (1,))
    with office.panel.reading(Actor.system(), now=NOW) as work:
        assert [r.field.code for r in retired.listed(work)] == ["price_was"]


def test_what_rules_rest_on_keeps_its_type(office: Office) -> None:
    duty = "duties: [{code: back, label: 归还, owed_by: clerk, starts: due, done: note, within: [{days: 3, cite: {policy: S1}}]}]\n"
    loan = LOAN.replace("  - {code: note", "  - {code: due, label: 到期, type: date}\n  - {code: note") + duty
    office.publish(loan)
    with pytest.raises(Unsound) as refused:
        office.publish(retyped("moment", loan, "due"))
    assert [f.check for f in refused.value.findings if f.level == "error"] == ["D951"]


def test_a_field_that_becomes_required_names_the_rows_in_the_way(office: Office) -> None:
    loan = LOAN.replace("label: 押金, type: text", "label: 押金, type: text, required: true")
    (found,) = office.plan(loan).impacts
    assert (found.kind, found.count, [r.number for r in found.rows]) == ("required", 1, ["JY-004"])
    with pytest.raises(Refused, match="1 条记录还空着；请先更正这些记录"):
        office.publish(loan)
    office.change(3, price="1")
    office.publish(loan)


def test_a_rule_may_be_for_new_records_alone(office: Office) -> None:
    office.publish(
        LOAN.replace("label: 押金, type: text", "label: 押金, type: text, required: true"), new_rows_only=True
    )
    office.change(3, note="不必补")
    with office.panel.work(Actor.system(), now=NOW) as work, pytest.raises(Refused):
        records.create(work, "loan", {"what": "新"})


def test_a_field_that_becomes_unique_names_the_rows_that_share_a_value(office: Office) -> None:
    loan = LOAN.replace("label: 物品, type: text", "label: 物品, type: text, unique: true")
    (found,) = office.plan(loan).impacts
    assert (found.kind, found.count, [(r.number, r.text) for r in found.rows]) == (
        "unique",
        2,
        [("JY-001", "相机"), ("JY-004", "相机")],
    )
    with pytest.raises(Refused):
        office.publish(loan, new_rows_only=True)
    office.change(3, what="相机二")
    office.publish(loan)


def test_new_names_break_no_value_no_code_and_no_undo(office: Office) -> None:
    with office.panel.work(Actor(1, "甲", frozenset({"clerk"})), now=NOW) as work:
        blocks.change(work, "loan", blocks.Block(changes={office.ids[0]: {"note": "改"}}))
    office.publish(
        LOAN.replace("label: 借用\n", "label: 出借\n")
        .replace("押金", "保证金")
        .replace("{code: kind, label: 类别", "{code: kind, label: 种类")
    )
    assert office.read("price", "kind", "record_no")[0] == ("1,200.50", "相机", "JY-001")
    with office.panel.work(Actor(1, "甲", frozenset({"clerk"})), now=NOW) as work:
        blocks.undo(work, "loan")
    assert office.read("note")[0] == (None,)


MERGED = LOAN.replace("照相机, 笔记本]", "{code: 照相机, retired: true, into: 相机}, 笔记本]")
CLERK = Actor(1, "张三", frozenset({"clerk"}))


def test_a_merged_option_lists_its_records_and_they_are_rewritten_as_one_change(office: Office) -> None:
    (found,) = office.plan(MERGED).impacts
    assert (found.kind, [r.number for r in found.rows], found.merge) == (
        "merges",
        ["JY-002", "JY-003"],
        ("kind", "照相机", "相机"),
    )
    with office.panel.work(CLERK, now=NOW) as work:
        with pytest.raises(Invalid):
            merging.merge(work, "loan", "kind", "照相机", "相机", " ")
        done, left = merging.merge(work, "loan", "kind", "照相机", "相机", "同一样东西")
    assert (done.changed, left) == (tuple(office.ids[1:3]), 0)
    office.publish(MERGED)
    assert office.read("kind") == [("相机",), ("相机",), ("相机",), (None,)]
    with office.panel.reading(CLERK) as work:
        assert versions.of_record(work, "loan", office.ids[1])[0].reason == "同一样东西"
        spec = work.spec("loan")
    assert spec.field("kind").parse("照相机") == "相机"  # type: ignore[union-attr]
    with office.panel.work(CLERK, now=NOW) as work:
        blocks.undo(work, "loan")
    assert office.read("kind") == [("相机",), ("照相机",), ("照相机",), (None,)]


def test_several_choices_are_merged_without_repetition(office: Office) -> None:
    office.publish(retyped("choices, choices: [相机, 照相机, 笔记本]", code="kind"))
    office.change(0, kind=("相机", "照相机"))
    with office.panel.work(CLERK, now=NOW) as work:
        assert len(merging.merge(work, "loan", "kind", "照相机", "相机", "同")[0].changed) == 3
    assert office.read("kind")[:3] == [(("相机",),)] * 3


def test_who_may_not_change_records_merges_none(office: Office) -> None:
    office.publish(
        LOAN.replace(
            "{role: everyone, can: [read, add, edit, import]}", "{role: clerk, can: [read, add, edit], rows: own}"
        )
    )
    for actor, error in ((Actor(1, "外人"), Forbidden), (CLERK, None)):
        with office.panel.work(actor, now=NOW) as work:
            if error is not None:
                with pytest.raises(error):
                    merging.merge(work, "loan", "kind", "照相机", "相机", "同")
            else:
                assert merging.merge(work, "loan", "kind", "照相机", "相机", "同")[1] == 2  # none of them is his own


def test_texts_that_were_numbers_are_found_by_the_search(office: Office) -> None:
    office.publish(retyped("integer", LOAN.replace("1,200.50", "1")))
    with office.panel.work(Actor.system(), now=NOW) as work:
        many = [{"what": f"物品{n}", "price": 7000 + n} for n in range(searching.FEW + 1)]
        records.create_many(work, "loan", many)
    upkeep.run(office.panel)
    office.publish(retyped("text", LOAN))
    upkeep.run(office.panel)
    with office.panel.reading(Actor.system()) as work:
        assert [r["price"] for r in listing.select_rows(work, "loan", search="7123", columns=("price",))] == ["7123"]


def test_history_keeps_what_was_written_before(office: Office) -> None:
    office.publish(retyped("money"))
    with office.panel.reading(Actor.system()) as work:
        first = versions.of_record(work, "loan", office.ids[2])[0]
        assert first.changes["price"] == (None, "面议")
        assert list(
            history.since(work, work.spec("loan"), [records.get(work, "loan", office.ids[2])], lambda row: True)
        ) == [office.ids[2]]


def test_what_was_typed_stays_where_a_field_comes_to_be_worked_out(office: Office) -> None:
    formula = LOAN.replace("label: 押金, type: text", "label: 押金, type: text, formula: '[物品]'")
    assert not office.plan(formula).impacts
    office.publish(formula)
    assert office.read("price")[0] == ("相机",)
    with office.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT price FROM r_loan ORDER BY id").scalars().all()[:3] == [
            "1,200.50",
            "300元",
            "面议",
        ]
    office.publish(retyped("long_text"))
    assert office.read("price")[0] == ("相机",)

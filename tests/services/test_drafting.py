"""A draft from its first change to being in force: one truth, another person's approval, nothing lost when others publish too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from app.errors import Conflict, Forbidden, Invalid, Missing, Refused
from app.models.engine import open_engine
from app.models.fixed import person, person_role, role
from app.models.ledger import notice, outbox
from app.models.migrate import upgrade
from app.services import drafting, enacting, notices, people, publishing
from app.services.overtaken import overtaken
from app.services.panel import Actor, Panel
from tests.catalog.ground import GROUND
from tests.servers import Databases, Dialect
from tests.site import CALENDAR, SHANGHAI

NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
STAFF = """
code: unit
label: 部门
domain: office
fields: [{code: name, label: 名称, type: text}, {code: parent, label: 上级, type: reference, register: unit}]
access: [{role: clerk, can: [read]}]
---
code: employee
label: 员工
domain: office
fields: [{code: person, label: 人员, type: person}, {code: superior, label: 上级, type: person}]
access: [{role: clerk, can: [read]}]
"""
ROLES = "roles: [{code: system_admin, label: 管理员}, {code: gm, label: 总经理, may: [approve_definitions]}]\n"
FILES = {"about.yaml": GROUND, "staff.yaml": STAFF, "roles.yaml": ROLES}
VISIT = "code: visit\nlabel: 拜访\ndomain: office\nfields: [{code: what, label: 内容, type: text}]\naccess: [{role: clerk, can: [read]}]\n"
NOTE = VISIT.replace("visit", "note").replace("拜访", "便条")
PEOPLE = {"ann": "system_admin", "bob": "system_admin", "gm": "gm", "clerk": "clerk"}


def founded(url: str) -> str:
    """Bring definitions into force in an empty database, for four people, and return its URL."""
    engine = open_engine(url)
    upgrade(engine)
    publishing.publish(engine, FILES, actor=Actor.system(), reason="test", now=NOW, zone=SHANGHAI)
    with engine.begin() as connection:
        roles = {
            name: number for number, name in connection.execute(role.select().with_only_columns(role.c.id, role.c.name))
        }
        for n, (name, held) in enumerate(PEOPLE.items(), 1):
            row = {"id": n, "username": name, "first_name": name, "last_name": "", "active": True, "email": f"{name}@x"}
            connection.execute(insert(person).values(**row))
            connection.execute(insert(person_role).values(user_id=n, role_id=roles[held]))
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def built() -> dict[str, str]:
    """URLs of such databases by dialect; each made at first need."""
    return {}


@pytest.fixture
def panel(dialect: Dialect, built: dict[str, str], fresh_database: Databases) -> Iterator[Panel]:
    if dialect not in built:
        built[dialect] = founded(fresh_database(dialect))
    url = fresh_database(dialect, like=built[dialect])
    engine = open_engine(url)
    yield publishing.open_panel(engine, publishing.current(engine), CALENDAR, SHANGHAI, Path("/nonexistent"))
    engine.dispose()
    fresh_database.drop(url)


def by(panel: Panel, name: str) -> Actor:
    found = people.actor_named(panel, name)
    assert found is not None
    return found


def begun(panel: Panel, files: dict[str, str | None], who: str = "ann") -> int:
    """Return a draft of somebody with files in it."""
    with panel.work(by(panel, who), now=NOW) as work:
        number = drafting.begin(work, "改定义")
        for path, text in files.items():
            if text is None:
                drafting.take_away(work, number, path)
            else:
                drafting.save(work, number, path, text)
    return number


def approved(panel: Panel, number: int, who: str = "gm") -> None:
    """Let a draft be asked for and approved."""
    with panel.work(by(panel, "ann"), now=NOW) as work:
        enacting.ask(work, number, "试行")
    with panel.work(by(panel, who), now=NOW) as work:
        enacting.decide(work, number, approve=True, reason="同意")


def published(panel: Panel, number: int, who: str = "ann") -> publishing.Published:
    return enacting.publish(panel, by(panel, who), number, now=NOW)


def in_force(panel: Panel) -> dict[str, str]:
    return dict(publishing.current(panel.engine).files)


def state(panel: Panel, number: int) -> str:
    with panel.reading(by(panel, "ann"), now=NOW) as work:
        return str(drafting.get(work, number)["state"])


def test_a_draft_is_the_difference_from_what_is_in_force(panel: Panel) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    with panel.work(by(panel, "ann"), now=NOW) as work:
        assert drafting.files(work, number) == FILES | {"site/visit.yaml": VISIT}
        assert str(enacting.plan(work, number).sentences[0]).startswith("新增登记簿《拜访》")
        drafting.take_away(work, number, "site/visit.yaml")
        assert drafting.changes(work, number) == {}
        with pytest.raises(Refused, match="随程序附带"):
            drafting.save(work, number, "about.yaml", "")
        for path in ("site/../x.yaml", "site/x.txt", "site//x.yaml", f"site/{'x' * 200}.yaml"):
            with pytest.raises(Refused, match="文件名"):
                drafting.save(work, number, path, VISIT)
    assert in_force(panel) == FILES


def test_another_person_approves_and_then_it_is_in_force_from_the_day_asked_for(panel: Panel) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    with pytest.raises(Refused, match="gm"):
        published(panel, number)
    with panel.work(by(panel, "ann"), now=NOW) as work:
        with pytest.raises(Invalid):
            enacting.ask(work, number, " ")
        enacting.ask(work, number, "试行拜访", date(2026, 4, 1))
    waiting = {}
    for who in PEOPLE:
        with panel.reading(by(panel, who), now=NOW) as work:
            waiting[who] = len(enacting.to_decide(work))
    assert waiting == {"ann": 0, "bob": 0, "gm": 1, "clerk": 0}, (
        "an administrator decides where nobody holds that power"
    )
    for who in ("ann", "bob", "clerk"):
        with panel.work(by(panel, who), now=NOW) as work, pytest.raises(Forbidden):
            enacting.decide(work, number, approve=True, reason="同意")
    with panel.work(by(panel, "gm"), now=NOW) as work:
        enacting.decide(work, number, approve=True, reason="同意")
    done = published(panel, number)
    assert (done.revision, done.files, state(panel, number)) == (2, FILES | {"site/visit.yaml": VISIT}, "published")
    newest = publishing.history(panel.engine)[0]
    assert (newest[2], newest[3], newest[5]) == (1, "试行拜访", date(2026, 4, 1))
    with pytest.raises(Refused):
        published(panel, number)


def told(panel: Panel, who: str) -> list[str]:
    with panel.reading(by(panel, who), now=NOW) as work:
        return [str(n["sentence"]) for n in notices.inbox(work)]


def test_who_may_approve_is_told_that_a_draft_waits_and_who_asked_what_was_decided(panel: Panel) -> None:
    number, later = begun(panel, {"site/visit.yaml": VISIT}), NOW + timedelta(minutes=1)
    for when, approve in ((NOW, False), (later, True)):
        with panel.work(by(panel, "ann"), now=when) as work:
            enacting.ask(work, number, "客户王女士要求")
        with panel.work(by(panel, "gm"), now=when) as work:
            enacting.decide(work, number, approve=approve, reason="王女士")
    assert told(panel, "gm") == ["定义草稿“改定义”待审批，提请人 ann"] * 2
    assert told(panel, "ann") == ["定义草稿“改定义”已批准，审批人 gm", "定义草稿“改定义”已退回，审批人 gm"]
    assert told(panel, "bob") == told(panel, "clerk") == []


def test_no_letter_asks_for_an_approval_that_was_given_meanwhile(panel: Panel) -> None:
    decided, waiting = begun(panel, {"site/visit.yaml": VISIT}), begun(panel, {"site/note.yaml": NOTE})
    approved(panel, decided)
    with panel.work(by(panel, "ann"), now=NOW) as work:
        enacting.ask(work, waiting, "便条")
    with panel.work(Actor.system(), now=NOW) as work:
        rows = work.connection.execute(select(notice).where(notice.c.kind == "to_approve")).mappings().all()
        left = overtaken(work, rows)
        assert [(r["id"] in left, r["key"].split(":")[1]) for r in rows] == [
            (True, f"{decided}"),
            (False, f"{waiting}"),
        ]
        held = select(func.count()).select_from(outbox).where(outbox.c.notice.in_([r["id"] for r in rows]))
        assert work.connection.execute(held).scalar_one() == 2


def test_what_is_changed_after_it_was_approved_must_be_approved_again(panel: Panel) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    approved(panel, number)
    with panel.work(by(panel, "bob"), now=NOW) as work:
        drafting.save(work, number, "site/visit.yaml", VISIT.replace("拜访", "走访"))
    with pytest.raises(Refused, match="gm"):
        published(panel, number)


def test_a_draft_that_was_sent_back_can_be_corrected_and_asked_for_again(panel: Panel) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    with panel.work(by(panel, "ann"), now=NOW) as work:
        enacting.ask(work, number, "试行")
    with panel.work(by(panel, "gm"), now=NOW) as work:
        with pytest.raises(Invalid):
            enacting.decide(work, number, approve=False, reason="")
        enacting.decide(work, number, approve=False, reason="再想想")
    assert state(panel, number) == "refused"
    approved(panel, number)
    assert published(panel, number).revision == 2


def test_without_a_general_manager_the_other_administrator_approves_and_one_alone_publishes_alone(panel: Panel) -> None:
    with panel.engine.begin() as connection:
        connection.execute(update(person).where(person.c.username == "gm").values(active=False))
    number = begun(panel, {"site/visit.yaml": VISIT})
    with pytest.raises(Refused, match="bob"):
        published(panel, number)
    approved(panel, number, "bob")
    assert published(panel, number).revision == 2
    with panel.engine.begin() as connection:
        connection.execute(update(person).where(person.c.username == "bob").values(active=False))
    alone = begun(panel, {"site/note.yaml": NOTE})
    done = enacting.publish(panel, by(panel, "ann"), alone, now=NOW, reason="只有我")
    assert done.revision == 3


def test_with_errors_a_draft_is_kept_and_neither_asked_for_nor_published(panel: Panel) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT.replace("type: text", "type: nonsense")})
    with panel.work(by(panel, "ann"), now=NOW) as work:
        assert [f.line for f in drafting.catalog(work, number)[1]] == [4]
        with pytest.raises(publishing.Unsound):
            enacting.ask(work, number, "试行")


def test_two_administrators_publish_at_once_and_both_changes_hold_when_they_touch_different_files(panel: Panel) -> None:
    mine, theirs = begun(panel, {"site/visit.yaml": VISIT}), begun(panel, {"site/note.yaml": NOTE}, "bob")
    approved(panel, mine)
    with panel.work(by(panel, "bob"), now=NOW) as work:
        enacting.ask(work, theirs, "便条")
    with panel.work(by(panel, "gm"), now=NOW) as work:
        enacting.decide(work, theirs, approve=True, reason="同意")
    assert published(panel, theirs, "bob").revision == 2
    assert published(panel, mine).files == FILES | {"site/note.yaml": NOTE, "site/visit.yaml": VISIT}


def test_who_is_overtaken_between_reading_and_writing_tries_anew_on_what_the_other_published(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    approved(panel, number)
    real, tried = publishing.publish, []

    def meanwhile(*args: object, **kwargs: object) -> publishing.Published:
        tried.append(kwargs["upon"])
        if len(tried) == 1:
            real(
                panel.engine,
                FILES | {"site/note.yaml": NOTE},
                actor=by(panel, "bob"),
                reason="先到",
                now=NOW,
                zone=SHANGHAI,
            )
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "publish", meanwhile)
    assert published(panel, number).files == FILES | {"site/note.yaml": NOTE, "site/visit.yaml": VISIT}
    assert tried == [1, 2]


def test_when_both_changed_one_file_the_second_is_shown_what_changed_and_loses_nothing(panel: Panel) -> None:
    publishing.publish(
        panel.engine, FILES | {"site/visit.yaml": VISIT}, actor=Actor.system(), reason="x", now=NOW, zone=SHANGHAI
    )
    ours, theirs = VISIT.replace("内容", "事由"), VISIT.replace("拜访", "走访")
    mine = begun(panel, {"site/visit.yaml": ours})
    approved(panel, mine)
    publishing.publish(
        panel.engine, FILES | {"site/visit.yaml": theirs}, actor=by(panel, "bob"), reason="先到", now=NOW, zone=SHANGHAI
    )
    with pytest.raises(Conflict, match=r"site/visit\.yaml"):
        published(panel, mine)
    with panel.work(by(panel, "ann"), now=NOW) as work:
        moved = enacting.overtaken(work, mine)
        assert moved is not None
        assert (moved.paths, list(moved.revisions)) == (["site/visit.yaml"], [3])
        assert [str(s) for s in moved.sentences] == ["《走访》：名称 拜访 → 走访"]
        assert drafting.changes(work, mine)["site/visit.yaml"]["text"] == ours
        enacting.settle(work, mine, "site/visit.yaml", mine=True)
        assert enacting.overtaken(work, mine) is None
    approved(panel, mine)
    assert published(panel, mine).files["site/visit.yaml"] == ours


def test_theirs_may_be_kept_instead(panel: Panel) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    theirs = FILES | {"site/visit.yaml": VISIT.replace("拜访", "走访")}
    publishing.publish(panel.engine, theirs, actor=by(panel, "bob"), reason="先到", now=NOW, zone=SHANGHAI)
    with panel.work(by(panel, "ann"), now=NOW) as work:
        assert enacting.overtaken(work, number) is not None
        enacting.settle(work, number, "site/visit.yaml", mine=False)
        assert drafting.files(work, number) == theirs
        with pytest.raises(Refused, match="相同"):
            enacting.ask(work, number, "试行")


def test_going_back_is_a_draft_of_what_was_in_force_then(panel: Panel) -> None:
    publishing.publish(
        panel.engine, FILES | {"site/visit.yaml": VISIT}, actor=Actor.system(), reason="x", now=NOW, zone=SHANGHAI
    )
    with panel.work(by(panel, "ann"), now=NOW) as work:
        number = drafting.back(work, 1)
        assert drafting.files(work, number) == FILES
        with pytest.raises(Missing):
            drafting.back(work, 99)
    approved(panel, number)
    done = published(panel, number)
    assert (done.revision, done.files) == (3, FILES)


RATE = """
indicator: rate
label: 办结率
domain: office
cite: {policy: P01, article: A1}
numerator: {register: letter, by: sent_on}
target: {ge: 90, cite: {policy: P01, article: A1}}
receives: [head]
"""
OVER = {
    "site/policies/P01.yaml": "extend: P01\nkind: policy\nlabel: 本公司办公制度\narticles: [{article: H1, text: 加急件当日登记。}]\n",
    "site/indicators/rate.yaml": "extend: rate\nkind: indicator\ntarget: {ge: 95}\nreceives: [clerk]\n",
    "site/roles/clerk.yaml": "extend: clerk\nkind: role\nlabel: 经办\nin_person: true\n",
    "site/domains/office.yaml": "extend: office\nkind: domain\nposition: 1\n",
}


def test_what_a_site_says_of_a_policy_an_indicator_a_role_and_a_group_is_planned_in_force_brought_back_and_upgraded(
    panel: Panel,
) -> None:
    shipped = FILES | {"rate.yaml": RATE}
    publishing.publish(panel.engine, shipped, actor=Actor.system(), reason="x", now=NOW, zone=SHANGHAI)
    number = begun(panel, dict(OVER))
    with panel.work(by(panel, "ann"), now=NOW) as work:
        assert [str(s) for s in enacting.plan(work, number).sentences] == [
            "制度“本公司办公制度”：名称 办公制度 → 本公司办公制度",
            "制度“本公司办公制度”新增条款“H1”",
            "角色“经办”：名称 文员 → 经办",
            "角色“经办”：不得代理 否 → 是",
            "领域“办公”：菜单中的位置 无 → 1",
            "指标定义“办结率”：目标 不低于 90 → 不低于 95",
            "指标定义“办结率”：接收的角色 主管 → 主管、经办",
        ]
    approved(panel, number)
    catalog = published(panel, number).catalog
    rate, clerk = catalog.indicators["rate"], catalog.roles["clerk"]
    assert (rate.goal and rate.goal.ge, rate.receives, clerk.in_person) == (95, ("head", "clerk"), True)

    with panel.work(by(panel, "ann"), now=NOW) as work:
        newer = shipped | {"rate.yaml": RATE.replace("ge: 90", "ge: 98").replace("办结率", "及时率")}
        upgrading = drafting.upgrade(work, newer)
        planned = enacting.plan(work, upgrading)
        assert [str(f) for f in planned.findings if f.level == "error"] == [
            "site/indicators/rate.yaml:3: indicators.rate.target.ge: 依据 P01-A1，“ge”只能加严，原为 98 [D303]"
        ]
        assert planned.catalog is None
        drafting.save(
            work, upgrading, "site/indicators/rate.yaml", "extend: rate\nkind: indicator\nreceives: [clerk]\n"
        )
    approved(panel, upgrading)
    rate = published(panel, upgrading).catalog.indicators["rate"]
    assert (rate.label.zh, rate.goal and rate.goal.ge, rate.receives) == ("及时率", 98, ("head", "clerk"))

    with panel.work(by(panel, "ann"), now=NOW) as work:
        back = drafting.back(work, 2)
    approved(panel, back)
    done = published(panel, back)
    assert (done.files, done.catalog.roles["clerk"].label.zh, done.catalog.indicators["rate"].receives) == (
        shipped,
        "文员",
        ("head",),
    )


def test_a_draft_given_up_stays_to_be_read_and_is_changed_by_nobody(panel: Panel) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    with panel.work(by(panel, "bob"), now=NOW) as work:
        drafting.drop(work, number)
        assert drafting.changes(work, number)["site/visit.yaml"]["text"] == VISIT
        with pytest.raises(Refused, match="已放弃"):
            drafting.save(work, number, "site/visit.yaml", NOTE)
        with pytest.raises(Refused, match="已放弃"):
            enacting.ask(work, number, "试行")


def test_a_day_that_has_passed_is_refused_and_one_that_passes_while_approval_is_awaited_becomes_today(
    panel: Panel,
) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    with panel.work(by(panel, "ann"), now=NOW) as work:
        with pytest.raises(Refused, match="生效日"):
            enacting.ask(work, number, "试行", date(2026, 3, 4))
        enacting.ask(work, number, "试行", date(2026, 3, 6))
    with panel.work(by(panel, "gm"), now=NOW) as work:
        enacting.decide(work, number, approve=True, reason="同意")
    enacting.publish(panel, by(panel, "ann"), number, now=NOW + timedelta(days=5))
    assert publishing.history(panel.engine)[0][5] == date(2026, 3, 10)


def test_whoever_neither_makes_nor_approves_definitions_meets_no_draft(panel: Panel) -> None:
    number = begun(panel, {"site/visit.yaml": VISIT})
    with panel.work(by(panel, "clerk"), now=NOW) as work:
        for refused in (
            lambda: drafting.listed(work), lambda: drafting.get(work, number), lambda: drafting.begin(work, "x"),
            lambda: drafting.save(work, number, "site/visit.yaml", NOTE), lambda: drafting.drop(work, number),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                refused()
    with panel.work(by(panel, "gm"), now=NOW) as work:
        assert drafting.get(work, number)["name"] == "改定义"
        with pytest.raises(Forbidden):
            drafting.save(work, number, "site/visit.yaml", NOTE)

"""Figures out of real records, on both databases: counted as the policies say, kept once, corrected with a reason, shown to whom they concern."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from app.errors import Forbidden, Missing, Refused
from app.models.fixed import adoption as adoption_table
from app.models.indicators import indicator_figure
from app.models.ledger import notice
from app.rules.indicator import Period, grade, rounded
from app.services import indicators, measuring, notices, records
from app.services.measuring import WHOLE
from app.services.panel import Actor
from tests.services import dated
from tests.services.dated import publish
from tests.site import Site, at, shipped

MAY = Period(date(2025, 5, 1), "month")
JUNE = at("2025-06-20 09:00")


def enter(site: Site, register: str, when: str, values: dict[str, Any]) -> int:
    """Enter a record as the panel itself, at a moment."""
    with site.panel.work(Actor.system(), now=at(when), source="demo") as work:
        return records.create(work, register, values)


def complain(site: Site, n: int, **more: Any) -> int:
    """Enter a tenant's complaint that was settled on 12 May 2025 at nine."""
    values = {
        "received_at": at("2025-05-10 09:00"), "receptionist": site.ids["assistant"], "channel": "来电", "customer_party": "租户/业主",
        "complainant_name": f"租户{n}", "content": "漏水", "customer_demand": ("维修",), "category": "物业服务", "severity": "一般",
        "handled_at": at("2025-05-12 09:00"),
    }  # fmt: skip
    return enter(site, "complaint", "2025-05-12 10:00", values | more)


def archive(site: Site, delivered: str, advisor: str = "sales1") -> int:
    """Enter an archive of the sales department on the day of its delivery."""
    made = dated.archive(site, delivered, f"{delivered} 15:00", advisor)
    with site.panel.work(Actor.system(), now=at(f"{delivered} 15:00"), source="demo") as work:
        records.update(work, "vehicle_archive", made, {"unit": site.units["销售部"]})
    return made


def revisit(site: Site, complaint: int, when: str, **more: Any) -> int:
    """Enter a revisit that was made at a moment."""
    with site.panel.reading(Actor.system()) as work:
        customer = work.connection.execute(select(work.tables["customer"].c.id)).scalars().first()
    values = {
        "revisit_kind": "投诉", "complaint": complaint, "customer": customer, "revisitor": site.ids["assistant"],
        "revisited_at": at(when),
    }  # fmt: skip
    return enter(site, "revisit_record", when, values | more)


def shown(
    site: Site, code: str, period: Period = MAY, subject: str = WHOLE, who: str = "", now: Any = JUNE
) -> tuple[str, str]:
    """Return a figure as it would be read at a moment, with its grade."""
    with site.panel.reading(site.actor(who) if who else Actor.system(), now=now) as work:
        indicator = work.catalog.indicators[code]
        figure = indicators.figures(work, indicator, period)[subject]
        exact = figure.exact(indicator)
        found = grade(indicator, exact)
        return "无数据" if exact is None else str(rounded(exact, indicator.places)), found.label.zh if found else ""


def twenty(site: Site, revisited: int) -> list[int]:
    """Enter the complaints of the worked example: twenty, of which two are anonymous and one is merged into another."""
    made = [complain(site, n) for n in range(17)]
    for n in (17, 18):
        complain(site, n, is_anonymous=True)
    complain(site, 19, merged_into=made[0])
    for n in range(revisited):
        revisit(site, made[n], "2025-05-15 23:59:59")
    return made


def test_nine_of_twenty_complaints_revisited_reach_the_rate_when_three_do_not_count(site: Site) -> None:
    made = twenty(site, 8)
    assert shown(site, "complaint_revisit_rate") == ("47.1", "未达标")
    revisit(site, made[9], "2025-05-16 00:00:00")  # on day 4: counts for nothing
    assert shown(site, "complaint_revisit_rate") == ("47.1", "未达标")
    revisit(site, made[8], "2025-05-13 09:00")
    assert shown(site, "complaint_revisit_rate") == ("52.9", "达标")


def test_what_is_not_due_yet_is_neither_met_nor_missed(site: Site) -> None:
    first = complain(site, 1)
    revisit(site, first, "2025-05-13 09:00")
    assert shown(site, "complaint_revisit_rate", now=at("2025-05-15 23:59:59")) == ("无数据", "")
    assert shown(site, "complaint_revisit_rate", now=at("2025-05-16 00:00:00")) == ("100.0", "达标")


def test_the_month_begins_and_ends_by_the_clocks_of_the_site(site: Site) -> None:
    for received in ("2025-04-30 23:59:59", "2025-05-01 00:00:00", "2025-05-31 23:59:59", "2025-06-01 00:00:00"):
        complain(site, 1, received_at=at(received), handled_at=None, customer_party="代理商", category="费用")
    assert shown(site, "complaints_by_category") == ("2", "")
    assert shown(site, "complaints_by_category", subject="choice:费用") == ("2", "")


def test_opinions_of_revisits_are_all_to_be_answered(site: Site) -> None:
    made = [complain(site, n) for n in range(3)]
    revisit(site, made[0], "2025-05-13 09:00", new_opinion="照明", replied_at=at("2025-05-14 09:00"))
    revisit(site, made[1], "2025-05-13 09:00")
    assert shown(site, "revisit_handling_rate") == ("100.0", "达标")
    revisit(
        site,
        made[2],
        "2025-05-13 10:00",
        satisfaction="不满意",
        dissatisfaction="慢",
        resolved_on_spot=False,
        reason_explained="人手",
    )
    assert shown(site, "revisit_handling_rate") == ("50.0", "未达标")
    assert shown(site, "revisit_handling_rate", subject=f"person:{site.ids['assistant']}") == ("50.0", "未达标")


def test_satisfaction_is_the_mean_of_the_answers_given(site: Site) -> None:
    assert shown(site, "revisit_satisfaction") == ("无数据", "")
    made = [complain(site, n) for n in range(4)]
    for complaint, answer in zip(made, ("很满意", "满意", "满意", None), strict=True):
        revisit(site, complaint, "2025-05-13 09:00", satisfaction=answer)
    assert shown(site, "revisit_satisfaction") == ("4.33", "")


def test_archives_are_counted_for_the_unit_by_the_day_they_were_due(site: Site) -> None:
    archive(site, "2025-05-06")
    archive(site, "2025-05-30")  # due on 5 June, after the Dragon Boat holiday
    sales = f"unit:{site.units['销售部']}"
    assert shown(site, "archive_handover_timeliness") == ("0.0", "")
    with site.panel.reading(Actor.system(), now=JUNE) as work:
        found = indicators.figures(work, work.catalog.indicators["archive_handover_timeliness"], MAY)
    assert {s: (f.numerator, f.denominator) for s, f in found.items()} == {WHOLE: (0, 1), sales: (0, 1)}


def test_an_archive_is_complete_when_its_first_check_found_nothing(site: Site) -> None:
    for n, wrong in enumerate((False, True)):
        made = archive(site, f"2025-05-0{6 + n}")
        with site.panel.work(Actor.system(), now=at("2025-05-09 09:00"), source="demo") as work:
            records.update(
                work,
                "vehicle_archive",
                made,
                {"handed_over_at": at("2025-05-08 09:00"), "checked_at": at("2025-05-08 10:00")},
            )
            item = {"archive": made, "item_kind": "绿卡", "form": "原件", "present": not wrong}
            records.create(work, "vehicle_archive_item", item)
    assert shown(site, "archive_completeness") == ("50.0", "")


def test_the_number_of_statements_does_not_grow_with_people(site: Site) -> None:
    def statements() -> int:
        seen: list[str] = []
        with site.panel.reading(Actor.system(), now=JUNE) as work:
            (indicator,) = (i for i in indicators.live(work) if i.code == "revisit_handling_rate")
            event.listen(work.connection, "before_cursor_execute", lambda *a: seen.append(a[2]))
            indicators.figures(work, indicator, MAY)
        return len(seen)

    before = statements()
    for n, who in enumerate(("assistant", "clerk", "sales1", "sales2", "service1")):
        revisit(site, complain(site, n), "2025-05-13 09:00", new_opinion="照明", revisitor=site.ids[who])
    assert (before, statements()) == (4, 4)


def kept(site: Site, code: str) -> list[tuple[Any, ...]]:
    """Return what was kept of an indicator's whole for May, version by version."""
    f = indicator_figure.c
    query = select(f.version, f.numerator, f.denominator, f.value, f.reason).where(
        f.indicator == code, f.first_day == MAY.first, f.subject == WHOLE
    )
    with site.panel.reading(Actor.system()) as work:
        return [tuple(r) for r in work.connection.execute(query.order_by(f.version))]


def test_figures_are_kept_once_when_they_are_complete(site: Site) -> None:
    twenty(site, 9)
    indicators.keep_due(site.panel, at("2025-06-14 23:00"))
    assert kept(site, "complaint_revisit_rate") == []
    first = indicators.keep_due(site.panel, at("2025-06-15 00:00"))
    again = indicators.keep_due(site.panel, at("2025-06-15 00:01"))
    assert (first > 0, again) == (True, 0)
    assert kept(site, "complaint_revisit_rate") == [(1, 9, 17, Decimal("52.9"), "")]


def test_whoever_receives_figures_is_told_once_when_they_are_there(site: Site) -> None:
    twenty(site, 9)
    indicators.keep_due(site.panel, at("2025-06-15 00:00"))
    indicators.keep_due(site.panel, at("2025-06-15 00:01"))
    query = select(notice).where(notice.c.kind == "figures")
    with site.panel.reading(Actor.system()) as work:
        told = [(n["person"], notices.sentence(n).values) for n in work.connection.execute(query).mappings()]
    rate = [p for p, words in told if words["period"] == "2025-05" and "投诉回访率" in words["indicators"]]
    assert sorted(rate) == sorted([site.ids["supervisor"], site.ids["gm"]])
    assert len(told) == len({(p, words["period"], words["indicators"]) for p, words in told})
    assert {words["period"][:4] for _, words in told} == {"2025"}, (
        "what was over before the panel began is waited for by nobody"
    )


def test_after_months_of_silence_every_month_is_kept(site: Site) -> None:
    indicators.keep_due(site.panel, at("2025-06-20 09:00"))
    indicators.keep_due(site.panel, at("2025-10-20 09:00"))
    f = indicator_figure.c
    query = (
        select(f.first_day)
        .where(f.indicator == "complaint_revisit_rate", f.subject == WHOLE)
        .order_by(f.first_day.desc())
        .limit(5)
    )
    with site.panel.reading(Actor.system()) as work:
        assert [d.month for d in work.connection.execute(query).scalars()] == [9, 8, 7, 6, 5]


def test_a_figure_once_kept_is_corrected_by_a_new_version_with_a_reason(site: Site) -> None:
    made = twenty(site, 8)
    indicators.keep_due(site.panel, JUNE)
    revisit(site, made[8], "2025-05-14 09:00")  # entered late
    with site.panel.work(site.actor("supervisor"), now=JUNE) as work:
        indicator = work.catalog.indicators["complaint_revisit_rate"]
        with pytest.raises(Refused):
            indicators.correct(work, indicator, MAY, " ")
        assert indicators.correct(work, indicator, MAY, "补录 5 月 14 日回访") == 1
        with pytest.raises(Refused):
            indicators.correct(work, indicator, MAY, "再来一次")
    assert kept(site, "complaint_revisit_rate") == [
        (1, 8, 17, Decimal("47.1"), ""),
        (2, 9, 17, Decimal("52.9"), "补录 5 月 14 日回访"),
    ]
    with site.panel.work(site.actor("assistant"), now=JUNE) as work, pytest.raises(Forbidden):
        indicators.correct(work, work.catalog.indicators["complaint_revisit_rate"], MAY, "我要改")


@pytest.mark.parametrize("statement", ["UPDATE indicator_figure SET value = 1", "DELETE FROM indicator_figure"])
def test_the_database_itself_refuses_to_change_a_kept_figure(site: Site, statement: str) -> None:
    indicators.keep_due(site.panel, JUNE)
    with site.panel.engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))


def seen(site: Site, who: str, code: str) -> set[str]:
    """Return the subjects of an indicator's figures for May that somebody sees."""
    with site.panel.reading(site.actor(who), now=JUNE) as work:
        indicator = work.catalog.indicators[code]
        return set(indicators.seen(work, indicator, indicators.figures(work, indicator, MAY)))


def test_the_owner_sees_his_figure_the_head_his_unit_and_a_stranger_nothing(site: Site) -> None:
    archive(site, "2025-05-06")
    sales = f"unit:{site.units['销售部']}"
    assert seen(site, "director", "archive_handover_timeliness") == {WHOLE, sales}
    assert seen(site, "archive", "archive_handover_timeliness") == {WHOLE, sales}  # reads every archive
    assert seen(site, "saleshead", "archive_handover_timeliness") == {sales}
    assert seen(site, "sales1", "archive_handover_timeliness") == set()  # reads his own archives, not all of his unit
    assert seen(site, "stranger", "archive_handover_timeliness") == set()


def test_a_person_sees_his_own_figure_and_no_colleague_s(site: Site) -> None:
    for n, who in enumerate(("assistant", "clerk")):
        revisit(site, complain(site, n), "2025-05-13 09:00", new_opinion="照明", revisitor=site.ids[who])
    mine = {f"person:{site.ids[w]}" for w in ("assistant",)}
    assert seen(site, "assistant", "revisit_handling_rate") == mine
    assert seen(site, "stranger", "revisit_handling_rate") == set()
    assert seen(site, "supervisor", "revisit_handling_rate") > mine


def test_an_indicator_that_does_not_concern_somebody_does_not_exist_for_him(site: Site) -> None:
    archive(site, "2025-05-06")
    with site.panel.reading(site.actor("stranger"), now=JUNE) as work:
        with pytest.raises(Missing):
            indicators.entry(work, "archive_handover_timeliness", MAY.first)
        assert indicators.board(work, MAY.first) == []
    with site.panel.reading(site.actor("director"), now=JUNE) as work:
        assert indicators.entry(work, "archive_handover_timeliness", MAY.first).subject == WHOLE


def test_the_board_shows_what_was_kept_with_its_course_and_what_runs_as_of_now(site: Site) -> None:
    twenty(site, 9)
    indicators.keep_due(site.panel, JUNE)
    with site.panel.reading(site.actor("supervisor"), now=JUNE) as work:
        may = indicators.entry(work, "complaint_revisit_rate", MAY.first)
        june = indicators.entry(work, "complaint_revisit_rate", JUNE.date())
        july = [e.indicator.code for e in indicators.board(work, date(2025, 7, 1))]
    assert (may.kept_at, june.kept_at, july) == (JUNE, None, [])
    assert [(p.key, f.numerator) for p, f in june.course[-2:] if f] == [("2025-05", 9), ("2025-06", 0)]


def test_nothing_is_figured_out_for_whom_it_does_not_concern(site: Site) -> None:
    statements: list[str] = []
    with site.panel.reading(site.actor("stranger"), now=JUNE) as work:
        indicators.live(work)
        event.listen(work.connection, "before_cursor_execute", lambda *a: statements.append(a[2]))
        assert indicators.board(work, JUNE.date()) == []
    counted = [s for s in statements if "count(" in s or "sum(" in s]
    personal = ("FROM r_revisit_record", "FROM ticket")  # of which he might have a figure of his own
    assert counted and [s for s in counted if not any(table in s for table in personal)] == []


def test_the_records_behind_a_figure_are_those_that_one_may_read(site: Site) -> None:
    mine = archive(site, "2025-05-06")
    other = archive(site, "2025-05-07", advisor="sales2")

    def behind(who: str) -> tuple[int, list[int]]:
        with site.panel.reading(site.actor(who), now=JUNE) as work:
            i = work.catalog.indicators["archive_handover_timeliness"]
            assert i.denominator is not None
            return measuring.members(work, i, i.denominator, MAY, f"unit:{site.units['销售部']}", 10)

    assert behind("director") == (2, [other, mine])
    assert behind("sales1") == (1, [mine])
    assert behind("stranger") == (0, [])


def adopt_apart(site: Site, *units: str) -> None:
    """Let only these units apply the policy of archives, each for itself."""
    with site.panel.work(Actor.system(), now=at("2025-05-01 08:00")) as work:
        work.connection.execute(delete(adoption_table).where(adoption_table.c.policy == "P05"))
        for unit in units:
            row = {"unit": site.units[unit], "policy": "P05", "from_day": date(2025, 1, 1), "recorded_at": work.now}
            work.connection.execute(insert(adoption_table).values(**row))


@pytest.mark.parametrize(
    ("of", "expected"),
    [("集团", {WHOLE, "销售部", "门店"}), ("门店", {"门店"}), ("销售部", {"销售部"}), ("客户关爱部", set())],
)
def test_figures_come_to_those_whose_unit_applies_the_policy(site: Site, of: str, expected: set[str]) -> None:
    adopt_apart(site, "销售部", "门店")
    names = {WHOLE: WHOLE} | {f"unit:{n}": name for name, n in site.units.items()}
    officer = replace(site.actor("hr"), unit_id=site.units[of])  # receives the figures and reads no archive
    with site.panel.reading(officer, now=JUNE) as work:
        indicator = work.catalog.indicators["archive_handover_timeliness"]
        given = {
            s: indicators.Figure(Decimal(1), Decimal(1))
            for s, name in names.items()
            if name in (WHOLE, "销售部", "门店")
        }
        assert {names[s] for s in indicators.seen(work, indicator, given)} == expected
        assert indicators.corrects(work, indicator) is (WHOLE in expected)


def test_records_of_units_that_do_not_apply_the_policy_are_not_counted(site: Site) -> None:
    made = archive(site, "2025-05-06")
    with site.panel.work(Actor.system(), now=at("2025-05-09 09:00"), source="demo") as work:
        records.update(
            work,
            "vehicle_archive",
            made,
            {"handed_over_at": at("2025-05-08 09:00"), "checked_at": at("2025-05-08 10:00")},
        )
    assert shown(site, "archive_completeness") == ("100.0", "")
    adopt_apart(site, "门店")
    assert shown(site, "archive_completeness") == ("无数据", "")


MORE = """\
indicator: service_score
label: {zh: 服务评分, en: Service score}
domain: revisits
cite: {policy: P16, article: "2.4"}
parts: [{indicator: complaint_revisit_rate, weight: 3}, {indicator: revisit_handling_rate, weight: 1}]
unit: points
max: 100
---
indicator: tenants_met
label: {zh: 见面客户, en: Customers met}
domain: revisits
cite: {policy: P16, article: "2.4"}
numerator: {register: revisit_record, take: distinct, of: customer, by: revisited_at, where: {field: complaint.severity, is: 一般}}
denominator: {register: customer, by: created_at, until: updated_at}
period: year
target: {ge: 90}
"""


def test_scores_weigh_their_parts_and_customers_count_once(site: Site) -> None:
    files = shipped() | {"indicators/more.yaml": MORE}
    new = publish(site, files, "2025-05-01 08:00")
    for complaint in twenty(new, 9)[:2]:
        revisit(new, complaint, "2025-05-20 09:00", new_opinion="照明", replied_at=at("2025-05-21 09:00"))
    assert shown(new, "service_score") == ("64.7", "")  # (52.94 × 3 + 100) ÷ 4
    assert shown(new, "tenants_met", Period(date(2025, 1, 1), "year")) == ("100.0", "达标")


def test_an_indicator_of_a_policy_that_nobody_adopted_is_not_live(site: Site) -> None:
    files = shipped() | {"indicators/more.yaml": MORE.replace("policy: P16", "policy: P99")}
    files["policies/P99.yaml"] = 'policy: P99\nlabel: 别家制度\narticles: [{article: "2.4", text: 无}]\n'
    new = publish(site, files, "2025-05-01 08:00")
    with new.panel.reading(Actor.system(), now=JUNE) as work:
        codes = {i.code for i in indicators.live(work)}
    assert "complaint_revisit_rate" in codes and not codes & {"service_score", "tenants_met"}


def test_nothing_is_kept_twice_when_two_schedulers_tick_at_once(site: Site) -> None:
    indicators.keep_due(site.panel, JUNE)
    with site.panel.reading(Actor.system()) as work:
        before = work.connection.execute(select(func.count()).select_from(indicator_figure)).scalar_one()
    with site.panel.work(Actor.system(), now=JUNE) as work:  # as another that had looked before the first had written
        indicator = work.catalog.indicators["complaint_revisit_rate"]
        assert indicators.keep(work, indicator, MAY) == 0
        assert work.connection.execute(select(func.count()).select_from(indicator_figure)).scalar_one() == before

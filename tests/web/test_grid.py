"""The grid's addresses: what each of several people reads and writes through them, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from app.services import records
from app.services.panel import Actor
from tests.servers import Databases
from tests.web.site import FILES, NOW, REGISTERS, SECRET, Browser, Site, build, copied, page_text
from tests.web.test_fab_traps import statements

VERDICT = "经办人隐瞒了旧件"
"""What only the chief may read of the owner's complaint."""
ACCUSED = REGISTERS.replace(
    "  - {code: closed_by,", "  - {code: accused, label: {zh: 被投诉人, en: Accused}, type: person, basis: impl}\n  - {code: closed_by,"
).replace("access:\n  - {role: clerk, can: [read, add, edit, delete, import, export], rows: own}", (
    "excluded: [accused]\naccess:\n  - {role: clerk, can: [read, add, edit, delete, import, export], rows: own}"
    "\n  - {role: auditor, can: [read, add, edit, delete, export], rows: all}"
))  # fmt: skip
BLIND = ("colleague", "stranger", "outsider", "admin", "auditor")
"""Who may not see the owner's complaint; the auditor sees every other one, but is the person complained about."""


@pytest.fixture(scope="module")
def built(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = build(fresh_database("sqlite"), tmp_path_factory.mktemp("grid"), {**FILES, "registers.yaml": ACCUSED})
    assert made.panel.catalog.registers["complaint"].excluded == ("accused",)
    told = {
        "verdict": VERDICT,
        "accused": made.ids["auditor"],
        "amount": Decimal(77),
        "handler": made.ids["owner"],
        "received_at": NOW,
    }
    with made.panel.work(Actor.system(), now=NOW) as work:
        records.update(work, "complaint", made.complaint, told)
    made.panel.engine.dispose()
    return made


@pytest.fixture
def site(built: Site, fresh_database: Databases, tmp_path: Path) -> Iterator[Site]:
    made = copied(built, fresh_database("sqlite", like=built.settings.DATABASE_URL), tmp_path)
    yield made
    made.panel.engine.dispose()


def ask(browser: Browser, end: str, body: Any = None, register: str = "complaint") -> Any:
    """Send a body (none: GET) to the grid and return the answer's JSON with its status as ``status``."""
    url = f"/grid/{register}{end}"
    answer = (
        browser.get(url, headers={"Accept": "application/json"}) if body is None else browser.send("POST", url, body)
    )
    found = answer.get_json(silent=True)
    return {
        "status": answer.status_code,
        "text": answer.get_data(as_text=True),
        **(found if isinstance(found, dict) else {}),
    }


def cells(answer: Any, record: int | None = None) -> dict[str, Any]:
    row = next(r for r in answer["rows"] if record is None or r[0] == record)
    return dict(zip(answer["columns"], row[4:], strict=True))


READS: list[tuple[str, Any]] = [
    ("/schema", None),
    ("/views", None),
    ("/changes?since=0.0.0", None),
    ("/window", {}),
    ("/window", {"search": "发动机"}),
    ("/window", {"filter": {"field": "id", "op": "eq", "value": 1}}),
    ("/window", {"group": [{"field": "kind"}], "offset": 0}),
    ("/rows", {"ids": [1]}),
    ("/total", {}),
    ("/total", {"search": "发动机", "sums": ["amount"]}),
    ("/groups", {"group": [{"field": "subject"}], "sums": ["amount"]}),
    ("/values", {"field": "subject"}),
    ("/values", {"field": "subject", "q": "发"}),
    ("/board", {}),
    ("/calendar", {"month": "2026-03"}),
    ("/moves", {"ids": [1]}),
    ("/export", {"ids": [1]}),
    ("/export", {}),
]
WRITES: list[tuple[str, Any]] = [
    ("/change", {"cells": [{"id": 1, "field": "subject", "text": "改", "base_version": 0}]}),
    ("/change", {"deletes": [1]}),
    ("/change", {"cells": [{"id": 1, "field": "score", "text": "99"}]}),
    ("/transition", {"ids": [1], "transition": "close", "values": {"result": "好"}}),
    ("/undo", {}),
    ("/redo", {}),
]


@pytest.mark.parametrize("person", BLIND)
def test_whoever_may_not_see_a_record_meets_it_at_no_address_of_the_grid(site: Site, person: str) -> None:
    browser = site.browser(person)
    for end, body in READS + WRITES:
        answer = ask(browser, end, body)
        assert answer["status"] in (200, 403, 404, 422), (person, end, answer["text"])
        assert SECRET not in answer["text"], (person, end)
        assert '"count":1' not in answer["text"].replace(" ", ""), (person, end)
        assert not any(r[0] == 1 for r in answer.get("rows", [])), (person, end)
        assert "77.00" not in answer["text"], (person, end)
        assert '"changed":[[' not in answer["text"], (person, end)
    with site.panel.reading(site.actor("owner")) as work:
        assert records.get(work, "complaint", site.complaint)["subject"] == SECRET


@pytest.mark.parametrize("person", BLIND)
def test_what_cannot_be_seen_is_refused_like_what_is_not_there(site: Site, person: str) -> None:
    browser = site.browser(person)
    for end, body in [*WRITES[:-2], ("/rows", {"ids": [1]}), ("/moves", {"ids": [1]})]:
        other = (
            {"cells": [{**c, "id": 9} for c in body["cells"]]}
            if "cells" in body
            else {k: [9] if v == [1] else v for k, v in body.items()}
        )
        hidden, none = ask(browser, end, body), ask(browser, end, other)
        assert hidden["text"].replace(":1,", ":9,").replace("[1]", "[9]") == none["text"], (person, end)


def test_everybody_who_may_see_a_record_finds_it_at_every_address(site: Site) -> None:
    for person in ("owner", "chief"):
        browser = site.browser(person)
        for end, body in READS[3:9]:
            answer = ask(browser, end, body)
            assert SECRET in answer["text"] or answer["count"] == 1, (person, end)
        assert ask(browser, "/board", {})["states"][0]["count"] == 1
        assert ask(browser, "/calendar", {"month": "2026-03"})["days"]["2026-03-10"]["count"] == 1
        assert SECRET in ask(browser, "/export", {"ids": [1]})["text"]


HIDDEN: list[tuple[str, Any]] = [
    ("/window", {"sort": [{"field": "@"}]}),
    ("/window", {"filter": {"field": "@", "op": "contains", "value": "旧件"}}),
    ("/window", {"filter": {"not": {"any": [{"field": "@", "op": "empty"}]}}}),
    ("/window", {"group": [{"field": "@"}]}),
    ("/window", {"columns": ["@"]}),
    ("/rows", {"ids": [1], "columns": ["@"]}),
    ("/total", {"filter": {"field": "@", "op": "filled"}}),
    ("/total", {"sums": ["@"]}),
    ("/groups", {"group": [{"field": "@"}]}),
    ("/groups", {"group": [{"field": "kind"}], "sums": ["@"]}),
    ("/values", {"field": "@"}),
    ("/export", {"columns": ["@"]}),
    ("/export", {"sort": [{"field": "@"}]}),
    ("/change", {"cells": [{"id": 1, "field": "@", "text": "x"}]}),
    ("/change", {"adds": [{"cells": {"subject": "一", "@": "x"}}]}),
    ("/views", {"name": "一", "config": {"filter": {"field": "@", "op": "filled"}}}),
    ("/views", {"name": "二", "config": {"columns": [{"code": "@"}]}}),
    ("/transition", {"ids": [1], "transition": "close", "values": {"@": "x"}}),
]


def _naming(given: Any, code: str) -> Any:
    if isinstance(given, dict):
        return {_naming(k, code): _naming(v, code) for k, v in given.items()}
    if isinstance(given, list):
        return [_naming(v, code) for v in given]
    return code if given == "@" else given


@pytest.mark.parametrize(("end", "body"), HIDDEN)
def test_a_hidden_field_is_answered_like_one_that_does_not_exist(site: Site, end: str, body: Any) -> None:
    owner = site.browser("owner")
    hidden, none = (ask(owner, end, _naming(body, code)) for code in ("verdict", "nonsense"))
    assert hidden["text"].replace("verdict", "nonsense") == none["text"]
    assert VERDICT not in hidden["text"]


def test_a_hidden_field_is_absent_for_the_owner_and_there_for_the_chief(site: Site) -> None:
    owner, chief = site.browser("owner"), site.browser("chief")
    for end, body in READS:
        text = ask(owner, end, body)["text"]
        assert "verdict" not in text, end
        assert VERDICT not in text, end
    assert ask(owner, "/window", {"search": "旧件"})["rows"] == []
    assert ask(owner, "/total", {"search": "旧件"})["count"] == 0
    assert cells(ask(chief, "/window", {"search": "旧件"}))["verdict"] == VERDICT
    column = next(c for c in ask(chief, "/schema")["columns"] if c["code"] == "verdict")
    assert column["editable"] is False  # the chief may read complaints of the unit, and change none


def test_a_locked_record_is_locked_in_the_window_and_in_every_write(site: Site) -> None:
    owner = site.browser("owner")
    assert ask(owner, "/window", {})["rows"][0][3] == 0
    result = ask(owner, "/transition", {"ids": [1], "transition": "close", "values": {"result": "已处理"}})
    assert [r["ok"] for r in result["results"]] == [True]
    assert ask(owner, "/window", {})["rows"][0][2:4] == ["closed", 5]
    for body in ({"cells": [{"id": 1, "field": "subject", "text": "改"}]}, {"deletes": [1]}):
        refused = ask(owner, "/change", body)
        assert (refused["status"], [e["field"] for e in refused["errors"]]) == (422, [""])
        assert "锁定" in refused["message"]
    chief = site.browser("chief")
    assert ask(chief, "/window", {})["rows"][0][3] == 6


def test_the_schema_says_for_each_column_why_it_cannot_be_typed(site: Site) -> None:
    columns = {c["code"]: c for c in ask(site.browser("owner"), "/schema")["columns"]}
    assert columns["subject"]["editable"] is True
    assert [a["text"] for a in columns["subject"]["cites"]] == ["每件投诉登记并编号。"]
    for code, why in (
        ("closed_by", "签字"),
        ("state", "流转"),
        ("record_no", "系统"),
        ("due", "系统"),
        ("created_at", "系统"),
    ):
        assert columns[code]["editable"] is False
        assert why in columns[code]["locked"], code
    assert (columns["amount"]["summable"], columns["rate"]["summable"]) == (True, False)
    assert columns["nth"]["summable"] is False, "its definition says so"
    assert columns["customer"]["picker"].endswith("/pick/customer?q=")


def test_what_is_typed_is_read_as_an_import_reads_it(site: Site) -> None:
    owner = site.browser("owner")
    typed = {
        "amount": ("1.2万元", "12000.00"), "happened_on": ("2026年3月5日", "2026-03-05"), "received_at": ("2026/3/4 下午3点", "2026-03-04 15:00"),
        "urgent": ("√", True), "kind": ("Service", "服务"), "tags": ("媒体、首保", ["首保", "媒体"]), "handler": ("colleague", site.ids["colleague"]),
        "helpers": ("owner;chief", [site.ids["owner"], site.ids["chief"]]), "customer": ("王女士", site.customer), "rate": ("12.5%", "12.50"),
        "subject": ("  两个  空格 ", "两个 空格"), "score": ("", None),
    }  # fmt: skip
    body = {"cells": [{"id": 1, "field": f, "text": t, "base_version": 2} for f, (t, _) in typed.items()]}
    answer = ask(owner, "/change", body)
    assert answer["status"] == 200, answer["text"]
    assert {f: cells(answer)[f] for f in typed} == {f: v for f, (_, v) in typed.items()}
    assert answer["names"]["person"][str(site.ids["chief"])] == "chief"
    again = ask(owner, "/change", {"cells": [{"id": 1, "field": f, "value": v} for f, (_, v) in typed.items()]})
    assert (again["status"], again["change_set"]) == (200, None)


def test_a_refused_cell_keeps_its_text_and_says_why_and_nothing_is_written(site: Site) -> None:
    owner = site.browser("owner")
    cell = {"id": 1, "base_version": 2}
    body = {
        "cells": [
            {**cell, "field": "score", "text": "很多"},
            {**cell, "field": "customer", "text": "不认识的人"},
            {**cell, "field": "subject", "text": "好"},
        ],
        "adds": [{"key": "new-1", "cells": {"subject": "新", "happened_on": "二月三十"}}],
    }
    answer = ask(owner, "/change", body)
    assert answer["status"] == 422
    assert {(e.get("id"), e.get("key"), e["field"], e["text"]) for e in answer["errors"]} == {
        (1, None, "score", "很多"), (1, None, "customer", "不认识的人"), (None, "new-1", "happened_on", "二月三十"),
    }  # fmt: skip
    checked = ask(
        owner,
        "/change",
        {"cells": [{**cell, "field": "score", "text": "12"}], "adds": [{"key": "k", "cells": {"detail": "无事由"}}]},
    )
    assert {(e.get("id"), e.get("key"), e["field"], e["text"]) for e in checked["errors"]} == {
        (1, None, "score", "12"),
        (None, "k", "subject", ""),
    }
    assert ask(owner, "/total", {})["count"] == 1


def test_a_cell_changed_by_two_people_shows_both_values_and_can_be_sent_again(site: Site) -> None:
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        records.update(work, "complaint", 1, {"subject": "别人的", "amount": 5})
    owner = site.browser("owner")
    mine = {"id": 1, "field": "subject", "text": "我的", "base_version": 2}
    answer = ask(owner, "/change", {"cells": [mine]})
    assert answer["status"] == 409
    (clash,) = answer["conflicts"]
    assert (clash["base"], clash["mine"], clash["theirs"], clash["version"]) == (SECRET, "我的", "别人的", 3)
    assert cells(ask(owner, "/change", {"cells": [{**mine, "base_version": clash["version"]}]}))["subject"] == "我的"
    merged = ask(owner, "/change", {"cells": [{"id": 1, "field": "score", "text": "3", "base_version": 2}]})
    assert (cells(merged)["score"], cells(merged)["amount"]) == (3, "5.00")


def test_undo_and_redo_survive_a_new_visit_and_are_refused_with_who_changed_what(site: Site) -> None:
    body = {
        "cells": [{"id": 1, "field": "subject", "text": "改过"}],
        "adds": [{"key": "a", "cells": {"subject": "新"}}],
        "label": "粘贴 2×1",
    }
    done = ask(site.browser("owner"), "/change", body)
    assert (done["undo"]["label"], done["redo"]) == ("粘贴 2×1", None)
    later = site.browser("owner")
    assert ask(later, "/schema")["undo"]["id"] == done["change_set"]
    undone = ask(later, "/undo", {"id": done["change_set"]})
    assert (cells(undone)["subject"], undone["deleted"], undone["redo"]["id"]) == (
        SECRET,
        [done["added"][0]["id"]],
        done["change_set"],
    )
    redone = ask(later, "/redo", {})
    assert [a["id"] for a in redone["added"]] == [done["added"][0]["id"]]
    with site.panel.work(site.actor("owner"), now=NOW, source="api") as work:
        records.update(work, "complaint", 1, {"subject": "又改"})
    refused = ask(later, "/undo", {})
    assert refused["status"] == 409
    ((cell),) = refused["changed"]
    assert (cell["id"], cell["field"], cell["now"], cell["expected"], cell["by"]) == (
        1,
        "subject",
        "又改",
        "改过",
        "owner",
    )
    assert ask(later, "/undo", {"id": 12345})["status"] == 404
    assert ask(site.browser("colleague"), "/undo", {})["status"] == 404


def test_deleted_rows_leave_and_come_back(site: Site) -> None:
    owner = site.browser("owner")
    assert ask(owner, "/change", {"deletes": [1]})["deleted"] == [1]
    assert ask(owner, "/rows", {"ids": [1]})["gone"] == [1]
    assert ask(owner, "/undo", {})["added"] == [{"key": None, "id": 1}]
    assert ask(owner, "/rows", {"ids": [1]})["gone"] == []


def test_transitions_of_several_records_answer_for_each(site: Site) -> None:
    other = site.enter("complaint", {"subject": "二"})
    owner = site.browser("owner")
    needs = ask(owner, "/moves", {"ids": [1, other, 99]})["moves"]
    assert [needs[str(i)][0]["needs"] for i in (1, other)] == [["result"]] * 2
    assert "99" not in needs
    first = ask(owner, "/transition", {"ids": [1, 99], "transition": "close"})
    assert [(r["id"], r["ok"], [e["field"] for e in r["errors"]]) for r in first["results"]] == [
        (1, False, ["result"]),
        (99, False, []),
    ]
    both = ask(owner, "/transition", {"ids": [1, other, 99], "transition": "close", "values": {"result": "好"}})
    assert [(r["id"], r["ok"]) for r in both["results"]] == [(1, True), (other, True), (99, False)]
    assert {r[2] for r in both["rows"]} == {"closed"}
    assert ask(owner, "/transition", {"ids": [1], "transition": "explode"})["status"] == 422
    assert (
        ask(owner, "/transition", {"ids": [1], "transition": "reopen", "reason": "再看"})["results"][0]["ok"] is False
    )


CONFIG = {
    "columns": [{"code": "subject", "width": 200}, {"code": "amount", "hidden": True}], "frozen": 1, "sort": [{"field": "amount", "desc": True}],
    "filter": {"all": [{"field": "handler", "op": "eq", "value": "@me"}, {"field": "kind", "op": "in", "value": ["质量"]}]}, "colour": "state",
}  # fmt: skip


def test_a_view_is_mine_until_i_share_it_with_a_role(site: Site) -> None:
    owner, colleague, chief = (site.browser(n) for n in ("owner", "colleague", "chief"))
    made = ask(owner, "/views", {"name": " 大额 ", "config": CONFIG})
    assert (made["status"], made["name"], made["mine"], made["config"]) == (201, "大额", True, CONFIG)
    address = f"/grid/complaint/views/{made['id']}"
    assert ask(colleague, "/views")["views"] == []
    assert colleague.get(made["url"], headers={"Accept": "application/json"}).status_code == 404
    assert colleague.send("PUT", address, {"name": "抢"}).status_code == 404
    assert owner.send("PUT", address, {"roles": ["chief"]}).status_code == 403
    assert owner.send("PUT", address, {"roles": ["clerk"]}).get_json()["roles"] == ["clerk"]
    (shared,) = ask(colleague, "/views")["views"]
    assert (shared["mine"], shared["owner"], shared["config"]) == (False, "owner", CONFIG)
    assert colleague.send("PUT", address, {"name": "抢"}).status_code == 403
    assert colleague.send("DELETE", address).status_code == 403
    assert ask(chief, "/views")["views"] == []
    assert ask(owner, "/views", {"name": "大额", "config": {}})["status"] == 422
    assert ask(owner, "/views", {"name": "", "config": {}})["status"] == 422
    assert ask(owner, "/views", {"name": "三", "config": {"script": 1}})["status"] == 422
    assert owner.send("DELETE", address).status_code == 200
    assert ask(colleague, "/views")["views"] == []


def test_a_shared_view_comes_without_what_its_reader_may_not_see(site: Site) -> None:
    config = {
        "columns": [{"code": "subject"}, {"code": "verdict"}], "sort": [{"field": "verdict"}],
        "filter": {"any": [{"field": "verdict", "op": "contains", "value": "旧件"}, {"field": "score", "op": "ge", "value": 3}]},
    }  # fmt: skip
    made = ask(site.browser("chief"), "/views", {"name": "内部", "config": config, "roles": ["everyone"]})
    assert (made["status"], made["reduced"]) == (201, False)
    (seen,) = ask(site.browser("owner"), "/views")["views"]
    assert seen["reduced"] is True
    assert seen["config"] == {
        "columns": [{"code": "subject"}],
        "sort": [],
        "filter": {"any": [{"field": "score", "op": "ge", "value": 3}]},
    }


def test_a_stream_tells_a_change_at_its_next_look_and_gives_its_place_back(site: Site) -> None:
    owner = site.browser("owner")
    since = ask(owner, "/schema")["since"]
    places = site.app.extensions["streams"]
    taken = [owner.get(f"/grid/complaint/events?since={since}") for _ in range(2)]
    assert [t.status_code for t in taken] == [200, 200]
    full = owner.get("/grid/complaint/events", headers={"Accept": "application/json"})
    assert (full.status_code, full.headers["Retry-After"]) == (503, "30")
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        records.update(work, "complaint", 1, {"score": 5})
    parts = list(islice(iter(taken[0].response), 2))
    assert b"event: changes" in parts[1]
    assert b'"changed":[[1,3,1]]' in parts[1]
    for stream in taken:
        stream.close()
    assert places.acquire(blocking=False)
    assert places.acquire(blocking=False)
    for _ in range(2):
        places.release()
    assert ask(owner, f"/changes?since={since}")["changed"] == [[1, 3, 1]]
    assert ask(site.browser("stranger"), f"/changes?since={since}")["changed"] == []
    assert ask(owner, "/changes?since=x")["status"] == 422


def test_a_stream_that_a_server_drops_without_closing_it_gives_its_place_back(site: Site) -> None:
    owner = site.browser("owner")
    for _ in range(site.settings.WEB_THREADS):
        answer = owner.get("/grid/complaint/events")
        assert answer.status_code == 200
        assert next(iter(answer.response)).startswith(b"retry")
        del answer  # a connection that breaks leaves it so


def test_an_archived_record_is_told_to_be_gone_to_those_who_saw_it(site: Site) -> None:
    owner, stranger = site.browser("owner"), site.browser("stranger")
    since = ask(owner, "/schema")["since"]
    ask(owner, "/change", {"deletes": [1]})
    assert ask(owner, f"/changes?since={since}")["gone"] == [1]
    assert ask(stranger, f"/changes?since={since}")["gone"] == []


def test_the_chosen_rows_or_the_whole_list_become_a_file_in_the_order_shown(site: Site) -> None:
    for n in range(3):
        site.enter("complaint", {"subject": f"第{n}件", "score": n})
    owner = site.browser("owner")
    body = {
        "filter": {"field": "score", "op": "ge", "value": 1},
        "sort": [{"field": "score", "desc": True}],
        "columns": ["subject", "score", "due", "created_by"],
    }
    lines = ask(owner, "/export", body)["text"].lstrip("\ufeff").split("\r\n")
    assert lines == ["事由,评分", "第2件,2", "第1件,1", ""]
    assert len(ask(owner, "/export", {"ids": [1, 2], "columns": ["subject"]})["text"].split()) == 3
    assert ask(site.browser("outsider"), "/export", {})["status"] == 403


BAD: list[tuple[str, Any]] = [
    ("/window", {"limit": 501}),
    ("/window", {"offset": -1}),
    ("/window", {"offset": True}),
    ("/window", []),
    ("/window", {"sort": "subject"}),
    ("/window", {"sort": [{"field": "helpers"}]}),
    ("/window", {"filter": {"field": "amount"}}),
    ("/window", {"filter": {"all": [], "any": []}}),
    ("/window", {"filter": {"field": "happened_on", "op": "eq", "value": "@me"}}),
    ("/window", {"filter": {"field": "amount", "op": "ge", "value": "很多"}}),
    ("/window", {"filter": {"field": "id", "op": "eq", "value": 2**70}}),
    ("/window", {"filter": {"field": "handler", "op": "in", "value": [{}]}}),
    ("/window", {"after": "abc"}),
    ("/window", {"group": [{"field": "helpers"}]}),
    ("/window", {"group": [{"field": "kind"}] * 3}),
    ("/groups", {"group": [{"field": "kind", "by": "month"}]}),
    ("/groups", {"group": [{"field": "kind", "by": "era"}]}),
    ("/calendar", {"month": "2026-13"}),
    ("/rows", {"ids": ["1"]}),
    ("/rows", {"ids": list(range(1, 700))}),
    ("/change", {"cells": [{"field": "subject"}]}),
    ("/change", {"cells": "x"}),
    ("/undo", {"id": "x"}),
    ("/values", {"field": "detail"}),
    ("/total", {"sums": ["subject"]}),
    ("/window", {"filter": {"field": "amount", "op": "within", "value": "today"}}),
    ("/change", {"adds": [{"cells": {"nonsense": "1"}}]}),
]


@pytest.mark.parametrize(("end", "body"), BAD)
def test_a_body_that_makes_no_sense_is_refused_with_a_sentence(site: Site, end: str, body: Any) -> None:
    answer = ask(site.browser("owner"), end, body)
    assert answer["status"] == 422, answer["text"]
    assert answer["message"]


def test_a_filter_too_deep_or_too_long_is_refused(site: Site) -> None:
    owner, deep = site.browser("owner"), {"field": "score", "op": "empty"}
    for _ in range(9):
        deep = {"not": deep}
    wide = {"any": [{"field": "score", "op": "empty"}] * 101}
    for tree in (deep, wide):
        assert ask(owner, "/window", {"filter": tree})["status"] == 422


def test_without_the_token_of_our_pages_nothing_is_even_read(site: Site) -> None:
    owner = site.browser("owner")
    for end, body in READS + WRITES:
        if body is not None:
            answer = owner.client.post(f"/grid/complaint{end}", json=body)
            assert (answer.status_code, "过期" in page_text(answer)) == (400, True), end


def test_nobody_who_has_not_signed_in_gets_anything(site: Site) -> None:
    browser = site.browser()
    for end, body in READS:
        if body is None:
            assert browser.get(f"/grid/complaint{end}", headers={"Accept": "application/json"}).status_code == 401, end


def test_a_register_that_nobody_adopted_and_one_that_is_not_there_have_no_grid(site: Site) -> None:
    owner = site.browser("owner")
    assert {ask(owner, end, body, "nothing")["status"] for end, body in READS} == {404}
    assert {ask(owner, end, body, "idle")["status"] for end, body in READS} == {403}


def fill(site: Site, rows: int) -> None:
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        customers = records.create_many(work, "customer", [{"name": f"客户{n}"} for n in range(rows)])
        new = [
            {"subject": f"事由{n}", "customer": c, "handler": 1, "helpers": (1, 2), "received_at": NOW}
            for n, c in enumerate(customers)
        ]
        records.create_many(work, "complaint", new)


@pytest.mark.parametrize(
    ("end", "body", "most"),
    [("/window", {}, 15), ("/total", {"sums": ["amount"]}, 9), ("/schema", None, 12), ("/board", {}, 16)],
)
def test_reading_costs_as_many_statements_for_many_rows_as_for_few(site: Site, end: str, body: Any, most: int) -> None:
    owner, counts = site.browser("owner"), []
    token = owner.token("/")
    for rows in (3, 60):
        fill(site, rows)
        with statements(site.panel.engine) as seen:
            assert _asked(owner, token, end, body) == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] or (end == "/total" and counts[1] <= counts[0] + 1), (
        seen
    )  # one more: what was added since
    assert counts[1] <= most, seen


def _asked(browser: Browser, token: str, end: str, body: Any) -> int:
    """Ask the grid with a token one has already (no body: GET), and return the status."""
    url = f"/grid/complaint{end}"
    if body is None:
        return int(browser.get(url, headers={"Accept": "application/json"}).status_code)
    return int(browser.client.post(url, json=body, headers={"X-CSRFToken": token}).status_code)


def _save(browser: Browser, token: str, **cell: Any) -> Any:
    """Save one cell of the owner's complaint as the page does, with a token it has already."""
    body = {
        "cells": [{"id": 1, **cell}],
        "columns": ["subject", "customer", "helpers", "handler", "score", "updated_by"],
        "known": True,
    }
    answer = browser.client.post("/grid/complaint/change", json=body, headers={"X-CSRFToken": token})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_the_page_saves_a_cell_with_six_questions_and_is_told_the_names_that_are_new_to_it(site: Site) -> None:
    other = site.enter("customer", {"name": "李先生"})
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        found = {"helpers": (3, 1, 2), "handler": 1}
        version = records.update(work, "complaint", 1, found)
    owner = site.browser("owner")
    token = owner.token("/")
    _save(owner, token, field="score", text="1", base_version=version)  # whatever is worked out once is
    with statements(site.panel.engine) as seen:
        answer = _save(owner, token, field="score", text="2", base_version=version + 1)
    assert len(seen) <= 6, (
        seen
    )  # who asks, change set, row, its change, row and its helpers for the answer; and its version
    assert cells(answer)["score"] == 2
    assert cells(answer)["helpers"] == [3, 1, 2]
    assert set(answer["names"].get("person", {})) <= {"1"}  # whoever changed it last: the owner
    pointed = _save(owner, token, field="customer", text="李先生", base_version=version + 2)
    assert pointed["names"]["customer"] == {str(other): "李先生"}
    with site.panel.work(Actor.system(), now=NOW) as work:
        records.update(work, "complaint", 1, {"handler": 2})
    merged = _save(owner, token, field="score", text="3", base_version=version + 3)
    assert (merged["names"]["person"]["2"], merged["names"]["customer"]) == ("colleague", {str(other): "李先生"})


def test_saving_a_cell_costs_few_statements_and_a_block_no_more_for_each_row_than_its_writes(site: Site) -> None:
    fill(site, 40)
    owner = site.browser("owner")
    ids = [r[0] for r in ask(owner, "/window", {"limit": 40})["rows"]]
    token, costs = owner.token("/"), []
    for n, some in enumerate((ids[:1], ids[1:11], ids[11:31])):
        cells = [{"id": i, "field": "score", "text": str(n + 1), "base_version": 1} for i in some]
        with statements(site.panel.engine) as seen:
            assert _asked(owner, token, "/change", {"cells": cells}) == 200
        costs.append(len(seen))
    assert costs[0] <= 12, seen
    assert (costs[2] - costs[1]) / 10 <= 3, seen  # the row, its version, and no more

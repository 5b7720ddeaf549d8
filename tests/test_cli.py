"""The terminal: every command does what its help says, for people and as JSON, and bad input gets a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

import config
from app import factory
from app.services import publishing
from tests.site import CALENDAR, CAR_OWNER, SHANGHAI, Site

LOANS = """
policy: S01
label: 设备借用规定
adopt_from: 2025-01-01
articles: [{article: "1", text: 借出设备五个工作日内归还，逾期每次三十元}]
---
code: equipment_loan
label: 设备借用登记
domain: archive_custody
cite: {policy: S01, article: "1"}
fields:
  - {code: device, label: 设备, type: text, required: true}
  - {code: borrower, label: 借用人, type: person, required: true}
  - {code: lent_on, label: 借出日期, type: date, required: true}
  - {code: returned_on, label: 归还日期, type: date}
duties:
  - {code: give_back, label: 归还, owed_by: borrower, starts: lent_on, done: returned_on, breach: late,
     within: [{working_days: 5, cite: {policy: S01, article: "1"}}]}
breaches: [{code: late, label: 逾期未还, amount: [{money: "30", cite: {policy: S01, article: "1"}}], confirmed_by: customer_director}]
access: [{role: archive_admin, can: [read, add, edit, import, export]}, {role: customer_director, can: [read]}]
"""


class Terminal:
    """Runs ``flask`` commands on a site."""

    def __init__(self, app: Flask) -> None:
        self.runner: FlaskCliRunner = app.test_cli_runner()

    def __call__(self, *words: str, code: int = 0) -> str:
        done = self.runner.invoke(args=list(words))
        assert done.exit_code == code, (done.output, done.exception)
        return str(done.output)

    def json(self, *words: str, code: int = 0) -> Any:
        return orjson.loads(self(*words, "--json", code=code))


def terminal_on(site: Site, tmp_path: Path) -> Terminal:
    settings = config.read(
        {"INSTANCE": str(tmp_path), "DATABASE_URL": site.panel.engine.url.render_as_string(hide_password=False)}
    )
    published = publishing.current(site.panel.engine)
    panel = publishing.open_panel(site.panel.engine, published, CALENDAR, SHANGHAI, tmp_path / "files")
    return Terminal(factory.create_app(panel, settings))


@pytest.fixture
def flask(site: Site, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal on the whole site."""
    return terminal_on(site, tmp_path)


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """A file of two cars."""
    file = tmp_path / "cars.csv"
    rows = [f"LSV{n:014},明锐,它店用户到店维修,{CAR_OWNER}" for n in (1, 2)]
    file.write_text("\n".join(["车架号,车型,来源,用户", *rows]), "utf-8-sig")
    return file


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    """A file of their archives, delivered on Monday 3 March 2025."""
    file = tmp_path / "archives.csv"
    rows = [f"LSV{n:014},新车档案,2025-03-03,sales1" for n in (1, 2)]
    file.write_text("\n".join(["车辆,档案类别,交车日期,责任顾问", *rows]), "utf-8-sig")
    return file


def test_a_file_becomes_records_fines_and_an_explanation(
    flask: Terminal, cars: Path, archives: Path, tmp_path: Path
) -> None:
    by = ("--as", "archive", "--at", "2025-03-03 09:00")
    assert flask.json("records", "import", "vehicle", str(cars), *by)["created"] == 2
    assert flask.json("records", "import", "vehicle_archive", str(archives), *by)["created"] == 2
    first = flask.json("deadlines", "sweep", "--at", "2025-03-07 00:00:00")
    assert (first["breaches"], first["tickets"]) >= (2, 2)
    assert flask.json("deadlines", "sweep", "--at", "2025-03-07 00:00:00")["tickets"] == 0
    listed = flask.json("ledger", "list", "--person", "sales1", "--month", "2025-03")
    assert sorted(t["amount"] for t in listed["tickets"]) == ["100.00", "50.00"]
    assert listed["total"] == "150.00"
    verified = flask.json("ledger", "verify")
    assert verified["counts"]["tickets"] == len(listed["tickets"])
    assert verified["flaws"] == []
    assert flask("ledger", "head").split()[1] == str(verified["counts"]["entries"])
    why = flask("ledger", "why", listed["tickets"][0]["record_no"])
    for expected in ("P05-D1", "2025-03-06 第 3 天", "自 2025-03-07 00:00 起逾期", "50"):
        assert expected in why
    out = tmp_path / "out.csv"
    assert flask.json("records", "export", "vehicle_archive", str(out), "--as", "archive")["rows"] == 2
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_transition_is_signed_on_the_terminal(flask: Terminal, cars: Path, archives: Path) -> None:
    flask("records", "import", "vehicle", str(cars), "--as", "archive", "--at", "2025-03-03 09:00")
    flask("records", "import", "vehicle_archive", str(archives), "--as", "archive", "--at", "2025-03-03 09:00")
    flask("deadlines", "sweep", "--at", "2025-03-07 00:00")
    refused = flask(
        "records",
        "move",
        "archive_rectification",
        "ZG-2025-00001",
        "order",
        "--as",
        "director",
        "--at",
        "2025-03-07 10:00",
        code=1,
    )
    assert "不在可以签署" in refused
    moved = flask.json(
        "records",
        "move",
        "archive_rectification",
        "ZG-2025-00001",
        "order",
        "--as",
        "archive",
        "--at",
        "2025-03-07 10:00",
    )
    assert moved["state"] == "ordered"
    assert flask.json("deadlines", "sweep", "--at", "2025-03-11 00:00")["tickets"] == 1


def test_a_dry_run_writes_nothing_and_names_every_bad_cell(flask: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "cars.csv"
    file.write_text(
        f"车架号,车型,来源,用户\nLSV00000000000001,明锐,火星,{CAR_OWNER}\n短,明锐,它店用户到店维修,查无此人\n",
        "gb18030",
    )
    said = flask.json("records", "import", "vehicle", str(file), "--dry-run", "--as", "archive", code=1)
    assert {(e["line"], e["field"]) for e in said["errors"]} == {(2, "origin"), (3, "vin"), (3, "customer")}
    refused = flask.json("records", "import", "vehicle", str(file), "--as", "archive", code=1)
    assert refused["created"] == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_dry_run_says_what_would_follow_and_a_register_leaves_as_one_file(
    site: Site, flask: Terminal, cars: Path, tmp_path: Path
) -> None:
    flask("records", "import", "vehicle", str(cars), "--as", "archive", "--at", "2025-03-03 09:00")
    frame = cars.read_text("utf-8").splitlines()[1].split(",")[0]
    lines = tmp_path / "archives.ndjson"
    row = {"vehicle": frame, "archive_kind": "新车档案", "trigger_date": "3月3日", "responsible_advisor": "sales1"}
    lines.write_bytes(orjson.dumps(row))
    by = ("--as", "archive", "--at", "2025-03-07 09:00")
    assert flask.json("records", "import", "vehicle_archive", str(lines), "--dry-run", *by, code=1)["refused"] == 1
    tried = flask.json("records", "import", "vehicle_archive", str(lines), "--dry-run", "--year", "2025", *by)
    assert (tried["new"], tried["obligations"], tried["fines"]) == (1, 1, "50.00")
    assert flask.json("records", "import", "vehicle_archive", str(lines), "--year", "2025", *by)["created"] == 1
    file = tmp_path / "vehicle_archive.zip"
    assert flask.json("records", "archive", "vehicle_archive", str(file))["records"] == 1
    assert "已有记录" in flask("records", "restore", str(file), code=1)
    assert "系统管理员" in flask("records", "archive", "vehicle_archive", str(file), "--as", "archive", code=1)


def test_a_register_of_ones_own_is_there_importable_and_fined_for(site: Site, flask: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "loans.yaml"
    file.write_text(LOANS, "utf-8")
    assert "新增登记簿《设备借用登记》" in flask("definitions", "check", str(file))
    assert flask.json("definitions", "apply", str(file), "--at", "2025-03-01 09:00")["revision"] == 2
    later = terminal_on(site, tmp_path)
    loans = tmp_path / "loans.csv"
    loans.write_text("设备,借用人,借出日期\n投影仪,sales1,2025-03-03\n", "utf-8")
    by = ("--as", "archive", "--at", "2025-03-03 09:00")
    assert later.json("records", "import", "equipment_loan", str(loans), *by)["created"] == 1
    assert later.json("deadlines", "sweep", "--at", "2025-03-10 23:59")["tickets"] == 0
    assert later.json("deadlines", "sweep", "--at", "2025-03-11 00:00")["tickets"] == 1
    (ticket,) = later.json("ledger", "list", "--person", "sales1")["tickets"]
    assert ticket["amount"] == "30.00"


def test_the_matrix_names_what_implements_each_article_and_fails_on_an_open_one(
    site: Site, flask: Terminal, tmp_path: Path
) -> None:
    more = '  - {article: "2", text: 爱护设备, manual: 倡导}\n'
    file = tmp_path / "loans.yaml"
    file.write_text(
        LOANS.replace("articles: [{", "articles:\n  - {").replace("每次三十元}]", "每次三十元}\n" + more), "utf-8"
    )
    flask("definitions", "apply", str(file), "--at", "2025-03-01 09:00")
    later = terminal_on(site, tmp_path)
    said = later("definitions", "coverage", "S01").splitlines()
    assert said[0].startswith("S01-1\t系统办理\t登记簿 设备借用登记 register:equipment_loan；")
    assert said[1:] == ["S01-2\t人工办理\t倡导", "共 2 条：系统办理 1，人工办理 1，见其各项 0，尚未落实 0"]
    told = later.json("definitions", "coverage", "S01")
    paths = [[one["path"] for one in a["by"]] for a in told["articles"]]
    assert paths == [["register:equipment_loan", "equipment_loan.give_back", "equipment_loan.late"], []]
    file.write_text(file.read_text("utf-8").replace(", manual: 倡导", ""), "utf-8")
    later("definitions", "apply", str(file), "--at", "2025-03-02 09:00")
    last = terminal_on(site, tmp_path)
    assert last.json("definitions", "coverage", "S01", code=1)["counts"]["open"] == 1
    assert "S01-2\t尚未落实" in last("definitions", "coverage", code=1)
    assert "没有制度“S09”" in last("definitions", "coverage", "S09", code=1)


def test_a_typo_in_a_definition_gets_file_line_and_sentence(flask: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "loans.yaml"
    file.write_text(
        LOANS.replace("owed_by: borrower", "owed_by: borower").replace("type: date}", "type: dat}"), "utf-8"
    )
    said = flask("definitions", "apply", str(file), code=1)
    assert "site/loans.yaml:15" in said
    assert "dat" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("records", "import", "nothing", "FILE"), "没有名为"),
        (("records", "import", "vehicle", "FILE", "--as", "nobody"), "没有名为“nobody”的用户"),
        (("records", "import", "vehicle", "FILE", "--as", "stranger"), "权限"),
        (("ledger", "why", "CF2025-99999"), "没有找到"),
        (("records", "move", "vehicle", "CL-2025-00001", "scrap", "--as", "archive"), "没有找到"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    flask: Terminal, cars: Path, words: tuple[str, ...], expected: str
) -> None:
    said = flask(*(str(cars) if w == "FILE" else w for w in words), code=1)
    assert expected in said
    assert "Traceback" not in said


def test_a_moment_that_does_not_exist_is_refused(flask: Terminal) -> None:
    assert "日历" in flask("deadlines", "sweep", "--at", "2025-02-30 09:00", code=2)

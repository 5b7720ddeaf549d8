"""What is measured is what the shipped panel does, with the same cards every time."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import cards

UNTIL = datetime(2026, 3, 5, 10, 0)  # noqa: DTZ001  # a wall clock, as a spreadsheet shows it


def made(rows: int, seed: int = 1) -> list[list[str]]:
    given = {"people": ("clerk",), "units": ("门店",), "customers": ("客户",)}
    return list(cards.cards(rows, **given, until=UNTIL, seed=seed))


def test_the_same_seed_makes_the_same_cards_and_a_longer_file_begins_like_a_shorter_one() -> None:
    assert made(50)[:20] == made(20)
    assert made(20, seed=2) != made(20)
    assert {len(card) for card in made(20)} == {len(cards.HEADERS)}


@pytest.mark.parametrize("what", ["import", "sweep", "backtest"])
def test_every_card_is_accepted_and_everything_that_follows_is_counted(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    benchmarks.main([what, "--rows", "60", "--open", "200", "--databases", "sqlite", "--json", str(file)])
    (found,) = json.loads(file.read_text("utf-8"))["figures"]
    assert (found["what"], found["panel"]["rows"] >= 60) == (what, True)
    assert found["panel"]["versions" if what == "import" else "breaches"] >= 60
    assert f"{what} sqlite" in capsys.readouterr().out


def test_all_that_an_import_brought_is_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    benchmarks.main(["undo", "--rows", "20", "--databases", "sqlite", "--json", str(file)])
    (found,) = json.loads(file.read_text("utf-8"))["figures"]
    assert (found["panel"]["rows"], found["panel"]["versions"], found["bare"]["rows"]) == (20, 20, 20)


@pytest.mark.parametrize(("what", "called"), [("export", "export csv"), ("workbook", "export xlsx")])
def test_every_card_leaves_in_either_form(what: str, called: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    benchmarks.main([what, "--cards", "20", "--databases", "sqlite", "--json", str(file)])
    (found,) = json.loads(file.read_text("utf-8"))["figures"]
    assert (found["what"], found["panel"]["rows"], found["bare"]["rows"]) == (called, 20, 20)
    assert 0 < found["panel"]["first_byte_s"] <= found["panel"]["seconds"]


def test_every_line_of_a_ledger_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    benchmarks.main(["verify", "--rows", "60", "--databases", "sqlite", "--json", str(file)])
    (found,) = json.loads(file.read_text("utf-8"))["figures"]
    assert (found["what"], found["panel"]["rows"], found["panel"]["tickets"], found["bare"]["rows"]) == (
        "verify",
        60,
        15,
        60,
    )
    assert "verify sqlite: 60 rows" in capsys.readouterr().out


def test_looking_for_something_to_do_is_measured_while_nothing_is_due(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    benchmarks.main(["idle", "--open", "200", "--databases", "sqlite", "--json", str(file)])
    (found,) = json.loads(file.read_text("utf-8"))["figures"]
    assert found["panel"]["rows"] == 200
    assert found["panel"]["milliseconds"] > found["bare"]["milliseconds"] > 0
    assert "idle sqlite: 200 obligations stand open" in capsys.readouterr().out


def test_what_a_ticket_costs_is_measured_through_the_months_of_a_year(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    benchmarks.main(["growth", "--rows", "24", "--databases", "sqlite", "--json", str(file)])
    (found,) = json.loads(file.read_text("utf-8"))["figures"]
    assert [m["tickets"] for m in found["months"]] == [2 * n for n in range(1, 13)]

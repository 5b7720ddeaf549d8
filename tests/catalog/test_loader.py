"""Files in, a catalog or everything wrong with them out."""

from __future__ import annotations

from pathlib import Path

from app.catalog.loader import digest, load, read_folder, written
from tests.catalog.ground import GROUND, catalog, files, found, register


def test_sound_definitions_give_a_catalog_of_every_kind() -> None:
    loaded = catalog({"about.yaml": GROUND})
    assert list(loaded.roles) == ["clerk", "head"]
    assert list(loaded.domains) == ["office"]
    assert loaded.policies["P01"].articles[0].no == "A1"
    assert list(loaded.registers) == ["letter", "ticket"]
    assert loaded.digest == digest({"about.yaml": GROUND})


def test_warnings_alone_leave_the_catalog_whole() -> None:
    loaded, findings = load(files("code: memo\nlabel: 便签\ndomain: office\nfields: []\n"))
    assert [f.check for f in findings] == ["D902"]
    assert loaded is not None and "memo" in loaded.registers


def test_everything_wrong_in_all_files_is_told_in_one_go() -> None:
    first = register(
        "fields:\n  - {code: A, label: 甲, type: txt}\n  - {code: b, label: 乙, requird: true, type: text}"
    )
    second = "roles: {clerk: 文员}\n---\ncode: [\n---\ncode: card\nlabel: 卡\ndomain: ofice\nfields: []\ncolumns: [x]\nfollow: y\n"
    loaded, findings = load({"about.yaml": GROUND, "a.yaml": first, "b.yaml": second})
    assert loaded is None
    assert [f"{f.file}:{f.line} {f.check}" for f in findings] == [
        "a.yaml:6 D203",
        "a.yaml:7 D202",
        "b.yaml:1 D206",
        "b.yaml:3 D101",
        "b.yaml:5 D902",
        "b.yaml:7 D404",
        "b.yaml:9 D407",
        "b.yaml:10 D202",
    ]


def test_a_definition_that_could_not_be_read_is_not_called_missing() -> None:
    broken = "code: memo\nlabel: 便签\ndomain: office\naccess: []\nfields: [{code: a, label: 甲}]\n"
    using = "code: note\nlabel: 附注\ndomain: office\naccess: [{role: clerk, can: [read]}]\n"
    using += "fields: [{code: memo, label: 便签, type: reference, register: memo}]\ncolumns: [memo]\n"
    assert [f.check for f in found(broken + "---\n" + using)] == ["D201"]


def test_a_second_definition_names_the_line_of_the_first() -> None:
    again = found("domains: [{code: office, label: 办公}]\n", "later.yaml")
    assert [str(f) for f in again] == ["later.yaml:1: domains[0].code: “office”已在 about.yaml:3 定义 [D401]"]


def test_a_calendar_is_left_to_the_rules() -> None:
    assert found("calendar: cn\nyears: [{year: 2026}]\n") == []


def test_a_list_document_says_what_is_no_list_and_what_is_beside_it() -> None:
    assert [str(f) for f in found("roles: 文员\nrolls: 1\n")] == [
        "bad.yaml:1: roles: 应为列表，这里是“文员” [D206]",
        "bad.yaml:2: rolls: 没有“rolls”这一项，是否想写“roles”？ [D202]",
    ]


def test_the_digest_knows_texts_and_paths_and_not_their_order() -> None:
    a = {"a.yaml": "1", "b.yaml": "2"}
    assert digest(a) == digest(dict(reversed(a.items())))
    assert len({digest(a), digest({"a.yaml": "12", "b.yaml": ""}), digest({"a.yaml": "1", "c.yaml": "2"})}) == 3


def test_a_folder_is_read_whole_and_sorted(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "x.yaml").write_text("roles: []\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("甲", encoding="utf-8")
    (tmp_path / "notes.md").write_text("", encoding="utf-8")
    assert read_folder(tmp_path) == {"b.yaml": "甲", "site/x.yaml": "roles: []\n"}


def test_bytes_that_are_not_utf8_are_found_at_their_line(tmp_path: Path) -> None:
    (tmp_path / "gbk.yaml").write_bytes("roles:\n  - {code: a, label: 文员}\n".encode("gb18030"))
    loaded, findings = load(read_folder(tmp_path))
    assert loaded is None
    assert [(f.check, f.line) for f in findings] == [("D102", 2)]


def test_each_definition_is_found_where_it_was_written() -> None:
    places = written(files(register("fields: []")))
    assert places["registers", "memo"].at(("label",)).line == 2
    assert places["roles", "head"].at(("code",)).file == "about.yaml"


def test_a_hundred_registers_load_at_once() -> None:
    field = "  - {{code: f{n}, label: 字段, type: reference, register: r{m}}}\n"
    texts = {}
    for i in range(100):
        rows = "".join(field.format(n=n, m=(i + n) % 100) for n in range(20))
        texts[f"r{i}.yaml"] = register(f"fields:\n{rows}").replace("memo", f"r{i}")
    loaded = catalog({"about.yaml": GROUND} | texts)
    assert len(loaded.registers) == 102
    assert sum(len(r.fields) for r in loaded.registers.values()) == 2005

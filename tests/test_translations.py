"""Every sentence of ours has English, every sentence of Flask-AppBuilder has Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import flask_appbuilder
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

APP = Path(__file__).parents[1] / "app"
FAB = Path(flask_appbuilder.__file__).parent
#: Chinese characters and their punctuation.
HAN = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
CALLS = {"say", "gettext", "lazy_gettext", "_"}
PLACE = re.compile(r"%\((\w+)\)s")


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


ENGLISH = catalogue(APP / "translations/en/LC_MESSAGES/messages.po")
CHINESE = catalogue(APP / "translations/zh/LC_MESSAGES/messages.po")
CHINESE_OF_FAB = catalogue(FAB / "translations/zh/LC_MESSAGES/messages.po")


def in_calls(tree: ast.AST) -> Iterator[str]:
    """Yield every text that stands inside the first argument of a translating call, also in its branches."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and node.args:
            yield from (
                n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            )


def of_python() -> set[str]:
    found: set[str] = set()
    for path in APP.rglob("*.py"):
        # What is printed while the panel starts is in both languages already.
        if "running" not in path.relative_to(APP).parts:
            found.update(in_calls(ast.parse(path.read_text("utf-8"))))
    return found


def of_templates() -> set[str]:
    messages = extract_from_dir(APP / "templates", [("**.html", "jinja2")], keywords={"_": None})
    return {str(message) for _, _, message, _, _ in messages}


def in_tables_of_the_web() -> set[str]:
    """Return Chinese texts of the web that a variable carries to the translating call; not those of labels, which hold both languages."""
    found: set[str] = set()
    for path in (APP / "web").rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Dict)
                and "Label" not in ast.dump(node.value)
            ):
                entries = zip(node.value.keys, node.value.values, strict=True)
                values = [value for key, value in entries if not (isinstance(key, ast.Constant) and key.value == "zh")]
                constants = [n.value for v in values for n in ast.walk(v) if isinstance(n, ast.Constant)]
                found.update(text for text in constants if isinstance(text, str) and HAN.search(text))
    return found


def places(text: str, key: str) -> set[str]:
    """Return the named places of a text, in the way of writing them that its key uses."""
    if "%(" in key:
        return set(PLACE.findall(text))
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def english_of(text: str) -> str:
    message = ENGLISH.get(text)
    return str(message.string) if message is not None else ""


@pytest.mark.parametrize("source", [of_python, of_templates, in_tables_of_the_web])
def test_every_sentence_of_ours_has_english(source: object) -> None:
    assert callable(source)
    texts = source()
    assert texts
    assert sorted(text for text in texts if HAN.search(text) and not english_of(text)) == []


def test_english_fills_the_same_places_as_the_chinese() -> None:
    wrong = []
    for message in ENGLISH:
        key, said = str(message.id), str(message.string)
        if places(key, key) != places(said, key):
            wrong.append(key)
    assert wrong == []


def test_no_english_is_kept_for_a_sentence_that_is_gone() -> None:
    used = of_python() | of_templates() | in_tables_of_the_web()
    assert sorted(str(m.id) for m in ENGLISH if m.id and m.id not in used) == []


def test_every_sentence_of_the_framework_has_chinese() -> None:
    keywords = {"_": None, "__": None, "gettext": None, "lazy_gettext": None, "lazy_formatter_gettext": None}
    found = {
        str(message)
        for file, _, message, _, _ in extract_from_dir(FAB, [("**.py", "python")], keywords=keywords)
        if "console" not in file
    }
    assert found

    def chinese(text: str) -> bool:
        return any((m := c.get(text)) is not None and m.string and not m.fuzzy for c in (CHINESE, CHINESE_OF_FAB))

    assert sorted(text for text in found if not chinese(text)) == []

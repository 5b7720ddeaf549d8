"""What the README says about commands and settings is so."""

from __future__ import annotations

import re

from config import ROOT, VARIABLES

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_readme_as_it_is_declared() -> None:
    rows = [line for line in README.splitlines() if re.match(r"\| `[A-Z_]+` \|", line)]
    assert rows == [
        f"| `{each.name}` | {f'`{each.default}`' if each.default else '-'} | {each.zh} | {each.en} |"
        for each in VARIABLES
    ]


def test_every_make_command_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", README)) | set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    assert {"run", "test", "lock"} <= named <= targets


def test_every_word_of_the_glossary_stands_once_and_names_a_module_that_is_there() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| [^|]+ \| `([^`|]+)` \|$", (ROOT / "docs/words.md").read_text("utf-8"), re.MULTILINE
    )
    words = [word for word, _ in rows]
    assert len(words) > 40 and len(set(words)) == len(words)
    assert [where for _, where in rows if not (ROOT / where).is_file()] == []

"""Sheets of paper as PDF: A4, with the font in the file, text that can be selected, and no character lost."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typst

TEMPLATE = Path(__file__).with_name("print.typ")
FONTS = Path(__file__).parents[1] / "static" / "vendor" / "@expo-google-fonts" / "noto-sans-sc"
REGULAR = FONTS / "400Regular" / "NotoSansSC_400Regular.ttf"


def typeset(document: Mapping[str, Any], at: datetime) -> bytes:
    """Return a document of ``web.prints`` as PDF, made at a moment.

    A character that the font lacks is shown as a box with its number: □U+20BB7.
    """
    import typst  # 7 MB that a process needs with its first sheet

    inputs = {"document": json.dumps(_shown(document), ensure_ascii=False)}
    made = typst.compile(str(TEMPLATE), font_paths=_fonts(), sys_inputs=inputs, timestamp=at)
    assert isinstance(made, bytes)  # noqa: S101  # one PDF, never a list of pages
    return made


def lacks(character: str) -> bool:
    """Return whether the font has no glyph for a character."""
    return _lacking().fullmatch(character) is not None


@cache
def _fonts() -> typst.Fonts:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _shown(part: Any) -> Any:
    """Return the document with every character that the font lacks named."""
    if isinstance(part, str):
        return _lacking().sub(lambda m: f"□U+{ord(m[0]):04X}", part)
    if isinstance(part, Mapping):
        return {k: _shown(v) for k, v in part.items()}
    return [_shown(v) for v in part] if isinstance(part, list) else part


@cache
def _lacking() -> re.Pattern[str]:
    """Return a pattern for one character that the font lacks."""
    known = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _covered(REGULAR.read_bytes()))
    return re.compile(f"[^\t\n\r{known}]")


def _covered(font: bytes) -> Iterator[tuple[int, int]]:
    """Yield the ranges of characters that a font has, from its table `cmap` (format 12, OpenType 1.9)."""
    tables = {
        font[i : i + 4]: struct.unpack_from(">I", font, i + 8)[0]
        for i in range(12, 12 + 16 * struct.unpack_from(">H", font, 4)[0], 16)
    }
    start = tables[b"cmap"]
    for i in range(struct.unpack_from(">H", font, start + 2)[0]):
        sub = start + struct.unpack_from(">I", font, start + 8 + 8 * i)[0]
        if struct.unpack_from(">H", font, sub)[0] == 12:
            for n in range(struct.unpack_from(">I", font, sub + 12)[0]):
                first, last, _glyph = struct.unpack_from(">III", font, sub + 16 + 12 * n)
                yield first, last
            return

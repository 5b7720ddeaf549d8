"""Our sentences in the language of somebody who is not looking at a page."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"


@lru_cache
def translator(language: str) -> Callable[[str], str]:
    """Return what puts a Chinese template into ``language``, zh or en; Chinese stays as it is."""
    if language == "zh":
        return str
    return gettext.translation("messages", TRANSLATIONS, [language], fallback=True).gettext

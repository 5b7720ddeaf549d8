"""How a column header is compared: as people mean it, not as it was typed."""

from __future__ import annotations

import re
import unicodedata

BRACKETS = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]\s*$")
"""What stands in brackets at the end of a header: a unit, a format, ``必填``."""
_MARKS = re.compile(r"[\s*:\u200b\ufeff]+")


def folded(header: str) -> str:
    """Return a header without width, case, blanks, and what forms put behind it (``*``, ``：``)."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", header).casefold())

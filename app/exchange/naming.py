"""How a column header is compared: as people mean it, not as it was typed."""

from __future__ import annotations

import re
import unicodedata

_MARKS = re.compile(r"[\s*:_\u200b\ufeff]+|\((必填|选填|required|optional)\)")


def folded(header: str) -> str:
    """Return a header without width, case, blanks, and what forms put behind it (``*``, ``（必填）``, ``：``)."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", header).casefold())

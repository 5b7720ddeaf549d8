"""Codes from names: what people call a thing, as a word that programs can hold on to."""

from __future__ import annotations

import re
from collections.abc import Container

from anyascii import anyascii

LONGEST = 32
"""Characters of a code made from a name; there is room for a number behind it."""


def code_from(name: str, taken: Container[str] = (), *, otherwise: str = "field") -> str:
    """Return a code for a name: pinyin of Chinese, other letters as they are, ``_`` between words; not one of ``taken``.

    What has no letter at all, or begins with a digit, gets ``otherwise`` before it.
    """
    spaced = "".join(
        f" {anyascii(c)} " if "\u2e80" <= c < "\uff00" else anyascii(c) if c.isalnum() else " " for c in name
    )
    words = re.findall(r"[a-z0-9]+", spaced.lower())
    while len(code := "_".join(words)) > LONGEST and len(words) > 1:
        words.pop()
    code = code[:LONGEST]
    if not code[:1].isalpha():
        code = f"{otherwise}_{code}".rstrip("_")
    found, n = code, 1
    while found in taken:
        n += 1
        found = f"{code}_{n}"
    return found

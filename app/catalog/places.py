"""Which file, and which document of it, says what of a definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.catalog.kinds import KINDS, LISTS, kind_of
from app.catalog.loader import SITE
from app.catalog.marked import Loc, read_documents

KEYS = {kind.group: kind.key for kind in KINDS}
"""What tells the code in a definition of each group."""


@dataclass(frozen=True)
class Place:
    """Where a definition stands: in the document ``index`` (from 0) of a file, there at ``base``.

    ``group`` is a key of KEYS. ``extension``: what stands there is the site's adjustment of what bears that code.
    """

    group: str
    code: str
    file: str
    index: int
    base: Loc = ()
    extension: bool = False

    @property
    def is_site(self) -> bool:
        """Whether it belongs to the site rather than to what was shipped."""
        return self.file.startswith(SITE)


def places(files: Mapping[str, str]) -> list[Place]:
    """Return where each definition of ``files`` (path → YAML) stands, in the order in which they are read."""
    ordered = sorted(files, key=lambda f: (f.startswith(SITE), f))
    return [place for file in ordered for place in _in_file(file, files[file])]


def place_of(found: Iterable[Place], group: str, code: str, *, extension: bool = False) -> Place | None:
    """Return where one definition, or the site's (last) adjustment of it, stands; None where it does not."""
    mine = [p for p in found if (p.group, p.code, p.extension) == (group, code, extension)]
    return mine[-1 if extension else 0] if mine else None


@lru_cache(maxsize=2048)
def _in_file(file: str, text: str) -> tuple[Place, ...]:
    roots = enumerate(root for root, _ in read_documents(file, text))
    return tuple(p for i, root in roots if isinstance(root, dict) for p in _in_document(root, file, i))


def _in_document(root: dict[str, Any], file: str, index: int) -> Iterator[Place]:
    kind = kind_of(root)
    if kind is None:
        return
    group = kind.group
    if "extend" in root:
        yield Place(group, str(root["extend"]), file, index, extension=True)
    elif group in LISTS:
        for i, row in enumerate(root[group] if isinstance(root[group], list) else ()):
            if isinstance(row, dict) and "code" in row:
                yield Place(group, str(row["code"]), file, index, (group, i))
    else:
        yield Place(group, str(root.get(kind.key, "")), file, index)

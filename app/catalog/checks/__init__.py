"""What definitions mean together: names that must exist, parts that must fit, each with a stable id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.catalog.catalog import Catalog
from app.catalog.findings import Finding
from app.catalog.marked import Source


def check(
    catalog: Catalog, sources: Mapping[tuple[str, str], Source], broken: frozenset[tuple[str, str]]
) -> Iterator[Finding]:
    """Yield everything that does not hold together in ``catalog``.

    ``sources`` tells where each (group, code) was written; what ``broken`` names is there but was not read, so that
    nothing is said about names in it.
    """
    yield from ()

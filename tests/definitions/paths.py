"""Names of the parts of a catalog, as docs/requirements.yaml writes them."""

from __future__ import annotations

from collections.abc import Iterator

from app.catalog.catalog import Catalog
from app.catalog.register import RegisterSpec
from app.web.pages import BLUEPRINTS


def places(catalog: Catalog) -> frozenset[str]:
    """Return every name by which a requirement may point at what meets it."""
    found = {f"register:{code}" for code in catalog.registers} | {f"indicator:{code}" for code in catalog.indicators}
    found |= {f"page:{blueprint.name}" for blueprint in BLUEPRINTS}
    return frozenset(found | {f"{r.code}.{name}" for r in catalog.registers.values() for name in _parts(r)})


def _parts(register: RegisterSpec) -> Iterator[str]:
    yield from (part.code for part in (*register.fields, *register.checks, *register.duties, *register.breaches))
    yield from (part.code for part in (*register.counters, *register.refuse, *register.reports))
    yield from (offer.code for counter in register.counters for offer in counter.offers)
    yield from (f"access.{access.role}" for access in register.access)
    yield from (f"prints.{sheet.code}" for sheet in register.prints)
    if register.workflow is not None:
        yield "workflow"
        yield from (part.code for part in (*register.workflow.states, *register.workflow.transitions))
    if register.retention is not None:
        yield "retention"
    if register.excluded:
        yield "excluded"
    if register.logged is not None:
        yield "logged"

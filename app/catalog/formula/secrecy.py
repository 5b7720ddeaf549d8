"""What no formula may take, because its value would tell of records that some may not know of."""

from __future__ import annotations

from app.catalog.formula.names import Registers
from app.catalog.formula.tree import Looked, Own, Source
from app.errors import Sentence, say


def kept_back(catalog: Registers, source: Source) -> Sentence | None:
    """Return why a formula may not take from the records of a source; None where it may."""
    if isinstance(source, Own):
        return None
    spec = catalog.registers[source.register]
    follows = not isinstance(source, Looked) and spec.follows == source.through
    above = catalog.registers.get(getattr(spec.field(spec.follows), "target", ""))
    if spec.excluded or (above is not None and above.excluded and not follows):
        return say("《{register}》的记录对被提及的人保密，不能由公式取出", register=spec.label.zh)
    if spec.logged is not None:
        return say("查阅《{register}》要留下记录，不能由公式取出", register=spec.label.zh)
    return None

"""All functions and operators of the formula language, by name."""

from __future__ import annotations

from app.catalog.formula.functions import dates, links, logic, numbers, operators, texts
from app.catalog.formula.functions.function import Function

FUNCTIONS: dict[str, Function] = {
    f.name: f
    for module in (logic, numbers, texts, dates, links, operators)
    for f in module.__dict__.values()
    if isinstance(f, Function)
}
"""Every function by its name in capitals, and every operator by its sign."""

OFFERED: tuple[Function, ...] = tuple(f for f in FUNCTIONS.values() if f.help is not None)
"""The functions that people write, in the order of the reference."""

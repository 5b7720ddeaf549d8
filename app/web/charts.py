"""Small charts as numbers for SVG: bars of a course, and the line of a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

WIDTH, HEIGHT, GAP = 240, 56, 4


@dataclass(frozen=True)
class Bar:
    """One bar in the units of the drawing; ``text`` says what it stands for."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    text: str


@dataclass(frozen=True)
class Chart:
    """Bars in a field of ``width`` × ``height``; ``line`` is the height of the target, None without one."""

    bars: list[Bar]
    line: float | None
    text: str
    width: int = WIDTH
    height: int = HEIGHT


def bars(points: Sequence[tuple[Fraction | None, str, str]], target: Fraction | None) -> Chart:
    """Return the chart of values, each with its tone and what is said of it; those without a value leave a gap."""
    top = max(
        [v for v, _, _ in points if v is not None] + ([target] if target is not None else []), default=Fraction(0)
    )
    step = WIDTH / max(len(points), 1)

    def height(value: Fraction) -> float:
        return round(float(max(value, Fraction(0)) / top) * (HEIGHT - 2), 1) if top > 0 else 0.0

    drawn = [
        Bar(
            round(n * step + GAP / 2, 1),
            round(HEIGHT - max(height(v), 1), 1),
            round(step - GAP, 1),
            max(height(v), 1),
            tone,
            text,
        )
        for n, (v, tone, text) in enumerate(points)
        if v is not None
    ]
    line = None if target is None else round(HEIGHT - height(target), 1)
    return Chart(drawn, line, "；".join(text for _, _, text in points))

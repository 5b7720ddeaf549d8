"""Numbers given once: row ids and record numbers, from counters that move only with the transaction."""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import update

from app.catalog.register import RegisterSpec
from app.models import behind
from app.models.bulk import insert_new
from app.models.fixed import sequence
from app.models.foreseen import Foreseen
from app.services.panel import Work

_PLACE = re.compile(r"\{(yyyy|yy|mm|dd|seq)(?::(\d+))?\}")


def take(work: Work, key: str, count: int = 1) -> int:
    """Reserve ``count`` successive numbers of a counter and return the first; an abandoned transaction gives them back."""
    if isinstance(foreseen := behind.of(work.connection), Foreseen):
        return foreseen.take(work.connection, key, count)
    bump = (
        update(sequence).where(sequence.c.key == key).values(value=sequence.c.value + count).returning(sequence.c.value)
    )
    last = work.connection.execute(bump).scalar()
    if last is None:
        insert_new(work.connection, sequence, [{"key": key, "value": 0}])
        last = work.connection.execute(bump).scalar_one()
    return int(last) - count + 1


def raise_to(work: Work, key: str, value: int) -> None:
    """Make sure that a counter gives no number up to ``value`` again; for numbers that a file brought."""
    take(work, key, 0)
    work.connection.execute(update(sequence).where(sequence.c.key == key, sequence.c.value < value).values(value=value))


def pattern_of(spec: RegisterSpec) -> str:
    """Return the pattern of a register's record numbers; by default the initials of its code, year and sequence."""
    return spec.number or "".join(w[0] for w in spec.code.split("_")).upper() + "{yyyy}-{seq:5}"


def numbers(work: Work, register: str, pattern: str, day: date, count: int) -> list[str]:
    """Return the next ``count`` numbers of a pattern such as ``TS-{yyyy}-{seq:5}``; the sequence runs within the text before it."""
    head, width, tail = _parts(pattern, day)
    first = take(work, f"{register}:{head}", count)
    return [f"{head}{n:0{width}d}{tail}" for n in range(first, first + count)]


def remember(work: Work, register: str, pattern: str, day: date, given: list[str]) -> None:
    """Keep numbers that a file brought from being given again."""
    head, _, tail = _parts(pattern, day)
    shape = re.compile(re.escape(head) + r"(\d{1,12})" + re.escape(tail))
    if taken := [int(m[1]) for g in given if (m := shape.fullmatch(g))]:
        raise_to(work, f"{register}:{head}", max(taken))


def _parts(pattern: str, day: date) -> tuple[str, int, str]:
    days = {"yyyy": f"{day:%Y}", "yy": f"{day:%y}", "mm": f"{day:%m}", "dd": f"{day:%d}"}
    width = 1
    texts = ["", ""]
    at, side = 0, 0
    for m in _PLACE.finditer(pattern):
        texts[side] += pattern[at : m.start()]
        if m[1] == "seq":
            width, side = int(m[2] or 1), 1
        else:
            texts[side] += days[m[1]]
        at = m.end()
    texts[side] += pattern[at:]
    return texts[0], width, texts[1]

"""What makes the text of a CSV cell within the database: the very text that ``exporting`` makes of the value in Python."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.catalog.register import RegisterSpec
from app.exchange.cells import guarded
from app.fields.base import Field, Storage
from app.fields.numbers import Scaled, YesNo
from app.fields.texts import Choice, SeveralChoices
from app.fields.times import Moment

_BREAKS = ",", '"', "\n", "\r"
_PLAIN_STARTS = ("㐀", "ꀀ"), ("A", "{")
"""Ideographs and letters, from the first to before the second: a text that begins with one is neither a formula nor misread."""


def quoted(text: str) -> str:
    """Return a cell as ``csv.writer`` writes it."""
    return '"' + text.replace('"', '""') + '"' if any(b in text for b in _BREAKS) else text


def literal(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


class Sqlite:
    """Expressions of SQLite; what it cannot tell by itself it asks ``csv_text`` and ``csv_moment``, functions of the connection."""

    quotes = True
    """Its cells must be quoted where they hold what ends a cell."""

    def quote(self, x: str) -> str:
        """Return a text as a cell."""
        breaks = " OR ".join(f"instr({x}, {b})" for b in ("','", "'\"'", "char(10)", "char(13)"))
        whole = f"CASE WHEN {breaks} THEN '\"' || replace({x}, '\"', '\"\"') || '\"' ELSE {x} END"
        return f"CASE WHEN instr({x}, char(0)) THEN csv_text({x}) ELSE {whole} END"

    def plainly(self, x: str, behind: str = "") -> str:
        """Return whether a text begins with a plain start, ``behind`` something else."""
        return _begins_plainly(x, behind)

    def text(self, x: str) -> str:
        """Return a text as a cell that is safe to open in a spreadsheet."""
        number = f"{x} GLOB '[1-9]*' AND length({x}) < 12 AND {x} NOT GLOB '*[^0-9]*'"
        return f"CASE WHEN {x} IS NULL THEN NULL WHEN {self.plainly(x)} THEN {self.quote(x)} WHEN {number} THEN {x} ELSE csv_text({x}) END"

    def moment(self, x: str, zone: ZoneInfo) -> str:
        """Return a moment as the site's clocks show it."""
        since, offset = settled(zone)
        shown = (
            f"substr(datetime({x}, '{offset:+d} seconds'), 1, CASE WHEN substr({x}, 18, 2) = '00' THEN 16 ELSE 19 END)"
        )
        return (
            f"CASE WHEN {x} >= '{since:%Y-%m-%d %H:%M:%S}' THEN {shown} WHEN {x} IS NOT NULL THEN csv_moment({x}) END"
        )

    def scaled(self, x: str, places: int) -> str:
        """Return a whole number of smallest units as a decimal."""
        if not places:
            return f"CAST({x} AS TEXT)"
        sign, unit = f"CASE WHEN {x} < 0 THEN '-' ELSE '' END", 10**places
        return f"CASE WHEN {x} IS NOT NULL THEN printf('%s%d.%0{places}d', {sign}, abs({x}) / {unit}, abs({x}) % {unit}) END"

    def truth(self, x: str, yes: str, no: str) -> str:
        """Return the words for yes and no."""
        return f"CASE {x} WHEN 1 THEN {literal(yes)} WHEN 0 THEN {literal(no)} END"


class Postgresql:
    """Expressions of PostgreSQL, whose COPY quotes by itself; a cell of no text is NULL to it.

    They refer to ``patterns`` as columns of ``csv_names``: said in each, they would make a query long that is translated for every batch.
    """

    quotes = False

    @property
    def patterns(self) -> dict[str, str]:
        """The regular expressions that are known by names."""
        digit = _digits()
        return {"digit": f"^{digit}", "misread": _misread(digit)}

    def quote(self, x: str) -> str:
        """Return a text as a cell."""
        return f"NULLIF({x}, '')"

    def plainly(self, x: str, behind: str = "") -> str:
        """Return whether a text begins with a plain start, ``behind`` something else."""
        return _begins_plainly(f'{x} COLLATE "C"', behind)

    def text(self, x: str) -> str:
        """Return a text as a cell that is safe to open in a spreadsheet."""
        c = f'{x} COLLATE "C"'
        number = f"{c} >= '1' AND {c} < ':' AND {c} ~ '^[1-9][0-9]{{0,10}}$'"
        return (
            f"CASE WHEN {x} IS NULL THEN NULL WHEN {self.plainly(x)} OR {number} THEN {x}"
            f" WHEN {x} ~ csv_names.digit"
            f" THEN CASE WHEN {x} ~ csv_names.misread THEN {x} || chr(9) ELSE {x} END"
            f" WHEN {x} ~ {literal(_FORMULA)} THEN chr(39) || {x} ELSE NULLIF({x}, '') END"
        )

    def moment(self, x: str, zone: ZoneInfo) -> str:
        """Return a moment as the site's clocks show it."""
        local = f"({x} AT TIME ZONE {literal(zone.key)})::text"
        return f"replace(replace(left({local}, 19) || '$', ':00$', ''), '$', '')"

    def scaled(self, x: str, places: int) -> str:
        """Return a whole number of smallest units as a decimal."""
        if not places:
            return f"{x}::text"
        sign, unit = f"CASE WHEN {x} < 0 THEN '-' END", 10**places
        return f"CASE WHEN {x} IS NOT NULL THEN concat({sign}, abs({x}) / {unit}, '.', lpad((abs({x}) % {unit})::text, {places}, '0')) END"

    def truth(self, x: str, yes: str, no: str) -> str:
        """Return the words for yes and no."""
        return f"CASE WHEN {x} THEN {literal(yes)} WHEN NOT {x} THEN {literal(no)} END"


Words = Sqlite | Postgresql


def cell(words: Words, spec: RegisterSpec, field: Field, x: str, language: str) -> str | None:
    """Return the SQL for the cell of a field that points nowhere, whose column is ``x``; None where SQL cannot say it."""
    if field.code == "state" and spec.workflow is not None:
        states = {s.code: s.label.text(language) for s in spec.workflow.states}
        return _named(words, x, states, words.quote(x))
    match field:
        case Choice():
            return _named(words, x, {o.code: o.zh for o in field.choices}, words.text(x))
        case SeveralChoices():
            return _several(words, field, x)
        case Moment():
            return words.moment(x, Moment.zone)
        case YesNo():
            return words.truth(x, field.format(True), field.format(False))
        case Scaled():
            return words.scaled(x, field.places)
    if field.storage in (Storage.INTEGER, Storage.DATE):
        return x  # as the database writes it; a day so in PostgreSQL's session of ISO days
    return words.text(x) if field.storage is Storage.TEXT else None


def _named(words: Words, x: str, names: dict[str, str], other: str) -> str:
    """Return the name of each code; ``other`` is what a value beside them is, and soon says those that are their own plain names."""
    finish = quoted if words.quotes else str
    told = {code: name for code, name in names.items() if code != name or not _plain(name)}
    known = " ".join(f"WHEN {literal(code)} THEN {literal(finish(guarded(name)))}" for code, name in told.items())
    return f"CASE WHEN {x} IS NULL THEN NULL ELSE CASE {x} {known} ELSE {other} END END" if told else other


def _several(words: Words, field: SeveralChoices, x: str) -> str | None:
    """Return the names of several codes. A name that is another code, or divides, would be taken for one: that is not for SQL."""
    codes = {o.code for o in field.choices}
    renamed = [o for o in field.choices if o.zh != o.code]
    if any(o.zh in codes or ";" in o.zh or ";" in o.code for o in renamed):
        return None
    held = x
    for o in renamed:
        held = f"replace({held}, {literal(f';{o.code};')}, {literal(f';{o.zh};')})"
    listed = f"trim({held}, ';')"
    return f"CASE WHEN {words.plainly(held, ';')} THEN {words.quote(listed)} ELSE {words.text(listed)} END"


def _plain(text: str) -> bool:
    return any(first <= text < end for first, end in _PLAIN_STARTS)


def _begins_plainly(x: str, behind: str) -> str:
    starts = ((literal(behind + first), literal(behind + end)) for first, end in _PLAIN_STARTS)
    return " OR ".join(f"({x} >= {first} AND {x} < {end})" for first, end in starts)


_FORMULA = "^'*[=+@\t\r\n＝＋－＠-]"


def _misread(digit: str) -> str:
    """Return ``cells._MISREAD`` in PostgreSQL's words, for which a digit is one of ASCII alone."""
    d = digit
    either = (
        f"0{d}+", f"{d}{{12,}}", f"{d}+[-/.]{d}+([-/.]{d}+)?", f"{d}+([.]{d}+)?[eE][+-]?{d}+", f"{d}{{1,2}}:{d}{{2}}(:{d}{{2}})?", f"{d}+[.]{d}*0",
    )  # fmt: skip
    return f"^({'|'.join(either)})$"


@lru_cache(maxsize=1)
def _digits() -> str:
    """Return the class of all that Python takes for a decimal digit; they come in rows of ten."""
    noughts = (c for c in map(chr, range(sys.maxunicode)) if unicodedata.decimal(c, None) == 0)
    return "[" + "".join(f"{c}-{chr(ord(c) + 9)}" for c in noughts) + "]"


@lru_cache(maxsize=4)
def settled(zone: ZoneInfo) -> tuple[datetime, int]:
    """Return a moment (UTC) from which the zone's clocks are not put forward or back any more, and by how many seconds they differ.

    Of a zone with summer time that is a moment in the far future.
    """
    week, at = timedelta(days=7), datetime(2100, 1, 1, tzinfo=UTC)
    offset = at.astimezone(zone).utcoffset()
    while at.year > 1900 and (at - week).astimezone(zone).utcoffset() == offset:
        at -= week
    return at, int((offset or timedelta()).total_seconds())


def line_of(cells: Sequence[str]) -> str:
    """Return the SQL for a line of SQLite's cells; its functions take at most 100 arguments."""
    parts = [cells[n : n + 90] for n in range(0, len(cells), 90)]
    return (
        " || ',' || ".join(f"printf('{','.join(['%s'] * len(part))}', {', '.join(part)})" for part in parts)
        + " || char(13, 10)"
    )

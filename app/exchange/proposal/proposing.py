"""A whole file looked through, and the register that it would make."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect

from app.catalog.codes import code_from
from app.catalog.register import RESERVED, SYSTEM
from app.errors import CellError, Invalid, say
from app.exchange.cells import unguarded
from app.exchange.naming import BRACKETS, folded
from app.exchange.opening import open_sheet
from app.exchange.proposal.guess import Guess, guess
from app.exchange.proposal.links import Directory, Named
from app.exchange.proposal.seen import Seen
from app.exchange.reading import FileShape, Row, Sheet
from app.exchange.survey import batches
from app.models.registers import PREFIX
from app.services.panel import Work

_BATCH = 2_000
_KEPT = 8


@dataclass(frozen=True)
class Proposed:
    """One column of the file: what it is called there, and what it would be; ``system`` names the field that every register has for it."""

    header: str
    label: str
    code: str
    guess: Guess
    samples: tuple[str, ...] = ()
    system: str = ""


@dataclass(frozen=True)
class Proposal:
    """The register that a file would make: ``rows`` counts all of them; ``faulty`` rows have too many or too few cells."""

    shape: FileShape
    columns: tuple[Proposed, ...]
    rows: int
    faulty: int
    label: str
    code: str


def propose(work: Work, file: Path, name: str = "", **options: Any) -> Proposal:
    """Look through a file, all rows once, and return the register that it would make.

    ``name`` is what the file is called; ``options`` are those of ``opening.open_sheet``. What values may name is what the actor may look up.
    Raises Invalid where the file is no table, or breaks off.
    """
    memory: OrderedDict[Any, Proposal] = work.panel.memory.setdefault("proposals", OrderedDict())
    key = (str(file), name, work.actor.person_id, work.catalog.revision, tuple(sorted(options.items())))
    if key not in memory:
        memory[key] = _propose(work, open_sheet(file, **options), name)
        while len(memory) > _KEPT:
            memory.popitem(last=False)
    return memory[key]


def _propose(work: Work, sheet: Sheet, name: str) -> Proposal:
    headers = sheet.shape.columns
    if not headers:
        raise Invalid([CellError("", say("文件里没有表头"))])
    seen = [Seen() for _ in headers]
    directory = Directory(work)
    named = [Named(directory) for _ in headers]
    rows = faulty = 0
    samples: list[list[str]] = [[] for _ in headers]
    for batch in batches(sheet.rows(), _BATCH):
        sound = [r for r in batch if r.fault is None]
        rows, faulty = rows + len(batch), faulty + len(batch) - len(sound)
        _look(sound, seen, named, samples, sheet.literal)
    if sheet.broken:
        raise Invalid(sheet.broken)
    if not rows:
        raise Invalid([CellError("", say("表头下面没有内容"))])
    labels = {code: spec.label for code, spec in work.catalog.registers.items()}
    columns: list[Proposed] = []
    codes, called = set(RESERVED), set()
    for n, header in enumerate(headers):
        label = BRACKETS.sub("", header).strip(" *＊:：") or str(say("第 {n} 列", n=n + 1))
        while folded(label) in called:
            label += "2"
        called.add(folded(label))
        found = guess(header, seen[n], named[n].fits, labels)
        system = "remark" if folded(label) == folded(SYSTEM["remark"].label.zh) else ""
        if system:
            found = Guess(why=[say("每本登记簿都有“备注”，导入到那里")])
        code = system or code_from(label, codes)
        codes.add(code)
        columns.append(Proposed(header, label, code, found, tuple(samples[n]), system))
    title = _title(name, sheet.shape)
    return Proposal(
        sheet.shape, tuple(columns), rows, faulty, title, code_from(title, taken(work), otherwise="register")
    )


def _look(rows: list[Row], seen: list[Seen], named: list[Named], samples: list[list[str]], literal: bool) -> None:
    lines = [r.line for r in rows]
    for n, one in enumerate(seen):
        texts = [r.cells[n] if literal else unguarded(r.cells[n]) for r in rows]
        doubted = {i: r.cells[n] for i, r in enumerate(rows) if n in r.doubts}
        values = one.take(texts, lines, doubted)
        named[n].take(values, texts, lines)
        samples[n] += list(values)[: 3 - len(samples[n])]


def _title(name: str, shape: FileShape) -> str:
    """Return what the register may be called: the file's name, without what copies and days add; else the sheet's."""
    stem = re.sub(r"[\s_-]*[(（]\d+[)）]$|[\s_-]*\d{6,8}$|[\s_-]*副本$", "", Path(name).stem).strip(" _-")
    return (stem or shape.sheet or str(say("新登记簿")))[:40]


def taken(work: Work) -> set[str]:
    """Return the codes of registers that are, or ever were: tables are never dropped."""
    tables = inspect(work.connection).get_table_names()
    return {*work.catalog.registers, *(t.removeprefix(PREFIX) for t in tables if t.startswith(PREFIX))}

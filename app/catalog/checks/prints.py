"""Prints: every field, register, state and role that a sheet names is there and can stand where it is put."""

from __future__ import annotations

from app.catalog.checks.conditions import check_condition
from app.catalog.checks.subject import PEOPLE, Subject
from app.catalog.marked import Loc
from app.catalog.print import Block, Print
from app.errors import say
from app.fields.links import Link


def check_prints(s: Subject) -> None:
    """Note what is wrong with the prints of a register."""
    for i, one in enumerate(s.spec.prints):
        loc: Loc = ("prints", i)
        s.states((*loc, "state"), one.state)
        s.roles((*loc, "by"), one.by)
        if one.when is not None:
            check_condition(s, (*loc, "when"), one.when)
        for j, block in enumerate(one.layout):
            _block(s, (*loc, "layout", j), one, block)


def _block(s: Subject, loc: Loc, one: Print, block: Block) -> None:
    if one.together and (block.lines or list(block.paths)):
        s.wrong("D921", loc, say("一张打印全部所选记录的单子上，不能有某一条记录的内容"))
        return
    for k, path in enumerate(block.fields):
        _path(s, (*loc, "fields", k), path)
    for k, code in enumerate(block.rows):
        s.field((*loc, "rows", k), code, shown=True)
    for k, sign in enumerate(block.signs):
        if sign.field:
            s.field((*loc, "signs", k, "field"), sign.field, PEOPLE)
    if block.text is not None:
        for path in block.paths:
            _path(s, (*loc, "text"), path)
    if block.lines is not None:
        other = s.register((*loc, "lines", "register"), block.lines.register_code)
        if other is not None:
            s.points_at((*loc, "lines", "through"), block.lines.through, other, s.spec.code)
            for k, code in enumerate(block.lines.columns):
                s.field((*loc, "lines", "columns", k), code, of=other, shown=True)
            if (order := block.lines.order.lstrip("-")) != "id":
                s.field((*loc, "lines", "order"), order, of=other, shown=True)


def _path(s: Subject, loc: Loc, path: str) -> None:
    """Note a field of the record, or of one that it points to, that is not there."""
    head, dot, rest = path.partition(".")
    link = s.field(loc, head, shown=True)
    if not dot or link is None:
        return
    if not isinstance(link, Link) or not link.target or link.many or "." in rest:
        s.wrong("D922", loc, say("“{path}”：只能经过一个指向单条记录的引用", path=path))
    elif (target := s.catalog.registers.get(link.target)) is not None:
        s.field(loc, rest, of=target, shown=True)

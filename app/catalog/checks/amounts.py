"""Amounts: one holds on a day, bands leave no hole, a ladder has its first rung, and what is measured can be measured."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from app.catalog.amount import LATENESS, Amount, Band, Charge, Interest
from app.catalog.blank_words import aside, called_so, in_words
from app.catalog.checks.conditions import check_condition
from app.catalog.checks.duties import undecided
from app.catalog.checks.subject import MONEY, NUMBER, REFERENCE, TIME, Subject
from app.catalog.condition import Condition
from app.catalog.duty import Span
from app.catalog.marked import Loc
from app.catalog.register import RegisterSpec
from app.errors import say
from app.fields.links import Link, Reference


def check_amounts(
    s: Subject,
    loc: Loc,
    amounts: tuple[Amount, ...],
    of: RegisterSpec | None = None,
    *,
    late: bool = False,
    counted: bool = False,
) -> None:
    """Note what is wrong with the amounts of a breach, or of a kind of line on records ``of`` a checklist.

    ``late``: the breach is a missed duty that does not repeat, so that lateness can be told; ``counted``: it has a counter.
    """
    for i, amount in enumerate(amounts):
        at: Loc = (*loc, i)
        s.cited(at, amount, say("金额"))
        if amount.same_as:
            link = s.field((*at, "same_as"), amount.same_as, REFERENCE)
            if isinstance(link, Reference):
                of_tickets(s, (*at, "same_as"), link)
        if amount.when is not None:
            _condition(s, (*at, "when"), amount.when, of)
        if amount.by_lateness and not late:
            s.wrong("D811", at, say("金额按逾期长短计算，但这项违规不是某项不重复的时限责任逾期所致"))
        if amount.ladder and not counted:
            s.wrong("D810", (*at, "ladder"), say("按次数分级须写计次{counter}", counter=aside("counter")))
        if amount.of:
            _number(s, (*at, "of"), amount.of, of)
        _shares(s, at, amount)
        if amount.interest is not None:
            _interest(s, (*at, "interest"), amount.interest)
        _bands(s, (*at, "bands"), amount)
        _ladder(s, (*at, "ladder"), amount)
    for i, j in undecided(amounts, [a.when for a in amounts]):
        s.wrong("D803", (*loc, j), say("与第 {n} 条金额同日生效，无法决定用哪一条", n=i + 1))


def of_tickets(s: Subject, loc: Loc, link: Reference) -> None:
    """Note a reference that does not point to a register of tickets."""
    target = s.catalog.registers.get(link.target)
    if target is not None and not target.tickets_of:
        s.wrong(
            "D805",
            loc,
            say("“{field}”没有引用处罚单登记簿{tickets_of}", field=link.label.zh, tickets_of=aside("tickets_of")),
        )


def _condition(s: Subject, loc: Loc, condition: Condition, of: RegisterSpec | None) -> None:
    """Check a condition that may also ask of the person charged."""
    for key, group in (("all", condition.all_), ("any", condition.any_)):
        for i, part in enumerate(group or ()):
            _condition(s, (*loc, key, i), part, of)
    if condition.not_ is not None:
        _condition(s, (*loc, "not"), condition.not_, of)
    if condition.field == "charged.roles":
        if not isinstance(condition.has, str):
            s.wrong(
                "D503",
                loc,
                in_words(
                    "Condition",
                    say("“{roles}”只能用“{has}”比较", roles=called_so("charged.roles", say("承担人的角色"))),
                ),
            )
        else:
            s.role((*loc, "has"), condition.has)
    elif condition.field and condition.field != "charged.rank":
        check_condition(s, loc, condition, of)


def _number(s: Subject, loc: Loc, path: str, of: RegisterSpec | None = None, *, money: bool = False) -> None:
    """Note a value that is no number of the record, or of a record it refers to."""
    name, _, further = path.partition(".")
    if not further:
        s.field(loc, name, MONEY if money else NUMBER, of)
        return
    link = s.field(loc, name, REFERENCE, of)
    target = s.catalog.registers.get(link.target) if isinstance(link, Link) else None
    if target is not None:
        s.field(loc, further, MONEY if money else NUMBER, target)


def _shares(s: Subject, loc: Loc, amount: Amount) -> None:
    """Note a share of nothing, a value that nothing is measured by, and a unit that does not go with the form."""
    parts: tuple[Charge, ...] = (amount, *amount.bands, *amount.ladder)
    by_value = any(isinstance(b.up_to, Decimal) for b in amount.bands)
    if (any(p.percent is not None for p in parts) or by_value) and not amount.of:
        s.wrong("D814", loc, say("写了百分比或按数值分段，须写明是哪个字段的{of}", of=aside("of")))
    elif amount.of and not by_value and all(p.percent is None for p in parts):
        s.wrong(
            "D814",
            (*loc, "of"),
            in_words("Amount", say("“{of}”只与“{percent}”或按数值的“{bands}”一起写")),
        )
    if amount.per in LATENESS and not amount.says:
        s.wrong(
            "D814",
            (*loc, "per"),
            in_words("Amount", say("“{per}”只与“{money}”、“{percent}”、“{points}”、“{sanction}”一起写")),
        )


def _interest(s: Subject, loc: Loc, rule: Interest) -> None:
    _number(s, (*loc, "balance"), rule.balance, money=True)
    if rule.percent_field:
        _number(s, (*loc, "percent_field"), rule.percent_field)
    if (paid := rule.paid) is None:
        return
    book = s.register((*loc, "paid", "register"), paid.register_code)
    if book is not None:
        s.points_at((*loc, "paid", "through"), paid.through, book, s.spec.code)
        s.field((*loc, "paid", "amount"), paid.amount, MONEY, book)
        s.field((*loc, "paid", "paid_on"), paid.paid_on, TIME, book)


def _bands(s: Subject, loc: Loc, amount: Amount) -> None:
    if not amount.bands:
        return
    *limited, last = amount.bands
    for i, band in enumerate(amount.bands):
        if not band.says:
            s.wrong(
                "D809",
                (*loc, i),
                in_words("Band", say("这一档没有写“{money}”、“{percent}”、“{points}”或“{sanction}”")),
            )
        if band.up_to is None and band is not last:
            s.wrong("D809", (*loc, i), in_words("Band", say("只有最后一档可以不写“{up_to}”，其后各档永远轮不到")))
    if last.up_to is not None:
        s.wrong(
            "D809",
            (*loc, len(limited)),
            in_words("Band", say("最后一档不能写“{up_to}”，否则超出的部分没有规定")),
        )
    for i, (a, b) in enumerate(pairwise([x for x in limited if x.up_to is not None]), 1):
        if (sizes := _sizes(a, b)) is None:
            s.wrong("D809", (*loc, i, "up_to"), say("各档须用同一种单位"))
        elif sizes[0] >= sizes[1]:
            s.wrong("D809", (*loc, i, "up_to"), say("各档须由低到高，不能重叠"))


def _sizes(a: Band, b: Band) -> tuple[Decimal, Decimal] | None:
    """Return the limits of two bands as numbers of the same unit; None where their units differ."""
    found = []
    for up_to in (a.up_to, b.up_to):
        unit, size = next(((k, v) for k, v in up_to if v is not None)) if isinstance(up_to, Span) else ("", up_to)
        found.append((unit, Decimal(size or 0)))
    return (found[0][1], found[1][1]) if found[0][0] == found[1][0] else None


def _ladder(s: Subject, loc: Loc, amount: Amount) -> None:
    if not amount.ladder:
        return
    if amount.ladder[0].from_nth != 1:
        s.wrong("D810", (*loc, 0, "from_nth"), say("缺少第一级：须从第 1 次写起"))
    for i, (a, b) in enumerate(pairwise(amount.ladder), 1):
        if a.from_nth >= b.from_nth:
            s.wrong("D810", (*loc, i, "from_nth"), say("各级须由低到高，每一次只属于一级"))
    for i, rung in enumerate(amount.ladder):
        if not rung.says:
            s.wrong(
                "D810",
                (*loc, i),
                in_words("Rung", say("这一级没有写“{money}”、“{percent}”、“{points}”或“{sanction}”")),
            )

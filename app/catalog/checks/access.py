"""Access: roles and verbs exist, and rows opened by an approval name a real approval."""

from __future__ import annotations

from app.catalog.blank_words import aside, called_so, in_words
from app.catalog.checks.conditions import check_condition
from app.catalog.checks.subject import MOMENT, PEOPLE, PERSON, Subject
from app.catalog.marked import Loc
from app.catalog.misfits import choose
from app.catalog.register import VERBS, Access, Grant
from app.catalog.words import ROWS
from app.errors import say


def check_access(s: Subject) -> None:
    """Note what is wrong with who may do what in a register."""
    if not s.spec.access:
        s.wrong(
            "D902",
            (),
            in_words("RegisterSpec", say("没有人能使用《{register}》：没有写“{access}”", register=s.spec.label.zh)),
            "warning",
        )
    if s.spec.logged is not None:
        check_condition(s, ("logged",), s.spec.logged, hop=False)
    for i, access in enumerate(s.spec.access):
        _access(s, ("access", i), access)


def _access(s: Subject, loc: Loc, access: Access) -> None:
    s.role((*loc, "role"), access.role, everyone=True)
    for i, verb in enumerate(access.can):
        if verb not in VERBS:
            s.wrong("D901", (*loc, "can", i), say("没有“{verb}”这种权限，{hint}", verb=verb, hint=choose(verb, VERBS)))
    for i, code in enumerate(access.named_in):
        s.field((*loc, "named_in", i), code, PEOPLE)
    if access.when is not None:
        check_condition(s, (*loc, "when"), access.when, hop=False)
    if access.rows == "granted" and access.grant is None:
        s.wrong(
            "D903",
            loc,
            say(
                "“{rows}”需要写明由哪种批准开放{grant}",
                rows=called_so("rows: granted", ROWS["granted"]),
                grant=aside("grant"),
            ),
        )
    if access.grant is not None:
        if access.rows != "granted":
            s.wrong(
                "D903",
                (*loc, "grant"),
                in_words(
                    "Access", say("“{grant}”只能与“{rows}”一起写", rows=called_so("rows: granted", ROWS["granted"]))
                ),
            )
        _grant(s, (*loc, "grant"), access.grant)


def _grant(s: Subject, loc: Loc, grant: Grant) -> None:
    approvals = s.register((*loc, "register"), grant.register_code)
    if approvals is None:
        return
    s.single((*loc, "person"), grant.person, PERSON, approvals)
    s.points_at((*loc, "target"), grant.target, approvals, s.spec.code, several=True)
    s.states((*loc, "state"), grant.state, approvals)
    s.field((*loc, "until"), grant.until, MOMENT, approvals)

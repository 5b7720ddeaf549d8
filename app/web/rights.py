"""What a person may do, in words: which rows by which role and article, what stays hidden or closed, which transitions, which powers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog import rights
from app.catalog.base import Party
from app.catalog.register import Access, RegisterSpec
from app.catalog.rights import EVERYONE, Power, Rights, Step
from app.fields.base import Field
from app.fields.links import Person, Signature
from app.services import scope
from app.services.panel import Work
from app.services.rights import Held, Opened
from app.web import conditions
from app.web.cells import moment
from app.web.counted import field_name
from app.web.language import label, language_comma

VERBS = {
    "find": "检索编号和名称", "read": "查看", "add": "新增", "edit": "修改", "delete": "归档", "import": "导入", "export": "导出",
}  # fmt: skip
POWERS = {
    "confirm": "确认或免除处罚单", "report": "登记违规", "appeal": "裁定申诉", "decide": "决定扣罚绩效工资", "figures": "查看全部指标数值",
    "decide_appeals": "裁定全站的申诉", "close_months": "月结处罚", "reopen_months": "准许重开已结月份", "read_access_log": "查看查阅日志",
    "approve_definitions": "审批制度和登记簿定义的改动",
    "administration": "管理账号、角色、定义的发布、制度施行和工作日历；不因此看到任何登记内容",
}  # fmt: skip


def registers(work: Work, held: Held) -> list[dict[str, Any]]:
    """Return the rights by domain, in the order of the menu."""
    return _by_domain(
        work,
        [
            (
                r,
                _register(work, r, held.opened.get(r.spec.code, ()))
                | {"url": f"{request.script_root}/grid/{r.spec.code}" if scope.may(work, r.spec.code, "read") else ""},
            )
            for r in held.registers
        ],
    )


def of_role(work: Work, code: str, url: Callable[[str], str]) -> dict[str, Any]:
    """Return what a role is given: ``groups`` of registers, each with its ``url``, and ``powers`` beside them."""
    told = [(r, _register(work, r, ()) | {"url": url(r.spec.code)}) for r in rights.given(work.catalog, code)]
    beside = rights.powers(work.catalog, {code}, frozenset(work.catalog.policies))
    return {"groups": _by_domain(work, told), "powers": powers(work, beside)}


def _by_domain(work: Work, told: Sequence[tuple[Rights, dict[str, Any]]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for r, shown in told:
        groups.setdefault(r.spec.domain, []).append(shown)
    domains = work.catalog.domains
    ordered = [*(d for d in domains if d in groups), *(d for d in groups if d not in domains)]
    return [{"label": label(domains[d].label) if d in domains else d, "registers": groups[d]} for d in ordered]


def powers(work: Work, held: Sequence[Power]) -> list[dict[str, Any]]:
    """Return what may be done beside registers, each kind once for each role."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for p in held:
        line = found.setdefault(
            (p.kind, p.role), {"what": gettext(POWERS[p.kind]), "role": role(work, p.role), "about": [], "cites": []}
        )
        line["about"] += [label(p.about)] if p.about is not None else []
        line["cites"] += [c for c in map(str, p.cite) if c not in line["cites"]]
    return [line | {"about": language_comma().join(dict.fromkeys(line["about"]))} for line in found.values()]


def role(work: Work, code: str) -> str:
    """Return the name of a role; ``everyone`` too."""
    if code == EVERYONE:
        return gettext("所有人员")
    found = work.catalog.roles.get(code)
    return label(found.label) if found is not None else code


def _register(work: Work, r: Rights, opened: Sequence[Opened]) -> dict[str, Any]:
    spec = r.spec
    rules = [
        {
            "can": language_comma().join(gettext(VERBS[v]) for v in a.can if v in VERBS),
            "rows": _rows(work, spec, a), "role": role(work, a.role), "cites": [str(c) for c in a.cite],
        }
        for a in r.access
    ]  # fmt: skip
    if r.above is not None:
        rows = gettext("所属的“%(register)s”可以查看的记录", register=label(r.above.label))
        rules.append({"can": gettext(VERBS["read"]), "rows": rows, "role": "", "cites": []})
    return {
        "label": label(spec.label), "cites": [str(c) for c in spec.cite], "rules": rules,
        "steps": [_step(work, spec, s) for s in r.steps], "limits": _limits(r),
        "opened": [
            gettext("%(register)s %(number)s 开放至 %(until)s", register=label(work.spec(o.register).label), number=o.number, until=moment(o.until))
            for o in opened
        ],
    }  # fmt: skip


def _rows(work: Work, spec: RegisterSpec, a: Access) -> str:
    match a.rows:
        case "all":
            rows = gettext("全部记录")
        case "unit":
            rows = gettext("本部门的记录")
        case "below":
            rows = gettext("本部门及下级部门的记录")
        case "company":
            rows = gettext("本公司的记录")
        case "own":
            people = [f for f in spec.fields if isinstance(f, Person | Signature) and f.code not in spec.excluded]
            named = [f for f in people if not a.named_in or f.code in a.named_in]
            rows = gettext("本人登记的记录")
            if named:
                rows = gettext("本人登记的，或在%(fields)s中写明本人的记录", fields=_names(named))
        case _:
            rows = _granted(work, a)
    if a.when is not None:
        rows = gettext("%(rows)s，限%(condition)s", rows=rows, condition=conditions.words(spec, a.when))
    return rows


def _granted(work: Work, a: Access) -> str:
    if a.grant is None or (by := work.catalog.registers.get(a.grant.register_code)) is None:
        return ""
    return gettext(
        "由批准的“%(register)s”向本人开放的记录，到其“%(until)s”为止",
        register=label(by.label), until=field_name(by, a.grant.until),
    )  # fmt: skip


def _step(work: Work, spec: RegisterSpec, s: Step) -> dict[str, Any]:
    t = s.transition
    apart = [field_name(spec, f) for f in t.not_by]
    return {
        "label": label(t.label), "by": language_comma().join(_party(work, spec, p) for p in s.by), "cites": [str(c) for c in t.cite],
        "signs": field_name(spec, t.sign) if t.sign else "",
        "when": conditions.words(spec, t.when) if t.when is not None else "",
        "apart": language_comma().join(gettext("“%(field)s”", field=f) for f in apart),
    }  # fmt: skip


def _party(work: Work, spec: RegisterSpec, p: Party) -> str:
    if p.role:
        return role(work, p.role)
    if p.superior_of:
        return gettext("“%(field)s”的上级", field=field_name(spec, p.superior_of))
    return gettext("“%(field)s”本人", field=field_name(spec, p.field))


def _limits(r: Rights) -> list[str]:
    """Return what a person never sees, never fills in, and where he takes no part at all."""
    found = []
    if r.spec.excluded:
        named = _names([f for f in r.spec.fields if f.code in r.spec.excluded])
        found.append(gettext("%(fields)s写明本人时须回避：看不到，也不能办理", fields=named))
    if r.hidden:
        found.append(gettext("看不到的字段：%(fields)s", fields=_names(r.hidden)))
    if r.closed:
        found.append(gettext("由他人填写的字段：%(fields)s", fields=_names(r.closed)))
    if any("find" in a.can for a in r.access) and not any(
        "read" in a.can and a.rows == "all" and a.when is None for a in r.access
    ):
        found.append(gettext("只能检索的记录仅显示编号和名称，其余不显示；其他记录的名称也不显示"))
    locked = [label(s.label) for s in r.spec.workflow.states if s.locked] if r.spec.workflow else []
    if locked and any("edit" in a.can for a in r.access):
        found.append(
            gettext("%(states)s状态下锁定，只能办理流转", states=language_comma().join(f"“{s}”" for s in locked))
        )
    if r.spec.append_only:
        found.append(gettext("只能新增，不能修改"))
    return found


def _names(fields: Sequence[Field]) -> str:
    return language_comma().join(gettext("“%(field)s”", field=label(f.label)) for f in fields)

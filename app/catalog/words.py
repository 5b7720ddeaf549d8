"""How parts of definitions are spoken of: field types, verbs, lengths of time, amounts, citations."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from app.catalog.amount import Amount
from app.catalog.base import Cited
from app.catalog.duty import Bound, Limit, Span, Term
from app.errors import Sentence, say

TYPES = {
    "text": say("文字"),
    "long_text": say("长文字"),
    "integer": say("整数"),
    "decimal": say("小数"),
    "money": say("金额"),
    "percent": say("百分比"),
    "date": say("日期"),
    "moment": say("日期时间"),
    "choice": say("单选"),
    "choices": say("多选"),
    "yes_no": say("是/否"),
    "person": say("人员"),
    "unit": say("部门"),
    "role": say("角色"),
    "reference": say("引用"),
    "file": say("附件"),
    "signature": say("签字"),
    "autonumber": say("自动编号"),
}
"""Names of the field types."""

VERB_NAMES = {
    "find": say("检索"),
    "read": say("查看"),
    "add": say("新增"),
    "edit": say("修改"),
    "delete": say("删除"),
    "import": say("导入"),
    "export": say("导出"),
}
"""Names of what a role may do with a register."""

ROWS = {
    "all": say("全部记录"),
    "own": say("与本人有关的记录"),
    "unit": say("本部门的记录"),
    "below": say("本部门及下级部门的记录"),
    "company": say("本公司的记录"),
    "granted": say("经批准开放的记录"),
}
"""Names of the rows that an access opens."""

KINDS = {
    "registers": say("登记簿"), "policies": say("制度"), "roles": say("角色"), "domains": say("领域"), "articles": say("条款"),
    "fields": say("字段"), "choices": say("选项"), "states": say("状态"), "transitions": say("流转"), "duties": say("时限责任"),
    "breaches": say("违规"), "counters": say("计次"), "checks": say("检查"), "offers": say("另行处理"), "kinds": say("缺陷种类"),
    "indicators": say("指标定义"), "reports": say("自动报表"), "prints": say("打印单"),
}  # fmt: skip
"""What the members of a list with codes are called."""

PARTS = {
    "label": say("名称"), "help": say("说明"), "cite": say("依据"), "domain": say("领域"), "number": say("编号规则"),
    "title": say("名称字段"), "columns": say("列表的列"), "order": say("排序"), "unique_together": say("共同唯一"),
    "follows": say("随附的登记簿"), "excluded": say("须回避的人员"), "tickets_of": say("显示的计次"), "append_only": say("只增不改"),
    "required": say("必填"), "required_when": say("必填条件"), "required_from": say("必填起始状态"), "unique": say("唯一"),
    "default": say("默认值"), "synonyms": say("别名"), "edited_by": say("可填写的角色"), "seen_by": say("可见的角色"),
    "min": say("下限"), "max": say("上限"), "max_length": say("最多字数"), "pattern": say("格式"), "extensions": say("文件类型"),
    "max_mb": say("文件大小"), "by": say("执行人"), "source": say("来源"), "target": say("去向"), "needs": say("须填字段"),
    "asks": say("可填字段"), "sign": say("签字"), "reason": say("理由"), "not_by": say("须回避的人员"), "when": say("条件"),
    "sets": say("自动填写"), "auto": say("自动执行"), "optional": say("可办可不办"),
    "tell": say("通知对象"), "locked": say("锁定"), "tone": say("颜色"),
    "owed_by": say("责任人"), "starts": say("起算点"),  "done": say("完成的标志"), "repeat": say("重复间隔"), "remind": say("提醒"),
    "every": say("周期"), "retention": say("保管期限"), "pause": say("暂停计时"), "extend": say("延期"),
    "escalate": say("上报"), "breach": say("违规"), "clause": say("条款"), "charged_to": say("承担人"), "trigger": say("起因"),
    "reported_by": say("可举报的角色"), "lines": say("清单"), "quantity": say("数量字段"), "counter": say("计次"),
    "multiplied": say("参与加倍"), "correct": say("整改"), "confirmed_by": say("确认的角色"),
    "appeal": say("申诉"), "may": say("全站权限"), "window": say("计次周期"),
    "waived_counts": say("免罚是否计次"), "multiply": say("加倍"), "offers": say("另行处理"), "field": say("字段"),
    "require": say("要求"), "say": say("提示"), "icon": say("图标"), "effective": say("生效日"), "lost": say("缺失的内容"),
    "manual": say("由人办理的理由"),
    "refuse": say("拒绝办理"), "payer": say("承担方"), "days": say("天数"), "per": say("按谁计次"),
    "only_confirmed": say("只计已确认"), "clauses": say("计次的条款"),
    "logged": say("查阅留痕"), "in_person": say("不得代理"),
    "at_most": say("限额"), "numerator": say("分子"), "denominator": say("分母"), "parts": say("组成"), "period": say("周期"),
    "places": say("小数位"), "bands": say("分档"), "ready": say("定数时间"), "receives": say("接收的角色"), "goal": say("目标"),
    "first": say("期间起"), "last": say("期间止"), "name": say("期间名称"), "figures": say("填入的数据"),
    "copies": say("联次"), "layout": say("版式"), "state": say("可打印的状态"), "wide": say("横向"), "foot": say("页末说明"),
    "retired": say("停用"), "into": say("并入"), "kept_in": say("存放的列"), "original_of": say("原值所属字段"),
    "adopt_from": say("施行日"), "position": say("菜单中的位置"), "basis": say("依据"), "articles": say("条款"), "text": say("内容"),
}  # fmt: skip
"""How a part of a definition is called in a sentence; other parts are called by their key."""


def length(span: Span | Term) -> Sentence:
    """Return a length of time, such as 3 个工作日; of a limit with what else bounds it."""
    if not isinstance(span, Term):
        return _counted(span)
    text = say("字段“{field}”所定的时间", field=span.field) if span.field else _counted(span)
    if span.times:
        text = say("{length} × 字段“{field}”", length=text, field=span.times)
    if span.day is not None:
        text = say("{length}当月 {day} 日", length=text, day=span.day)
    if span.working_day is not None:
        text = say("{length}当月第 {day} 个工作日", length=text, day=span.working_day)
    if span.before:
        text = say("“{field}”前 {length}", length=text, field=span.before)
    if span.at:
        text = (
            say("{length}，至当天下班", length=text)
            if span.at == "close"
            else say("{length}，至当天 {at}", length=text, at=span.at)
        )
    for bound in span.not_before if isinstance(span, Limit) else ():
        text = say("{length}，不早于 {bound}", length=text, bound=_bound(bound))
    for bound in span.not_after if isinstance(span, Limit) else ():
        text = say("{length}，不晚于 {bound}", length=text, bound=_bound(bound))
    return text


def _bound(bound: Bound) -> Sentence:
    text = length(bound)
    return say("自“{field}”起 {length}", length=text, field=bound.starts) if bound.starts else text


def _counted(span: Span | Term) -> Sentence:
    for n, text in (
        (span.minutes, say("{n} 分钟", n=span.minutes)), (span.hours, say("{n} 小时", n=span.hours)),
        (span.working_days, say("{n} 个工作日", n=span.working_days)), (span.months, say("{n} 个月", n=span.months)),
    ):  # fmt: skip
        if n is not None:
            return text
    if isinstance(span, Term) and span.half_working_days is not None:
        return say("{n} 个半工作日", n=span.half_working_days)
    return say("{n} 天", n=span.days)


def price(amount: Amount) -> Sentence:
    """Return what one case costs, such as 50 元, or how it is found where that takes more than a line."""
    if amount.same_as:
        return say("与字段“{field}”所指处罚单同额", field=amount.same_as)
    if amount.interest is not None:
        return say("按未付余额逐日计息")
    if amount.bands:
        return say("分 {n} 档", n=len(amount.bands))
    if amount.ladder:
        return say("按次数分 {n} 级", n=len(amount.ladder))
    parts: list[Sentence | str] = []
    if amount.money is not None:
        parts.append(say("{money} 元", money=plain(amount.money)))
    if amount.percent is not None:
        parts.append(say("“{field}”的 {percent}%", field=amount.of, percent=plain(amount.percent)))
    if amount.points is not None:
        parts.append(say("扣 {points} 分", points=plain(amount.points)))
    if amount.sanction is not None:
        parts.append(amount.sanction.zh)
    said = say("{first}、{second}", first=parts[0], second=listed(parts[1:])) if len(parts) > 1 else parts[0]
    if amount.per == "case":
        return said if isinstance(said, Sentence) else say("{said}", said=said)
    return say("{unit}{said}", unit=_PER[amount.per], said=said)


def consequence(amount: Decimal, points: Decimal, sanction: str) -> Sentence:
    """Return what a ticket amounts to: yuan, points and what follows in words, each that there is; 0 元 where there is nothing."""
    parts: list[Sentence | str] = []
    if amount or not (points or sanction):
        parts.append(say("{money} 元", money=plain(amount)))
    if points:
        parts.append(say("扣 {points} 分", points=plain(points)))
    if sanction:
        parts.append(sanction)
    said = say("{first}、{second}", first=parts[0], second=listed(parts[1:])) if len(parts) > 1 else parts[0]
    return said if isinstance(said, Sentence) else say("{said}", said=said)


_PER = {
    "item": say("每项 "),
    "minute": say("每逾期 1 分钟 "),
    "hour": say("每逾期 1 小时 "),
    "day": say("每逾期 1 天 "),
    "working_day": say("每逾期 1 个工作日 "),
}


def plain(number: Decimal) -> str:
    """Return a number without trailing zeros."""
    return f"{number.normalize():f}"


def sources(cited: Cited) -> str:
    """Return the articles cited, as ``P05-C1、P05-C2``; empty where none is."""
    return "、".join(map(str, cited.cite))


def listed(names: Iterable[object]) -> str:
    """Return names with 、 between them."""
    return "、".join(map(str, names))

"""How blanks and the words that may fill them are called, beside what ``words`` names already."""

from __future__ import annotations

from string import Formatter

from app.catalog.words import PARTS, ROWS, TYPES
from app.errors import Called, Sentence, say

KEYS: dict[str, Sentence] = PARTS | {
    "add": say("新增时"), "after": say("逾期之后"), "amount": say("金额"), "at": say("时刻"), "at_least": say("至少"),
    "at_most_percent": say("最高比例"), "at_percent": say("时间过去的比例"), "balance": say("欠款字段"), "before": say("此前多久"),
    "between": say("起止日"), "can": say("权限"), "choices": say("选项"), "closed_by": say("自动流转"), "code": say("代码"),
    "corrected": say("改正日期"), "count": say("每期件数"), "created": say("记录登记"), "dated": say("归期日期"), "day": say("当月几日"),
    "decided_by": say("决定的角色"), "destroyed_by": say("销毁审批"), "each": say("不重复计的字段"), "fields": say("字段"),
    "formula": say("公式"), "from": say("自何日起"),
    "from_nth": say("自第几次起"), "grant": say("经批准"), "indicator": say("指标"), "interest": say("计息"), "joins": say("并入的违规"),
    "keep": say("保管时间"), "kinds": say("缺陷种类"), "ladder": say("按次递进"), "length": say("时长"), "match": say("对应关系"),
    "matches": say("对应的字段"), "money": say("金额（元）"), "named_in": say("指名的字段"), "not_after": say("不晚于"),
    "not_before": say("不早于"), "of": say("依据的数值"), "on_rest_day": say("遇休息日"), "overdue": say("逾期的事项"),
    "overdue_by": say("已逾期多久"), "paid": say("付款"), "paid_on": say("付款日期"), "percent": say("百分比"), "percent_field": say("比率字段"),
    "person": say("人员"), "points": say("扣分"), "register": say("登记簿"), "role": say("角色"), "room": say("空行数"), "rows": say("范围"),
    "same_as": say("同额的处罚单"), "sanction": say("文字处理"), "seal": say("盖章"), "several": say("可多个"), "share": say("占比"),
    "share_of_pay": say("绩效比例"), "signs": say("签字栏"), "since": say("起始日期"), "state": say("状态"),
    "states": say("状态"), "summed": say("可合计"),
    "take": say("取值"), "through": say("关联字段"), "times": say("次数"), "to": say("去向"), "transition": say("流转"),
    "transitions": say("流转"), "type": say("类型"), "unit": say("单位"), "unless": say("除非有"), "until": say("截止日期"), "up_to": say("上限"),
    "absent": say("反之须没有"), "access": say("访问权限"), "article": say("条款号"), "breaches": say("违规"), "checks": say("检查"),
    "counters": say("计次"), "duties": say("时限责任"), "ge": say("下限"), "having": say("另有的记录"), "le": say("上限"), "lt": say("不到"),
    "policy": say("制度"), "prints": say("打印单"), "reports": say("定期报表"), "scores": say("各答案的分值"), "tolerance": say("允许超出（%）"),
    "weight": say("权重"), "workflow": say("流程"),
    "zh": say("中文"), "en": say("英文"), "where": say("限于"), "while": say("如有"), "within": say("期限"), "working_day": say("当月第几个工作日"),
}  # fmt: skip
"""Names of blanks by their key."""

OPTIONS: dict[str, Sentence] = TYPES | ROWS | {
    "day": say("天"), "days": say("天"), "working_day": say("工作日"), "working_days": say("个工作日"), "week": say("周"), "month": say("月"),
    "months": say("个月"), "quarter": say("季度"), "half_year": say("半年"), "year": say("年"), "holiday": say("节假日"),
    "calendar_month": say("自然月"), "ever": say("不限期"), "rolling": say("最近若干天"), "minutes": say("分钟"), "hours": say("小时"),
    "half_working_days": say("个半工作日"), "field": say("字段所定的时间"), "next_working_day": say("顺延"), "stay": say("不顺延"),
    "case": say("每件"), "item": say("每项"), "minute": say("每逾期 1 分钟"), "hour": say("每逾期 1 小时"),
    "remaining": say("尚未改正的部分"), "full": say("全部"), "plain": say("灰"), "active": say("蓝"), "success": say("绿"),
    "warning": say("黄"), "danger": say("红"), "value": say("数值"), "numerator": say("分子"), "denominator": say("分母"),
    "each": say("逐项"), "count": say("件数"), "sum": say("合计"), "average": say("平均"), "distinct": say("不重复的个数"),
    "met": say("按时办到的"), "owed": say("应办的"), "percent": say("百分比"), "yuan": say("元"), "points": say("分"),
    "decide_appeals": say("裁定全站的申诉"), "close_months": say("月结处罚"), "reopen_months": say("准许重开已结月份"),
    "read_access_log": say("查看查阅日志"), "approve_definitions": say("审批制度和登记簿定义的改动"),
}  # fmt: skip
"""Names of the words that a blank may be."""

OTHERWISE: dict[tuple[str, str], Sentence] = {
    ("Every", "months"): say("隔几个月"), ("Amount", "day"): say("每逾期 1 天"), ("Amount", "working_day"): say("每逾期 1 个工作日"),
    ("Block", "rows"): say("各行的列"), ("Transition", "from"): say("来源"), ("Report", "from"): say("期间起"),
    ("Limit", "day"): say("当月几日"), ("Limit", "before"): say("在哪个日期之前"), ("Counter", "per"): say("计次对象"),
    ("Print", "state"): say("可打印的状态"), ("Indicator", "count"): say("个"), ("Measure", "of"): say("哪个字段"),
    ("Measure", "by"): say("归期的日期"), ("Measure", "take"): say("怎么算"), ("Measure", "per"): say("分列"), ("Indicator", "per"): say("分列"),
    ("Report", "to"): say("期间止"), ("Report", "period"): say("周期"), ("RegisterSpec", "order"): say("排序"),
    ("RegisterSpec", "title"): say("名称字段"), ("Indicator", "unit"): say("单位"), ("Indicator", "target"): say("目标"),
    ("Indicator", "min"): say("最低"),
    ("Indicator", "max"): say("最高"),
    ("Prolongation", "by"): say("延长多少"), ("Multiplier", "by"): say("倍数"), ("Print", "by"): say("角色"),
    ("Policy", "policy"): say("代码"), ("Indicator", "indicator"): say("代码"), ("Condition", "is"): say("为"), ("Condition", "in"): say("属于"),
    ("Condition", "has"): say("含有"), ("Condition", "all"): say("并且"), ("Condition", "any"): say("或者"), ("Condition", "not"): say("并非"),
    ("Print", "title"): say("标题"), ("signature", "by"): say("签字的角色"),
}  # fmt: skip
"""Words and keys that are called something else in one part than in the others."""


def called(part: str, word: str) -> Called | str:
    """Return what pages call a key of a part, or a word that a blank of it may be; for whoever writes files it is the word itself."""
    name = OTHERWISE.get((part, word)) or KEYS.get(word) or OPTIONS.get(word)
    return Called(name.template, name.values, word) if name is not None else word


def in_words(part: str, sentence: Sentence) -> Sentence:
    """Return a sentence with its places that nothing fills yet filled by the keys of a part that they are called by."""
    places = {name for _, name, _, _ in Formatter().parse(sentence.template) if name}
    return Sentence(sentence.template, {name: called(part, name) for name in places} | dict(sentence.values))


def aside(words: str) -> Called:
    """Return words of the language in brackets, for those who write files; on pages the sentence says enough without them."""
    return Called("", {}, f"（{words}）")


def called_so(word: str, name: Sentence) -> Called:
    """Return what pages call something that files write as ``word``."""
    return Called(name.template, name.values, word)

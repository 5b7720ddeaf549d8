"""How each part of a definition reads as a sentence with blanks.

A blank is ``{key}``, by the key that the definition is written with; ``{length}`` stands for all units of a length of time at once.
What stands in ``[…]`` is said only where one of its blanks is filled. What no sentence names is offered beside it, so that a
new key of the language can be filled before it has found its place in one, and a part without a sentence is a row of blanks.
"""

from __future__ import annotations

from pydantic import BaseModel

from app.catalog.amount import Amount, Band, Interest, Payments, Rung
from app.catalog.breach import (
    Appeal,
    Breach,
    Ceiling,
    Correction,
    Counter,
    LineKind,
    Lines,
    Multiplier,
    Offer,
    PayShare,
    Trigger,
)
from app.catalog.duty import (
    Bound,
    Done,
    Duty,
    Escalation,
    Every,
    Limit,
    Pause,
    Prolongation,
    Reminder,
    Share,
    Span,
    Start,
)
from app.catalog.indicator import Grade, Measure, Related, Target, Weighted
from app.catalog.print import Block, Print, Sign, Sublist
from app.catalog.refusal import Refusal, Standing
from app.catalog.register import Access, Check, Grant, State, Transition
from app.catalog.report import Report, ReportFigure
from app.catalog.retention import Destruction, Retention
from app.errors import Sentence, say

IMPOSED = say("[{money} 元][ {percent}%][ 扣 {points} 分][ {sanction}]")
"""What a charge imposes; ``{charge}`` in the sentences below stands for it."""

SENTENCES: dict[type[BaseModel], Sentence] = {
    Duty: say(
        "[当 {when} 时，][每 {every}，][自 {starts} 起] {within}，{owed_by} 须办到 {done}[；逾期即为违规 {breach}]"
        "[；此后每过 {repeat} 再计一次][；{remind}][；{escalate}][；{pause}][；{extend}]"
    ),
    Start: say("[{created} 登记][ {field} ][进入状态 {state}]"),
    Done: say("[登记簿 {register} 中以 {through} 指向这里的记录 ][ {field} ][进入状态 {state}][，限 {where}]"),
    Every: say("[{period}][{between} 之间][{months} 个月][，从 {since} 起算][，到 {until} 为止]"),
    Share: say("{of} 的 {percent}%（按 {through} 对应）[，至少 {at_least}][，限 {where}]"),
    Limit: say(
        "[不迟于 {before} 前 ]{length}[（至当天 {at}）]内[，限 {when}][，自 {from} 起施行][，遇休息日 {on_rest_day}][，不早于 {not_before}]"
        "[，不晚于 {not_after}]，依据 {cite}"
    ),
    Bound: say("[自 {starts} 起 ]{length}[（至当天 {at}）]"),
    Span: say("{length}"),
    Reminder: say("[到期前 {before} ][时间过去 {at_percent}% 时]提醒 {tell}"),
    Escalation: say("逾期[ {after} ]上报 {tell}"),
    Pause: say("[登记簿 {register} 中以 {through} 指向这里的记录]处于 {state} 时暂停计时[，依据 {cite}]"),
    Prolongation: say(
        "登记簿 {register} 中以 {through} 指向这里的记录处于 {state} 时，按其 {by} 延长 {unit}[，最多 {times} 次]"
        "[，合计不超过 {at_most}]，依据 {cite}"
    ),
    Breach: say(
        "[因 {trigger}，][当 {when} 时，][由 {reported_by} 举报，]每次处 {amount}[，由 {charged_to} 承担][，计入 {counter}]"
        "[，由 {confirmed_by} 确认][；{correct}][；告知 {tell}]，依据 {cite}"
    ),
    Trigger: say("[流转 {transition}][违规 {breach}][{created} 登记]"),
    Amount: say(
        "{per} {charge}[（按 {of}）][最高 {at_most} 元][按档 {bands}][按次 {ladder}][{interest}][与 {same_as} 同额][，限 {when}]"
        "[，自 {from} 起施行]，依据 {cite}"
    ),
    Band: say("[{up_to} 以内]{charge}"),
    Rung: say("第 {from_nth} 次起 {charge}"),
    Interest: say("按未付的 {balance} 每天[ {percent}%][（比率取 {percent_field}）]计息[，付款见 {paid}][，不超过本金的 {at_most_percent}%]"),
    Payments: say("登记簿 {register}（{through}、{amount}、{paid_on}）"),
    Correction: say("责令整改，记入 {register}[，办到后自动 {closed_by}]，依据 {cite}"),
    Appeal: say("确认后 {within} 可以申诉，由 {decided_by} 裁定，依据 {cite}"),
    Lines: say("登记簿 {register} 中以 {through} 指向这里的清单，{kinds}[，改正见 {corrected}]"),
    LineKind: say("{label}：{when} 时每处 {amount}，依据 {cite}"),
    Counter: say(
        "以 {window}[（{days} 天）]为期，每 {per} 分别计次[；{multiply}][；{at_most}][；{offers}][；免除的 {waived_counts} 计次]"
        "[；只计已确认的 {only_confirmed}][；只计条款 {clauses}]"
    ),
    Multiplier: say("[{role} ]第 {from_nth} 次起加 {by} 倍，依据 {cite}"),
    Ceiling: say("合计不超过[ {money} 元][ {points} 分]，依据 {cite}"),
    Offer: say("{label}：[{role} ]第 {from_nth} 次起可扣绩效 {share_of_pay}，由 {decided_by} 决定，依据 {cite}"),
    PayShare: say("{min}% 至 {max}%"),
    Refusal: say(
        "[{add} 新增][、流转 {transition}]时，[如有 {while}][除非有 {unless}][，当 {when} 时]，拒绝办理，提示 {say}，依据 {cite}"
    ),
    Standing: say("登记簿 {register} 中 {match} 的记录[，限 {where}][，逾期未办 {overdue}][，已逾期 {overdue_by}]"),
    Check: say("[当 {when} 时，]须 {require}，否则在 {field} 提示 {say}"),
    Access: say("{role} 可以 {can}，范围 {rows}[，须被 {named_in} 指名][，经 {grant} 开放][，限 {when}][，依据 {cite}]"),
    Grant: say("登记簿 {register} 的批准（{person} 查看 {target}，状态 {state}，到 {until} 为止）"),
    State: say("{label}[，颜色 {tone}][，{locked} 锁定]"),
    Transition: say(
        "从 {from} 到 {to}，由 {by} 办理[；须填 {needs}][；可填 {asks}][；签字 {sign}][；{reason} 写明理由][；回避 {not_by}]"
        "[；当 {when} 时][；填入 {sets}][；{auto} 自动][；{optional} 可办可不办][；告知 {tell}][；依据 {cite}]"
    ),
    Print: say("[标题 {title}，][联次 {copies}][，限状态 {state}][，由 {by} 打印][，{wide} 横向]：{layout}[；页末 {foot}][，依据 {cite}]"),
    Block: say("[{label}：][字段 {fields}][清单 {lines}][各行 {rows}][文字 {text}][签字 {signs}][，留空 {room} 行]"),
    Sublist: say("登记簿 {register} 中以 {through} 指向这里的 {columns}"),
    Sign: say("[{field}][{label}][，{seal} 盖章]"),
    Retention: say("[自 {starts} 起]保管 {keep}[，此后{destroyed_by}销毁]"),
    Report: say(
        "每{period}结束后生成一条，期间填入 {from} 至 {to}[，期间名称填入 {name}][；{figures}][；另填 {sets}][；告知 {tell}][；依据 {cite}]"
    ),
    ReportFigure: say("指标 {indicator} 的{take}"),
    Measure: say(
        "登记簿 {register}[ 的 {duties} ]中的 {take}[ {of}][，按 {by} 归期][，到 {until} 为止][，限 {where}][，{having}][，各答案计 {scores}]"
        "[，分列按 {per}]"
    ),
    Related: say("另有登记簿 {register} 中以 {through} 指向它的记录[，限 {where}][，{absent} 反之须没有]"),
    Weighted: say("{indicator}，权重 {weight}"),
    Target: say("[不低于 {ge}][不高于 {le}][，允许超出 {tolerance}%][，依据 {cite}]"),
    Grade: say("[{ge} 以上][ {lt} 以下]为 {label}[，颜色 {tone}]"),
    Destruction: say("经登记簿 {register}（{through}）批准、处于 {state} 时"),
}  # fmt: skip
"""The sentence of each part."""

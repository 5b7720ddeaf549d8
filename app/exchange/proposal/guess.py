"""From what stands in a column to what the column is: a type, its options, whether it is required or a key; each said with figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalog.words import TYPES
from app.errors import Sentence, say
from app.exchange.naming import folded
from app.exchange.proposal.links import PERSON, UNIT
from app.exchange.proposal.seen import LONG, Fits, Seen
from app.fields.label import Label

ENOUGH = 0.9
"""The share of values that must fit a type for it to be proposed."""
HALF = 0.5
"""The share of values that name somebody or something for it to be mentioned."""
CHOICES = 24
"""Options of a closed list at most."""
_EACH = 4
"""How often the values of a closed list come, on average, at least."""
_ONE_OFTEN = 10
_MONEY = re.compile("金额|价|费|款|薪|工资|奖金|罚金|成本|收入|支出|预算|余额|租金|押金|货值|元$|\\(元\\)|（元）")
_DAY = re.compile("日期|时间|日$|年月")
_KEY = re.compile("编号|号$|号码|代码|编码|工号|单号|序列号|vin|(^|[^a-z])(no|id|code)\\.?$", re.IGNORECASE)
_WHO = re.compile("人$|人员|姓名|员工|经办|负责|申请|审批|顾问|经理|主管")
_WHETHER = re.compile("^是否|^有无|^是不是|否$")


@dataclass
class Guess:
    """What a column is taken for, and why; ``refused`` of its values do not fit and would not be imported."""

    type: str = "text"
    options: dict[str, Any] = field(default_factory=dict)
    """What the field says beside its type: ``choices``, ``register``, ``places``, ``min``, ``max``."""
    required: bool = False
    unique: bool = False
    wanted: bool = True
    why: list[Sentence] = field(default_factory=list)
    refused: int = 0
    choices: list[dict[str, Any]] = field(default_factory=list)
    """What the options would be if it were a closed list, whatever it is taken for; empty where there are too many."""


def guess(header: str, seen: Seen, named: Mapping[str, Fits], labels: Mapping[str, Label]) -> Guess:
    """Return what a column is; ``named`` says how many of its values name people, units and records, ``labels`` how these registers are called."""
    found = Guess(choices=_choices(seen))
    if not seen.filled:
        found.wanted = False
        found.why.append(say("整列没有内容，不导入"))
        return found
    if seen.spoilt.count:
        reason = say(
            "{n} 格已被表格软件改坏（如长号码变成科学计数法），{rows}不能导入；请在原文件里设为文本重新填写",
            n=_n(seen.spoilt.count),
            rows=_rows(seen.spoilt),
        )
        found.why.append(reason)
        found.refused = seen.spoilt.count
    _type(found, header, seen, named, labels)
    if seen.counting and seen.rows > 2 and found.type == "integer":
        found.wanted = False
        found.why = [say("只是从 1 数到 {n} 的行号，不导入；登记簿会自己编号", n=_n(seen.rows))]
        return found
    _key(found, header, seen)
    _required(found, seen)
    return found


def _type(found: Guess, header: str, seen: Seen, named: Mapping[str, Fits], labels: Mapping[str, Label]) -> None:
    said = folded(header)
    sure = seen.filled - seen.spoilt.count
    if not sure:
        return
    if _mostly(seen.fits["label"], sure, 0.5) or seen.counts["zeros"] or seen.counts["long"] or seen.counts["id"]:
        if not _linked(found, said, sure, named, labels):
            _digits(found, seen)
        return
    if _days(found, said, seen, sure) or _yes_no(found, said, seen, sure) or _numbers(found, said, seen, sure):
        return
    if _linked(found, said, sure, named, labels) or _closed(found, seen, sure):
        return
    if seen.lines or seen.longest > LONG:
        found.type = "long_text"
        found.why.append(
            say("有分行或超过 {n} 个字的内容（最长 {longest} 个字），是长文字", n=LONG, longest=_n(seen.longest))
        )
        return
    nearly = max(("date", "number", "percent"), key=lambda k: seen.fits[k].count)
    count = seen.fits[nearly].count
    if count >= sure * HALF:
        what = TYPES["decimal"] if nearly == "number" else TYPES[nearly]
        reason = say(
            "{all} 个值中只有 {n} 个能读成{type}，先按文字保存；{rows}不是",
            all=_n(sure),
            n=_n(count),
            type=what,
            rows=_rows(seen.fits[nearly]),
        )
        found.why.append(reason)
    else:
        found.why.append(
            say("{n} 个值没有共同的格式，是文字（最长 {longest} 个字）", n=_n(sure), longest=_n(seen.longest))
        )


def _digits(found: Guess, seen: Seen) -> None:
    """Say why digits stay text."""
    for kind, text in (
        ("id", say("身份证号")), ("phone", say("电话号码")), ("zeros", say("以 0 开头的号码")), ("long", say("12 位以上的号码")),
    ):  # fmt: skip
        if n := seen.counts[kind]:
            found.why.append(say("{n} 个值是{kind}，按文字保存，一位不丢", n=_n(n), kind=text))


def _days(found: Guess, said: str, seen: Seen, sure: int) -> bool:
    plain, every = seen.fits["date"], seen.fits["day_or_serial"]
    with_serials = seen.counts["serial"] and (plain.count >= sure * HALF or (_DAY.search(said) and not plain.count))
    fits = every if with_serials else plain
    if not _mostly(fits, sure):
        return False
    found.type = "moment" if seen.counts["clock"] else "date"
    _told(found, fits, sure)
    if with_serials:
        found.why.append(say("其中 {n} 个是表格软件的日期序号（如 45992），也按日期读", n=_n(seen.counts["serial"])))
    return True


def _yes_no(found: Guess, said: str, seen: Seen, sure: int) -> bool:
    fits = seen.fits["yes_no"]
    numbers = seen.fits["number"].count
    both = seen.counts["yes"] and seen.counts["no"]
    if not _mostly(fits, sure) or not (_WHETHER.search(said) or (both and numbers < sure * HALF)):
        return False
    found.type = "yes_no"
    _told(found, fits, sure)
    return True


def _numbers(found: Guess, said: str, seen: Seen, sure: int) -> bool:
    signed = seen.counts["signed"]
    if signed and signed >= seen.fits["percent"].count * HALF and _mostly(seen.fits["percent"], sure):
        found.type, fits = "percent", seen.fits["percent"]
        found.options = {"places": seen.places} if seen.places > 2 else {}
        if seen.counts["beyond"]:
            found.options["max"] = None
            found.why.append(say("有超过百分之百的值，不设上限"))
    elif _mostly(seen.fits["number"], sure):
        fits = seen.fits["number"]
        if seen.places <= 2 and (seen.counts["money"] or _MONEY.search(said)):
            found.type = "money"
        elif seen.fits["integer"].count == fits.count:
            found.type = "integer"
        else:
            found.type, found.options = "decimal", {"places": max(1, seen.places)}
    else:
        return False
    if seen.counts["negative"] and found.type in ("money", "percent"):
        found.options["min"] = None
        found.why.append(say("有负数，不设下限"))
    _told(found, fits, sure)
    return True


def _linked(found: Guess, said: str, sure: int, named: Mapping[str, Fits], labels: Mapping[str, Label]) -> bool:
    """Take the column for people, a unit or records of a register, where nearly all values name one; else say that many do."""
    if not named:
        return False

    def weight(target: str) -> tuple[bool, int, bool]:
        label = folded(labels[target].zh) if target in labels else ""
        spoken = bool(_WHO.search(said)) if target == PERSON else bool(label) and (label in said or said in label)
        return _mostly(named[target], sure), named[target].count, spoken

    best = max(named, key=weight)
    fits = named[best]
    what = (
        TYPES["person"]
        if best == PERSON
        else TYPES["unit"]
        if best == UNIT
        else say("《{name}》中的记录", name=labels[best])
    )
    if not _mostly(fits, sure):
        if fits.count >= sure * HALF:
            found.why.append(
                say(
                    "{all} 个值中有 {n} 个是{type}，其余找不到；要改成引用请先补齐：{rows}",
                    all=_n(sure),
                    n=_n(fits.count),
                    type=what,
                    rows=_rows(fits),
                )
            )
        return False
    found.type = best if best in (PERSON, UNIT) else "reference"
    found.options = {"register": best} if found.type == "reference" else {}
    _told(found, fits, sure, what)
    return True


def _closed(found: Guess, seen: Seen, sure: int) -> bool:
    several = seen.in_parts * _ONE_OFTEN >= sure and seen.parts is not None and 2 <= len(seen.parts) <= CHOICES
    if several and seen.parts is not None and seen.parts.total() >= len(seen.parts) * _EACH:
        found.type = "choices"
        found.choices = [{"code": word, "zh": word} for word, _ in seen.parts.most_common()]
        often = "、".join(f"{w}（{n:,}）" for w, n in seen.parts.most_common(3))
        found.why.append(say("一格里有几个词，合起来只有 {n} 种，是多选：{often}", n=len(seen.parts), often=often))
        return True
    if not found.choices or len(found.choices) > CHOICES or len(found.choices) < 2 or sure < len(found.choices) * _EACH:
        return False
    found.type = "choice"
    often = "、".join(f"{c['code']}（{c['count']:,}）" for c in found.choices[:3])
    found.why.append(say("{all} 个值只有 {n} 种，是单选：{often}", all=_n(sure), n=len(found.choices), often=often))
    if other := [s for c in found.choices for s in c["synonyms"]]:
        found.why.append(say("写法不同的并在一起：{words}", words="、".join(other[:5])))
    return True


def _choices(seen: Seen) -> list[dict[str, Any]]:
    """Return the values of a column as options, the more frequent first, each with its other spellings; none where they are many."""
    if seen.words is None or len(seen.words) > CHOICES * 4 or seen.longest > 40:
        return []
    options = []
    for word, n in seen.words.most_common():
        spelt = [text for text, _ in seen.spelt[word].most_common()]
        options.append({"code": spelt[0], "zh": spelt[0], "synonyms": spelt[1:], "count": n})
    return options


def _key(found: Guess, header: str, seen: Seen) -> None:
    if found.type not in ("text", "integer") or seen.filled < 3:
        return
    repeated = seen.repeated()
    if repeated is None:
        return
    twice, lines = repeated
    like_a_key = bool(_KEY.search(header.strip())) or (seen.counts["id"] + seen.counts["long"]) * 2 > seen.filled
    if twice:
        if like_a_key:
            rows = "、".join(map(str, lines))
            found.why.append(say("像编号，但有 {n} 个值重复（第 {rows} 行等），不设唯一", n=_n(twice), rows=rows))
    elif like_a_key:
        found.unique = True
        found.why.append(say("{n} 个值各不相同，设为唯一：可以按它更新已有记录", n=_n(seen.filled)))


def _required(found: Guess, seen: Seen) -> None:
    blank = seen.rows - seen.filled
    found.required = not blank and seen.rows > 1 and not found.refused
    if found.required:
        found.why.append(say("每一行都有值，设为必填"))
    elif blank:
        found.why.append(say("{n} 行空着，不设必填", n=_n(blank)))


def _told(found: Guess, fits: Fits, sure: int, what: Sentence | None = None) -> None:
    """Say how many values fit, and which rows do not."""
    kind = what or (say("“是/否”") if found.type == "yes_no" else TYPES[found.type])
    left = sure - fits.count
    found.refused += left
    if left:
        reason = say(
            "{all} 个值中有 {n} 个是{type}；{left} 个不是：{rows}",
            all=_n(sure),
            n=_n(fits.count),
            type=kind,
            left=_n(left),
            rows=_rows(fits),
        )
    else:
        reason = say("{all} 个值全部是{type}", all=_n(sure), type=kind)
    found.why.insert(0, reason)


def _mostly(fits: Fits, sure: int, share: float = ENOUGH) -> bool:
    return fits.count > 0 and fits.count >= sure * share


def _rows(fits: Fits) -> Sentence:
    """Return the first rows that do not fit, each with what stands there."""
    shown: Sequence[tuple[int, str]] = fits.strange[:3]
    values: dict[str, Any] = {}
    parts = []
    for n, (line, text) in enumerate(shown):
        values |= {f"v{n}": say("第 {line} 行“{text}”", line=line, text=text)}
        parts.append(f"{{v{n}}}")
    more = fits.count and len(fits.strange) > len(shown)
    return Sentence("、".join(parts) + ("…" if more else ""), values)


def _n(number: int) -> str:
    return f"{number:,}"

"""Amounts of money in the capital figures that Chinese receipts and penalty notices carry beside the digits.

Source: 中国人民银行《支付结算办法》附件一《正确填写票据和结算凭证的基本规定》.
"""

from __future__ import annotations

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def capitals(fen: int) -> str:
    """Return an amount of whole fen in capital figures: 5050 → 伍拾元伍角整.

    ``整`` ends what has no fen; a zero stands once for any run of empty places between digits. Raises ValueError from 10^16 yuan on.
    """
    if fen < 0:
        return f"负{capitals(-fen)}"
    yuan, rest = divmod(fen, 100)
    jiao, last = divmod(rest, 10)
    said = f"{_whole(yuan)}元" if yuan else ""
    if not rest:
        return f"{said or '零元'}整"
    if jiao:
        said += ("零" if yuan and yuan % 10 == 0 else "") + f"{DIGITS[jiao]}角"
    elif yuan:
        said += "零"
    return f"{said}{DIGITS[last]}分" if last else f"{said}整"


def _whole(number: int) -> str:
    if number >= 10 ** (4 * len(GROUPS)):
        raise ValueError(f"{number} has no customary name")
    said, gap = "", False
    for at in reversed(range(len(GROUPS))):
        group = number // 10 ** (4 * at) % 10000
        if not group:
            gap = bool(said)
            continue
        said += ("零" if said and (gap or group < 1000) else "") + _group(group) + _unit(number, at)
        gap = False
    return said


def _unit(number: int, at: int) -> str:
    """Return the name of a group of four places; of 万亿 the 亿 is said once, by the group below it where there is one."""
    return "万" if at == 3 and number // 10**8 % 10000 else GROUPS[at]


def _group(number: int) -> str:
    said, gap = "", False
    for at in (3, 2, 1, 0):
        digit = number // 10**at % 10
        if digit:
            said += ("零" if gap and said else "") + DIGITS[digit] + PLACES[at]
        gap = not digit if said else False
    return said

"""Robots of WeCom, DingTalk, Feishu and Lark groups, through Apprise."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

import requests

from app.errors import Sentence, say
from app.services.channels import Robot
from app.services.letters import Letter, Undelivered

MARK = "【规簿】"
"""Begins every message, so that a robot that asks for a key word can be given one."""
TIMEOUT = 15

_GONE = say("机器人的地址无效，或机器人已被移出群")
_TOO_FAST = say("机器人发送过于频繁，稍后重试")
_BARRED = say("被机器人的安全设置拒绝：请检查关键词“规簿”、加签密钥或 IP 白名单")
REFUSALS: dict[str, dict[int, Sentence]] = {
    "wecom": {93000: _GONE, 45009: _TOO_FAST},
    "dingtalk": {300001: _GONE, 300005: _GONE, 130101: _TOO_FAST, 310000: _BARRED},
    "feishu": {19001: _GONE, 11232: _TOO_FAST, 19021: _BARRED, 19022: _BARRED, 19024: _BARRED},
}
REFUSALS["lark"] = REFUSALS["feishu"]
"""What robots answer in the body of an HTTP 200, in plain words."""

_answer: ContextVar[requests.Response | requests.RequestException | None] = ContextVar("answer", default=None)


class _Listening:
    """``requests`` as Apprise's plug-ins know it, keeping what was answered.

    Apprise 2.3 takes every HTTP 200 of WeCom and DingTalk for a message delivered, and gives no reason for any other; but a robot
    that refuses says so with HTTP 200, and only its answer tells why.
    """

    codes = requests.codes
    RequestException = requests.RequestException

    def post(self, url: str, **how: Any) -> requests.Response:
        """Post as the plug-in says, but for no longer than ``TIMEOUT`` and nowhere else than to the robot."""
        how |= {"timeout": TIMEOUT, "allow_redirects": False}
        # a signature of DingTalk's is quoted already: quoted once more it would not be the same
        if params := how.get("params"):
            how["params"] = {k: unquote(v) for k, v in params.items()}
        try:
            answer = requests.post(url, **how)  # noqa: S113  # it has one
        except requests.RequestException as failure:
            _answer.set(failure)
            raise
        _answer.set(answer)
        return answer


def tell_group(letter: Letter) -> None:
    """Hand a letter to a group's robot. Raises Undelivered with a reason that repeats nothing of the robot's address."""
    robot = letter.to
    if not isinstance(robot, Robot):
        raise TypeError(f"{letter.message_id} is not to a group")
    _answer.set(None)
    sent = _plugin(robot).send(body=f"{MARK}{letter.text}")
    answer = _answer.get()
    if isinstance(answer, requests.Response):
        if answer.status_code != requests.codes.ok:
            raise Undelivered(say("机器人的服务器答复 HTTP {status}", status=answer.status_code))
        if (refused := _refusal(robot, answer)) is not None:
            raise Undelivered(refused)
    if isinstance(answer, requests.Timeout):
        raise Undelivered(say("机器人的服务器没有在 {n} 秒内答复", n=TIMEOUT))
    if answer is None or isinstance(answer, requests.RequestException) or not sent:
        raise Undelivered(say("连不上机器人的服务器，请检查本机能否访问外网"))


def _refusal(robot: Robot, answer: requests.Response) -> Sentence | None:
    """Return why a robot took no message though it answered; None where it took it."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    code = said.get("errcode", said.get("code", said.get("StatusCode"))) if isinstance(said, dict) else None
    if code == 0:
        return None
    if not isinstance(said, dict) or not isinstance(code, int):
        return say("机器人的服务器答复了看不懂的内容")
    if (known := REFUSALS[robot.kind].get(code)) is not None:
        return known
    words = str(said.get("errmsg") or said.get("msg") or "").replace(robot.token, "…")[:200]
    return say("机器人没有接受（{code}）：{words}", code=code, words=words)


def _plugin(robot: Robot) -> Any:
    """Return Apprise's plug-in for a robot; Apprise is loaded by the first letter, not by every start."""
    from apprise.plugins import dingtalk, feishu, lark, wecombot

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its messages name tokens
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # and so do these, down to DEBUG
    plugins: tuple[Any, ...] = (dingtalk, feishu, lark, wecombot)
    for module in plugins:
        module.requests = _Listening()
    match robot.kind:
        case "wecom":
            return wecombot.NotifyWeComBot(key=robot.token)
        case "dingtalk":
            return dingtalk.NotifyDingTalk(token=robot.token, secret=robot.secret or None)
        case "feishu":
            return feishu.NotifyFeishu(token=robot.token)
    return lark.NotifyLark(token=robot.token)

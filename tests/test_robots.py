"""Messages reach the robots of groups as each wants them, and a refusal is never taken for a success."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.lark import NotifyLark
from apprise.plugins.wecombot import NotifyWeComBot

from app.robots import tell_group
from app.services.channels import Robot
from app.services.letters import Letter, Undelivered

TOKEN = "0a1b2c3d"
ROBOTS = {
    "wecom": (NotifyWeComBot, "/cgi-bin/webhook/send?key={key}"),
    "dingtalk": (NotifyDingTalk, "/robot/send?access_token={token}"),
    "feishu": (NotifyFeishu, "/open-apis/bot/v2/hook/{token}/"),
    "lark": (NotifyLark, "/open-apis/bot/v2/hook/"),
}


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(body)))  # type: ignore[attr-defined]
        status, said = self.server.answer  # type: ignore[attr-defined]
        text = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Group(ThreadingHTTPServer):
    """The server of all robots, on this machine: keeps what it is asked, answers what it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.asked: list[tuple[str, Any]] = []
        self.answer: tuple[int, Any] = (200, {"errcode": 0, "errmsg": "ok"})


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[Group]:
    """A server that stands in for those of WeCom, DingTalk, Feishu and Lark."""
    with Group() as server:
        for plugin, path in ROBOTS.values():
            monkeypatch.setattr(plugin, "notify_url", f"http://127.0.0.1:{server.server_address[1]}{path}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def tell(kind: str, secret: str = "") -> None:
    tell_group(Letter(Robot(kind, TOKEN, secret), "<letter-1@rulebook>", "x", "用户档案 YH2025-00007"))


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        ("wecom", f"/cgi-bin/webhook/send?key={TOKEN}", ("msgtype", "text", "content")),
        ("dingtalk", f"/robot/send?access_token={TOKEN}", ("msgtype", "text", "content")),
        ("feishu", f"/open-apis/bot/v2/hook/{TOKEN}/", ("msg_type", "content", "text")),
        ("lark", f"/open-apis/bot/v2/hook/{TOKEN}", ("msg_type", "content", "text")),
    ],
)
def test_each_robot_is_asked_in_its_own_way(group: Group, kind: str, path: str, body: tuple[str, str, str]) -> None:
    group.answer = (200, {"code": 0, "msg": "success"} if kind in ("feishu", "lark") else {"errcode": 0})
    tell(kind)
    ((asked, sent),) = group.asked
    assert asked == path
    assert sent[body[0]] == "text"
    assert sent[body[1]][body[2]] == "【规簿】用户档案 YH2025-00007"


def test_a_signed_message_carries_the_signature_that_dingtalk_computes(group: Group) -> None:
    tell("dingtalk", "SEC0f9e")
    query = parse_qs(urlsplit(group.asked[0][0]).query)
    (stamp,), (sign,) = query["timestamp"], query["sign"]
    expected = hmac.new(b"SEC0f9e", f"{stamp}\nSEC0f9e".encode(), hashlib.sha256).digest()
    assert sign == base64.b64encode(expected).decode()


@pytest.mark.parametrize(
    ("kind", "answer", "reason"),
    [
        ("wecom", (200, {"errcode": 93000, "errmsg": "invalid webhook url"}), "机器人的地址无效，或机器人已被移出群"),
        ("wecom", (200, {"errcode": 45009, "errmsg": "api freq out of limit"}), "机器人发送过于频繁，稍后重试"),
        ("dingtalk", (200, {"errcode": 310000, "errmsg": "no keyword"}), "被机器人的安全设置拒绝：请检查关键词“规簿”、加签密钥或 IP 白名单"),
        ("dingtalk", (200, {"errcode": 7, "errmsg": f"no {TOKEN}"}), "机器人没有接受（7）：no …"),
        ("feishu", (200, {"code": 19001, "msg": "param invalid"}), "机器人的地址无效，或机器人已被移出群"),
        ("lark", (200, {"code": 9499, "msg": "Bad Request"}), "机器人没有接受（9499）：Bad Request"),
        ("wecom", (500, b"oops"), "机器人的服务器答复 HTTP 500"),
        ("feishu", (302, b""), "机器人的服务器答复 HTTP 302"),
        ("dingtalk", (200, b"<html>"), "机器人的服务器答复了看不懂的内容"),
    ],
)  # fmt: skip
def test_a_robot_that_refuses_says_why_in_plain_words(
    group: Group, kind: str, answer: tuple[int, Any], reason: str
) -> None:
    group.answer = answer
    with pytest.raises(Undelivered) as refused:
        tell(kind)
    assert str(refused.value.reason) == reason


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_server_that_is_away_is_a_reason_too_and_nothing_secret_is_logged(
    group: Group, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    group.answer = (200, {"errcode": 0, "code": 0})
    tell(kind)
    group.shutdown()
    group.server_close()
    with caplog.at_level(logging.DEBUG), pytest.raises(Undelivered) as refused:
        tell(kind, "SEC0f9e" if kind == "dingtalk" else "")
    assert str(refused.value.reason) == "连不上机器人的服务器，请检查本机能否访问外网"
    assert TOKEN not in caplog.text
    assert "SEC0f9e" not in caplog.text

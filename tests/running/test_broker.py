"""The embedded broker listens on its socket alone, and keeps what it accepted."""

from __future__ import annotations

import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from app.running.broker import Broker, BrokerError


@pytest.fixture
def broker() -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="broker-") as folder:
        made = Broker(Path(folder) / "sockets" / "v.sock", Path(folder) / "data")
        made.make_folders()
        yield made


def started(broker: Broker) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(broker.command(), stdout=subprocess.DEVNULL)
    broker.wait(process.poll)
    return process


def test_what_was_accepted_survives_a_kill(broker: Broker) -> None:
    first = started(broker)
    with redis.Redis.from_url(broker.url) as client:
        client.config_set("appendfsync", "always")
        client.rpush("rulebook", "import 7")
    first.kill()
    first.wait()
    second = started(broker)
    with redis.Redis.from_url(broker.url) as client:
        assert client.lrange("rulebook", 0, -1) == [b"import 7"]
    second.terminate()
    assert second.wait() == 0


def test_nobody_else_on_the_machine_or_the_network_can_reach_it(broker: Broker) -> None:
    process = started(broker)
    assert stat.S_IMODE(broker.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(broker.socket.parent.stat().st_mode) == 0o700
    with redis.Redis.from_url(broker.url) as client:
        assert client.config_get("port") == {"port": "0"}
    process.terminate()
    process.wait()


def test_a_server_that_ends_at_once_is_told_with_its_code(broker: Broker) -> None:
    with pytest.raises(BrokerError, match="7"):
        broker.wait(lambda: 7)


def test_a_server_that_never_answers_is_given_up(broker: Broker) -> None:
    with pytest.raises(BrokerError, match="没有应答"):
        broker.wait(lambda: None, seconds=0.1)

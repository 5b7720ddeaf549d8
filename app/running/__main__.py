"""`python -m app.running`: the whole panel on one machine, until Ctrl-C."""

from __future__ import annotations

import http.client
import socket
import sys
import threading
import time
from contextlib import suppress

from app.running.broker import Broker, BrokerError
from app.running.group import AlreadyRunning, Child, Group, Interrupted
from app.running.programs import first_start, programs
from config import Settings, SettingsError, broker_socket, read


class FailedError(RuntimeError):
    """The panel cannot run; the message says why and what to do."""


def main() -> int:
    """Start everything, wait, stop everything; 0 when somebody asked for the stop."""
    try:
        settings = read()
        with Group(settings.INSTANCE) as group:
            try:
                _run(settings, group)
            except Interrupted:
                group.say("正在停止…… / Stopping …")
    except (SettingsError, FailedError, BrokerError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except AlreadyRunning as running:
        sys.stderr.write(
            f"规簿已在运行（进程 {running.pid}）。 / Rulebook is running already (process {running.pid}).\n"
        )
        return 1
    return 0


def _run(settings: Settings, group: Group) -> None:
    """Start one after the other, and return by an error or an interruption alone."""
    _free(settings)
    embedded = broker_socket(settings.INSTANCE)
    if f"unix://{embedded}" == settings.REDIS_URL:
        broker = Broker(embedded, settings.INSTANCE / "broker")
        broker.make_folders()
        broker.wait(group.start("broker", broker.command(), {}).ended)

    setup = first_start()
    preparing = group.start(setup.name, setup.command, setup.environ, asked=True)
    ended = group.wait()
    if ended is not preparing or ended.ended() != 0:
        raise FailedError(_obituary(ended))

    for program in programs(settings):
        group.start(program.name, program.command, program.environ)
    threading.Thread(target=_announce, args=(settings, group, preparing.answer), daemon=True).start()
    raise FailedError(_obituary(group.wait()))


def _announce(settings: Settings, group: Group, lines: list[str]) -> None:
    """Wait until the pages answer, then say where they are and who may come in."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104
    while not _answers(host, settings.PORT):
        time.sleep(0.1)
    known = ["用户与密码同首次启动时所示。 / Users and passwords are as shown at the first start."]
    for line in ("", f"规簿已启动 / Rulebook is running: http://{host}:{settings.PORT}/", *(lines or known)):
        group.say(line)
    group.say("按 Ctrl-C 停止 / Ctrl-C stops it\n")


def _answers(host: str, port: int) -> bool:
    """Return whether the web server answers a request, whatever it says."""
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(host, port, timeout=60)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status > 0
        finally:
            connection.close()
    return False


def _free(settings: Settings) -> None:
    """Raise FailedError when another program listens on our port."""
    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    with socket.socket(family) as probe:
        # Connections that an earlier run has just closed do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, settings.PORT))
        except OSError as error:
            raise FailedError(
                f"{settings.HOST}:{settings.PORT} 无法监听（{error.strerror}）；换一个端口：PORT=8001 make run"
                f" / cannot be listened on; take another port: PORT=8001 make run"
            ) from error


def _obituary(child: Child) -> str:
    """Say which child ended, how, and with which last words."""
    return (
        f"{child.name} 已退出（退出码 {child.ended()}），其余程序已随之停止。最后的输出："
        f" / {child.name} ended with exit code {child.ended()}, and everything else was stopped. Its last lines:\n"
        + "\n".join(f"  {line}" for line in child.tail)
    )


if __name__ == "__main__":
    sys.exit(main())

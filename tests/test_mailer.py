"""Letters reach a real mail server as they were written."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest

import config
from app.tasks import Mailer


class _Session(socketserver.StreamRequestHandler):
    """Speaks just enough SMTP (RFC 5321) to take letters."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline().strip():
            word = line.split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                self.server.taken.append(message_from_bytes(text, policy=default))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


class PostOffice(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[Message] = []


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """A mail server on this machine."""
    with PostOffice() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_letter_arrives_with_sender_subject_text_and_its_own_message_id(
    post_office: PostOffice, tmp_path: Path
) -> None:
    port = post_office.server_address[1]
    settings = config.read(
        {"INSTANCE": str(tmp_path), "SMTP_URL": f"smtp://127.0.0.1:{port}", "MAIL_FROM": "panel@example.com"}
    )
    mailer = Mailer(settings)
    mailer(("liming@example.com", "<notice-7@rulebook>", "【规簿】请于 2026-11-23 前办理", "投诉记录卡 TS-2026-00054"))
    (letter,) = post_office.taken
    assert (letter["From"], letter["To"], letter["Message-ID"]) == (
        "panel@example.com",
        "liming@example.com",
        "<notice-7@rulebook>",
    )
    assert letter["Subject"] == "【规簿】请于 2026-11-23 前办理"
    assert letter.get_content().strip() == "投诉记录卡 TS-2026-00054"  # type: ignore[attr-defined]


def test_a_mail_server_that_is_away_is_an_error_one_can_try_again_after(tmp_path: Path) -> None:
    with PostOffice() as gone:
        port = gone.server_address[1]
    mailer = Mailer(config.read({"INSTANCE": str(tmp_path), "SMTP_URL": f"smtp://127.0.0.1:{port}"}))
    with pytest.raises(OSError, match="refused"):
        mailer(("liming@example.com", "<notice-7@rulebook>", "x", "x"))

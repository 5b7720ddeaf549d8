"""Children start together, are heard together, and never outlive their parent."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.running.group import AlreadyRunning, Group, Interrupted

SLEEP = ("/bin/sleep", "600")


def sh(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


def eventually(true: Callable[[], bool]) -> bool:
    """Whether something becomes true within half a minute."""
    for _ in range(600):
        if true():
            return True
        time.sleep(0.05)
    return False


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody collected yet has."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return state.stdout.strip() == "" or state.stdout.startswith("Z")


def test_every_line_carries_the_name_of_its_program(tmp_path: Path) -> None:
    out = io.StringIO()
    with Group(tmp_path, out) as group:
        group.start("web", sh("echo one; echo 二 >&2"), {})
        group.wait()
    assert sorted(out.getvalue().splitlines()) == ["web    | one", "web    | 二"]


def test_what_a_program_answers_is_kept_and_not_shown(tmp_path: Path) -> None:
    out = io.StringIO()
    with Group(tmp_path, out) as group:
        asked = group.start("setup", sh("echo password; echo noise >&2"), {}, asked=True)
        assert group.wait() is asked
    assert asked.answer == ["password"]
    assert out.getvalue() == "setup  | noise\n"


def test_the_program_that_ends_first_is_named_with_its_code_and_last_lines(tmp_path: Path) -> None:
    with Group(tmp_path, io.StringIO()) as group:
        stays = group.start("web", SLEEP, {})
        group.start("beat", sh("for n in $(seq 40); do echo line $n; done; exit $CODE"), {"CODE": "3"})
        ended = group.wait()
        assert (ended.name, ended.ended(), stays.ended()) == ("beat", 3, None)
        assert list(ended.tail) == [f"line {n}" for n in range(26, 41)]
    assert stays.ended() == -signal.SIGTERM


def test_the_first_program_is_the_last_to_end(tmp_path: Path) -> None:
    out = io.StringIO()
    with Group(tmp_path, out) as group:
        script = 'trap "echo bye; exit" TERM; echo up; while :; do sleep 0.05; done'
        group.start("broker", sh(script), {})
        group.start("web", sh(script), {})
        assert eventually(lambda: out.getvalue().count("up") == 2)
    assert [line for line in out.getvalue().splitlines() if "bye" in line] == ["web    | bye", "broker | bye"]


def test_a_program_that_will_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    out = io.StringIO()
    with Group(tmp_path, out, grace=1) as group:
        child = group.start("web", sh('trap "" TERM; sleep 600 & echo $!; wait; sleep 600'), {})
        assert eventually(lambda: bool(out.getvalue()))
    assert child.ended() == -signal.SIGKILL
    grandchild = int(out.getvalue().split("|")[1])
    assert eventually(lambda: gone(grandchild))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_stop_interrupts_the_wait_and_the_old_handlers_return(
    tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    with Group(tmp_path, io.StringIO()) as group:
        child = group.start("web", SLEEP, {})
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted):
            group.wait()
    assert child.ended() == -signal.SIGTERM
    assert signal.getsignal(number) is before


def test_a_second_start_of_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with Group(tmp_path, io.StringIO()) as first:
        child = first.start("web", SLEEP, {})
        with pytest.raises(AlreadyRunning) as refusal, Group(tmp_path):
            pass
        assert refusal.value.pid == os.getpid()
        assert child.ended() is None
    with Group(tmp_path, io.StringIO()):
        pass


PARENT = textwrap.dedent("""
    import sys
    from pathlib import Path
    from app.running.group import Group

    with Group(Path(sys.argv[1])) as group:
        for name, script in (("meek", "echo $$; exec sleep 600"), ("stubborn", "trap '' TERM; echo $$; sleep 600")):
            group.start(name, ("/bin/sh", "-c", script), {})
        group.wait()
""")


def test_children_of_a_killed_parent_end_and_the_next_start_waits_for_them(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline().split("|")[1]) for _ in range(2)]
    parent.kill()
    parent.stdout.close()
    # Not collected yet: a parent that is a zombie counts as dead.
    with Group(tmp_path, io.StringIO()):
        assert all(gone(pid) for pid in pids)
    parent.wait()

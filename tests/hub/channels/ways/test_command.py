"""A program is told by JSON on its stdin; its exit code is the receipt, and whatever it does is bounded."""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.hub.channels.listening import cleared, raised
from tests.hub.channels.receiving import Told, until

Tell = Callable[[str], Told]


def config(program: str, more: str = "") -> str:
    """Return the config of a receiver that runs a Python program."""
    argv = json.dumps([sys.executable, "-c", program])
    return f'[[receivers]]\nname = "sms"\nchannel = "command"\nargv = {argv}\npause = "300ms"\n{more}\n'


def test_a_program_is_told_by_json(tell: Tell, tmp_path: Path) -> None:
    """The key, a line for people, the alarms; it runs in the config's folder, and may say that somebody acts."""
    program = "import sys; open('told', 'a').write(sys.stdin.read()); print('{\"accepted\": true}')"
    told = tell(config(program))
    told.commit(raised(1))
    told.commit(cleared(2))
    until(lambda: told.states("sms") == ["accepted"] * 2)
    first, second = (json.loads(line) for line in (tmp_path / "told").read_text(encoding="utf-8").splitlines())
    assert first["id"] == told.rows("sms")[0].notice
    assert first["summary"].startswith("[life] Passenger trapped in a lift")
    assert [(each["id"], each["active"]) for each in first["alarms"] + second["alarms"]] == [
        ("alarm-1", True),
        ("alarm-1", False),
    ]


@pytest.mark.parametrize(
    ("program", "timeout", "reason"),
    [
        ("import sys; sys.stderr.write('no line'); sys.exit(1)", "30s", "exit"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "30s", "exit"),
        ("import time; time.sleep(60)", "500ms", "timed_out"),
    ],
)
def test_what_fails_is_tried_again(tell: Tell, program: str, timeout: str, reason: str) -> None:
    """Another exit code than 0, a signal, a program that does not end."""
    told = tell(config(program, f'timeout = "{timeout}"'))
    told.commit(raised(1))
    until(lambda: told.rows("sms") and told.rows("sms")[0].attempts >= 2)
    assert told.rows("sms")[0].reason == reason


def test_exit_65_is_never(tell: Tell) -> None:
    """EX_DATAERR: a dead letter, with what the program said."""
    told = tell(config("import sys; sys.stderr.write('no such number'); sys.exit(65)"))
    told.commit(raised(1))
    until(lambda: told.states("sms") == ["failed"])
    assert "no such number" in told.words[0].detail


def test_a_program_that_is_not_there_is_tried_again(tell: Tell) -> None:
    """Somebody may install it."""
    told = tell('[[receivers]]\nname = "sms"\nchannel = "command"\nargv = ["./no-such-program"]\n')
    told.commit(raised(1))
    until(lambda: told.rows("sms") and told.rows("sms")[0].attempts >= 1)
    assert told.rows("sms")[0].reason == "unreachable"


def test_a_flood_of_output_and_children_are_bounded(tell: Tell, tmp_path: Path) -> None:
    """100 MB on stdout are read and dropped; a child that is left behind is ended with the program."""
    program = (
        "import subprocess, sys; child = subprocess.Popen(['sleep', '60']);"
        "open('child', 'w').write(str(child.pid));"
        "[sys.stdout.write('x' * 1_000_000) for _ in range(100)]"
    )
    told = tell(config(program, 'timeout = "15s"'))
    told.commit(raised(1))
    until(lambda: told.rows("sms") and told.rows("sms")[0].attempts + (told.states("sms") == ["delivered"]))
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_a_program_that_leaves_somebody_behind_keeps_no_pipe_of_ours(tell: Tell, tmp_path: Path) -> None:
    """What has fled into a session of its own holds its end of the pipes; ours are closed with the try."""
    program = (
        "import subprocess, time; child = subprocess.Popen(['sleep', '60'], start_new_session=True);"
        f"open({str(tmp_path / 'child')!r}, 'a').write(f'{{child.pid}}\\n'); time.sleep(60)"
    )
    before, children = _pipes(), tmp_path / "child"
    told = tell(config(program, 'timeout = "1s"'))
    told.commit(raised(1))
    until(lambda: children.exists() and told.rows("sms")[0].reason == "timed_out")  # after another try, if it must be
    told.stop()
    left = _pipes() - before
    for pid in children.read_text(encoding="utf-8").split():
        os.kill(int(pid), signal.SIGKILL)
    assert left == set()


@pytest.mark.parametrize("own_session", [False, True])
def test_the_exit_code_is_the_receipt_whoever_is_left_behind(tell: Tell, tmp_path: Path, own_session: bool) -> None:
    """A program that leaves a child with its pipes is told once, and not again at each time-out."""
    program = (
        f"import subprocess; child = subprocess.Popen(['sleep', '60'], start_new_session={own_session});"
        "open('children', 'a').write(f'{child.pid}\\n'); print('sent')"
    )
    told = tell(config(program, 'timeout = "20s"'))
    told.commit(raised(1))
    until(lambda: told.states("sms") == ["delivered"], timeout_s=15.0)
    for pid in (tmp_path / "children").read_text(encoding="utf-8").split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    failures, receipt = told.rows("sms")[0].attempts, told.notices("sms")[0].receipt
    assert (failures, receipt) == (0, "exit 0 sent")


def _pipes() -> set[str]:
    """Return the pipes that this process holds."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the folder itself was open
            found.add(str(entry.readlink()))
    return {one for one in found if one.startswith("pipe:")}

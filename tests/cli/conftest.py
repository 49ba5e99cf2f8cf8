"""The command as people meet it: in a process of its own, with pipes or with a terminal around it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from attrs import define, field

from dms_backfill_sdk import Client, Emulator, ManualClock, Switches
from dms_backfill_sdk.cli import app

COMMAND = (sys.executable, "-m", "dms_backfill_sdk.cli")
PATIENCE = 60  # seconds; a busy machine is no failure


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment in which nobody has set anything that the command looks at, with a place for temporary files."""
    looked_at = ("ALIBABA_CLOUD_", "DMS_BACKFILL_", "NO_COLOR", "FORCE_COLOR", "TTY_", "COLUMNS", "LINES", "TERM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(looked_at)}
    return {**kept, "TMPDIR": str(tmp_path), "PYTHONUTF8": "1"}


@pytest.fixture
def command(surroundings: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command to its end, without a terminal."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            env=surroundings | environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


@define
class Started:
    """A command that runs, and what it has written to standard output so far."""

    process: subprocess.Popen[str]
    written: str = ""

    def read_until(self, awaited: str) -> str:
        """Read lines up to the one that has ``awaited`` in it, and return that one."""
        for line in self.process.stdout:
            self.written += line
            if awaited in line:
                return line
        pytest.fail(f"It ended without {awaited!r}:\n{self.written}\n{self.process.stderr.read()}")

    def end(self, by: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Interrupt it; its exit code, and what it wrote to standard error."""
        self.process.send_signal(by)
        # Not communicate(): it would pass over what was read of the pipe already, but not yet as a line.
        self.written += self.process.stdout.read()
        return self.process.wait(timeout=PATIENCE), self.process.stderr.read()


@pytest.fixture
def start(surroundings: dict[str, str]) -> Iterator[Callable[..., Started]]:
    """Start the command, without a terminal; whatever is left of it at the end of the test is killed."""
    with ExitStack() as stack:

        def begin(*arguments: str) -> Started:
            process = subprocess.Popen(
                [*COMMAND, *arguments], env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            # Whoever waits for a line of it must not wait for ever.
            watchdog = threading.Timer(PATIENCE, process.kill)
            stack.callback(watchdog.cancel)
            watchdog.start()
            return Started(process)

        yield begin


@define
class Screenful:
    """What came out on a terminal: all of it, and without the sequences that colour it and move the cursor."""

    raw: str
    exit_code: int
    text: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw).replace("\r\n", "\n")


@pytest.fixture
def terminal(surroundings: dict[str, str]) -> Callable[..., Screenful]:
    """Run the command to its end, in a terminal of so many columns."""

    def run(
        *arguments: str,
        columns: int = 80,
        interrupt_at: str = "",
        answer: str = "",
        **environment: str,
    ) -> Screenful:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=surroundings | {"TERM": "xterm-256color"} | environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        seen = b""
        end = time.monotonic() + PATIENCE
        while select.select([ours], [], [], end - time.monotonic())[0]:
            try:
                seen += os.read(ours, 65536)
            except OSError:  # Linux's way of saying that nobody holds the other side any more
                break
            if answer and b"[y/N]: " in seen:
                os.write(ours, f"{answer}\n".encode())
                answer = ""
            if interrupt_at and interrupt_at.encode() in seen:
                process.send_signal(signal.SIGINT)
                interrupt_at = ""
        os.close(ours)
        return Screenful(seen.decode(), process.wait(timeout=PATIENCE))

    return run


FLOWS = """
[[flow]]
name = "daily_sales"
[[flow.node]]
name = "load"
seconds = 0
[[flow.node]]
name = "sum"
after = ["load"]
seconds = 0
[[flow.node]]
name = "check"
after = ["load"]
seconds = 0
[[flow.node]]
name = "mail"
after = ["sum", "check"]
seconds = 0

[[flow]]
name = "weekly_report"
[[flow.node]]
name = "send"
simulate = { seconds = 0, fails_first = 1, message = "mailbox full" }

[[flow]]
name = "year_end"
[[flow.node]]
name = "close"
seconds = 3600

[[flow]]
name = "draft"
publish = false
"""


@pytest.fixture
def service(surroundings: dict[str, str], tmp_path: Path) -> Iterator[Emulator]:
    """A local DMS with some task flows, to which the environment of every command leads. A failed run does not hold up
    the others of its series."""
    flows = tmp_path / "flows.toml"
    flows.write_text(FLOWS, encoding="utf-8")
    emulator = Emulator(switches=Switches(after_failure="continue"))
    emulator.load(flows)
    with emulator.serve() as server:
        surroundings |= {
            "DMS_BACKFILL_ENDPOINT": server.url,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "testid",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "testsecret",
        }
        yield emulator
    emulator.close()


@pytest.fixture
def at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., tuple[Emulator, Callable[..., int]]]]:
    """A local DMS and the command in this process, both on a clock that moves only when somebody waits: what takes the
    command minutes takes no time."""
    flows = tmp_path / "flows.toml"
    flows.write_text(FLOWS, encoding="utf-8")
    with ExitStack() as stack:

        def make(**switches: object) -> tuple[Emulator, Callable[..., int]]:
            emulator = Emulator(clock=ManualClock(), switches=Switches(**switches))
            stack.callback(emulator.close)
            emulator.load(flows)
            monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid")
            monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret")
            monkeypatch.setenv("DMS_BACKFILL_ENDPOINT", "http://127.0.0.1")
            client = partial(Client, clock=emulator.clock, transport=emulator.transport())
            monkeypatch.setattr("dms_backfill_sdk.cli.connection.Client", client)
            return emulator, lambda *arguments: app.run(arguments)

        yield make

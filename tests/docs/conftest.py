"""Pages are run as their readers would: the Python of a page from top to bottom, in one place, with what it prints
compared to what the page says it prints."""

import doctest
import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import attrs
import pytest

import dms_backfill_sdk as sdk

ROOT = Path(__file__).parents[2]


@attrs.frozen
class Block:
    """A fenced block of a page.

    Attributes:
        language: what stands behind its opening fence.
        mark: the comment in the line above it: what it is for, or the name of the file it is to be found in.
        text: what stands in it.
        line: where it begins.
        adjoins: whether nothing but an empty line stands between it and the block above.
    """

    language: str
    mark: str
    text: str
    line: int
    adjoins: bool


_FENCED = re.compile(
    r"(?:^<!-- (?P<mark>.+?) -->\n)?^```(?P<language>\S+)\n(?P<text>.*?)^```$\n?", re.MULTILINE | re.DOTALL
)


class Page:
    """A page of the documentation, and its fenced blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = path.read_text("utf-8")

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def blocks(self) -> Iterator[Block]:
        end = 0
        for found in _FENCED.finditer(self.source):
            adjoins = bool(end) and not self.source[end : found.start()].strip()
            line = self.source.count("\n", 0, found.start("text"))
            end = found.end()
            yield Block(found["language"], found["mark"] or "", found["text"], line, adjoins)

    def marked(self, mark: str) -> str:
        """What stands in the one block with this mark."""
        [text] = [block.text for block in self.blocks if block.mark == mark]
        return text

    def run(self, **names: Any) -> dict[str, Any]:
        """Run the page in the current directory.

        A block whose mark is a file's name is written to that file. A ``text`` block right below a ``python`` block
        is what that prints; ``...`` in it stands for anything.

        Returns:
            the names that the page has defined; under ``printed``, all that it printed.
        """
        names |= {"__name__": "__page__", "printed": ""}
        for block in self.blocks:
            if "." in block.mark:
                Path(block.mark).write_text(block.text, "utf-8")
            elif block.language == "python" and not block.mark:
                said = io.StringIO()
                with redirect_stdout(said):
                    # The empty lines let a traceback name the line of the page.
                    exec(compile("\n" * block.line + block.text, self.path, "exec", dont_inherit=True), names)
                names["printed"] += said.getvalue()
            elif block.language == "text" and block.adjoins:
                shown = re.sub(" +$", "", said.getvalue(), flags=re.MULTILINE)  # nobody sees blanks at a line's end
                same = doctest.OutputChecker().check_output(block.text, shown, doctest.ELLIPSIS)
                assert same, f"{self}:{block.line}: it prints\n{shown}\nand the page says\n{block.text}"
        return names


@pytest.fixture(scope="session")
def page() -> Callable[[str], Page]:
    """Pages by their names, such as ``docs/tutorial.md``."""
    return lambda name: Page(ROOT / name)


@pytest.fixture
def run_as_tests(pytester: pytest.Pytester) -> Callable[[str], pytest.RunResult]:
    """Runs a test file as somebody who has installed the package, with warnings as errors."""
    # On a path and not installed, the package cannot announce its fixtures.
    announced = any(entry.value == "dms_backfill_sdk.pytest_plugin" for entry in entry_points(group="pytest11"))
    arguments = ["-W", "error"] if announced else ["-W", "error", "-p", "dms_backfill_sdk.pytest_plugin"]

    def run(source: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess(*arguments)

    return run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[sdk.Emulator]:
    """A local DMS over HTTP, to which the environment leads; it holds the published task flow 15001, which has to do
    with daily sales and takes no time."""
    emulator = sdk.Emulator()
    with emulator.serve() as server:
        monkeypatch.setenv("DMS_BACKFILL_ENDPOINT", server.url)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid")
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret")
        monkeypatch.delenv("ALIBABA_CLOUD_SECURITY_TOKEN", raising=False)
        with sdk.Client() as client:
            flow = client.create_task_flow(sdk.CreateTaskFlowRequest(dag_name="daily_sales")).dag_id
            for name in ("load", "sum"):
                client.create_task(
                    sdk.CreateTaskRequest(
                        dag_id=flow, node_name=name, node_type=sdk.NodeType.NORMAL_SQL, node_content='{"seconds": 0}'
                    )
                )
            client.publish_and_deploy_task_flow(sdk.PublishAndDeployTaskFlowRequest(dag_id=flow))
        assert flow == 15001
        yield emulator
    emulator.close()


@attrs.define
class Terminal:
    """A process in a terminal of 80 columns, and what it has shown so far."""

    process: subprocess.Popen[bytes]
    _ours: int
    _seen: bytes = b""

    @classmethod
    def begin(cls, command: str, environment: dict[str, str], place: Path) -> "Terminal":
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            env=environment,
            cwd=place,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        return cls(process, ours)

    @property
    def written(self) -> str:
        """All that came, without the sequences that colour it and move the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._seen.decode("utf-8", "replace")).replace("\r\n", "\n")

    @property
    def shown(self) -> str:
        """What stands there at last: of each line that was written over and over, the last."""
        return "\n".join(line.rstrip("\r").rpartition("\r")[2].rstrip() for line in self.written.split("\n"))

    def read_until(self, awaited: str) -> bool:
        """Wait for some text; False if it ends without. An empty one never comes."""
        end = time.monotonic() + 60
        while not awaited or awaited not in self.written:
            assert select.select([self._ours], [], [], end - time.monotonic())[0], f"it hangs:\n{self.shown}"
            try:
                more = os.read(self._ours, 65536)
            except OSError:  # Linux's way of saying that nobody holds the other side any more
                more = b""
            if not more:
                return False
            self._seen += more
        return True

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Read to the end; its exit code."""
        self.read_until("")
        os.close(self._ours)
        return self.process.wait(timeout=60)


@attrs.define
class Shell:
    """Somebody who types what a page shows behind ``$``, in one terminal and, for a server, in another one."""

    place: Path
    environment: dict[str, str]
    serving: Terminal | None = None
    _code: int = 0

    def carry_out(self, transcript: str, where: str, *, interrupt: str = "") -> None:
        """Type the commands of a block; each must show what the block shows of it. ``...`` stands for anything.

        Args:
            interrupt: press Ctrl-C when this is seen.
        """
        for command, expected in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", transcript, re.MULTILINE):
            shown = self._shown(command, expected, interrupt)
            # How many empty lines come last is nothing that anybody sees.
            want, got = (f"{text.rstrip()}\n" for text in (expected, shown))
            same = doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS)
            assert same, f"{where}: $ {command}\nshows\n{shown}\nand the page says\n{expected}"

    def _shown(self, command: str, expected: str, interrupt: str) -> str:
        if command == "echo $?":
            return f"{self._code}\n"
        terminal = Terminal.begin(command, self.environment, self.place)
        if " serve " in command:
            self.serving = terminal
            assert terminal.read_until("Ctrl-C ends it.")
            self.environment |= dict(re.findall(r"export (\w+)=(\S+)", terminal.shown))
            return terminal.shown
        for question, answer in re.findall(r"(\[y/N\]: )(.)$", expected, re.MULTILINE):
            assert terminal.read_until(question), terminal.shown
            terminal.type(f"{answer}\n")
        if interrupt:
            assert terminal.read_until(interrupt), terminal.shown
            terminal.interrupt()
        self._code = terminal.end()
        return terminal.shown


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell that knows ``dms-backfill``, and of nothing that somebody may have set for it."""
    program = tmp_path / "bin" / "dms-backfill"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dms_backfill_sdk.cli "$@"\n', "utf-8")
    program.chmod(0o755)
    looked_at = ("ALIBABA_CLOUD_", "DMS_BACKFILL_", "NO_COLOR", "FORCE_COLOR", "TTY_", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(looked_at)}
    path = f"{program.parent}{os.pathsep}{kept['PATH']}"
    made = Shell(tmp_path, kept | {"PATH": path, "TERM": "xterm-256color", "PYTHONUTF8": "1"})
    yield made
    if made.serving:
        with suppress(ProcessLookupError):
            made.serving.interrupt()
        made.serving.end()

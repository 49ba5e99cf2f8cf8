"""Pages are run as their readers would: the Python of a page from top to bottom, in one place, with what it prints
compared to what the page says it prints."""

import doctest
import io
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
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

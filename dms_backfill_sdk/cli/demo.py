"""``dms-backfill demo``: from "which days are missing" to "done", on this machine alone."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from dms_backfill_sdk.cli import sales
from dms_backfill_sdk.cli.exits import CommandError, ExitCode
from dms_backfill_sdk.cli.screen import screen, show
from dms_backfill_sdk.cli.storyboard import called, few_rows, months, next_steps, sent
from dms_backfill_sdk.client import Client
from dms_backfill_sdk.clock import SystemClock
from dms_backfill_sdk.emulator import Emulator
from dms_backfill_sdk.operations.back_fill import BackFillRequest
from dms_backfill_sdk.operations.control import ListTaskFlowInstanceRequest, Run
from dms_backfill_sdk.operations.terms import FINISHED, RunStatus
from dms_backfill_sdk.render import Line
from dms_backfill_sdk.signing.credentials import AccessKey

__all__ = ["demo"]

#: The runs' clock is this much faster than the wall's: a day's run, a minute's work, takes a quarter of a second.
SPEED = 240

#: Seconds on that clock from one look at the runs to the next.
POLL = 30

#: Behind the bar; the description is the newest day that is done.
PROGRESS = "{task.completed}/{task.total} runs  {task.description}"


def demo() -> None:
    """Backfill the missing weeks of a small table, here and now.

    It starts a local DMS with a task flow over a table of daily sales in which some weeks were never loaded, shows
    what is missing, sends the signed BackFill over HTTP, follows the runs, and shows the rows that now exist. It takes
    about ten seconds, needs no account, and leaves nothing behind.
    """
    with TemporaryDirectory(prefix="dms-backfill-") as folder:
        database = Path(folder) / "sales.db"
        sales.create(database)
        walk(database, screen())


def walk(database: Path, out: Console) -> None:
    """Give the demo on a shop's database.

    Raises:
        CommandError: a run failed.
    """
    clock = SystemClock(speed=SPEED)
    with closing(Emulator(clock=clock, database=database)) as emulator:
        with as_file(files("dms_backfill_sdk.cli") / "demo.toml") as flows:
            emulator.load(flows)
        key = AccessKey("testid", "testsecret")
        with emulator.serve() as server, Client(credentials=key, endpoint=server.url) as client:
            _Tour(out, client, emulator, database).walk()


@frozen
class _Tour:
    """The demo, step by step.

    Attributes:
        out: where it is told.
        client: who asks.
        emulator: who answers. The tour looks into it only to show what it holds and what arrived there.
        database: the shop's.
    """

    out: Console
    client: Client
    emulator: Emulator
    database: Path

    def walk(self) -> None:
        (flow,) = self.emulator.world.flows.values()
        missing = set(sales.DAYS) - sales.loaded(self.database).keys()
        gaps = sales.gaps(missing)

        self._step(
            1,
            "A local DMS",
            f"It listens on {self.client.endpoint}; its runs are {SPEED} times as fast as real.",
            f"It holds one task flow, {flow.name}: {' → '.join(node.name for node in flow.nodes.values())}",
        )

        self._step(2, "What is missing", "The flow makes a row of sales for each day, and was off for some weeks.")
        self._show(((), *months(missing, "missing", self.out.width)))

        self._step(3, "The backfill", "Each gap is one BackFill: signed, and sent over HTTP.")
        for begin, end in gaps:
            self._show([(), called(flow.id, begin, end)])
            self._back_fill(BackFillRequest.between(flow.id, begin, end))

        rows = sales.loaded(self.database)
        self._step(4, "What is there now", "The rows that did not exist a moment ago:")
        self._show(((), *few_rows(rows, gaps), (), *months(missing & rows.keys(), "filled", self.out.width)))

        self._step(5, "Your turn")
        self._show(next_steps())

    def _step(self, number: int, title: str, *sentences: str) -> None:
        self.out.print(f"\n{number} {title}", style="heading")
        self._show([((sentence, ""),) for sentence in sentences])

    def _show(self, lines: Iterable[Line]) -> None:
        show(self.out, lines)

    def _back_fill(self, request: BackFillRequest) -> None:
        answer = self.client.back_fill(request)
        arrived = self.emulator.journal.of("BackFill")[-1]
        self._show(sent(self.client.endpoint, arrived.parameters))
        self._show([((f"It has begun; run {answer.dag_instance_id} is the first.", ""),)])
        asked = ListTaskFlowInstanceRequest(
            dag_id=request.dag_id,
            page_index=1,
            page_size=100,
            start_time_begin=request.back_fill_date_begin,
            start_time_end=request.back_fill_date_end,
            use_biz_date=True,
        )
        # A terminal that cannot move its cursor gets lines as well.
        follow = self._bar if self.out.is_interactive else self._news
        runs = follow(self._look(asked))
        if failed := [run for run in runs if run.status == RunStatus.FAILED]:
            raise CommandError(f"Run {failed[0].id} of {day_of(failed[0])}: {failed[0].message}.", ExitCode.RUNS_FAILED)

    def _look(self, request: ListTaskFlowInstanceRequest) -> Iterator[list[Run]]:
        """The runs, by business date, looked at until nothing more happens to them."""
        while True:
            runs = sorted(self.client.iterate(request), key=day_of)
            yield runs
            found = {run.status for run in runs}
            if found <= FINISHED or RunStatus.FAILED in found:
                return
            self.emulator.clock.sleep(POLL)

    def _bar(self, looks: Iterator[list[Run]]) -> list[Run]:
        """Follow the runs with a progress bar."""
        columns = (TextColumn(" "), BarColumn(bar_width=40), TextColumn(PROGRESS))
        with Progress(*columns, console=self.out) as progress:
            task = progress.add_task("")
            for runs in looks:
                done = [run for run in runs if run.status in FINISHED]
                newest = str(day_of(done[-1])) if done else ""
                progress.update(task, total=len(runs), completed=len(done), description=newest)
        return runs

    def _news(self, looks: Iterator[list[Run]]) -> list[Run]:
        """Follow the runs with a line for each that is finished."""
        told: set[date] = set()
        for runs in looks:
            for run in runs:
                if run.status in FINISHED and day_of(run) not in told:
                    told.add(day_of(run))
                    self._show([((f"{day_of(run)}  run {run.id}  {RunStatus(run.status).name}", ""),)])
        return runs


def day_of(run: Run) -> date:
    """The business date of a run; one that the service does not date comes last."""
    return run.business_time.date() if run.business_time else date.max

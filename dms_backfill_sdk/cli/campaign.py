"""``dms-backfill campaign``: start, watch and steer campaigns, each by the ledger it stands in."""

import csv
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from attrs import asdict
from rich.live import Live
from rich.text import Text

from dms_backfill_sdk.backfill.campaign import Campaign, whoami
from dms_backfill_sdk.backfill.ledger import Ledger
from dms_backfill_sdk.backfill.ledgerfile import held, is_ledger
from dms_backfill_sdk.backfill.report import CampaignReport
from dms_backfill_sdk.cli.campaign_view import outcome, view
from dms_backfill_sdk.cli.choice import Only
from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.exits import CommandError, ExitCode
from dms_backfill_sdk.cli.options import grouped
from dms_backfill_sdk.cli.screen import screen, show
from dms_backfill_sdk.clock import SYSTEM_CLOCK
from dms_backfill_sdk.render import table

__all__ = ["campaign"]

campaign = typer.Typer(
    help="Backfill years, window by window, and survive whatever happens.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LedgerPath = Annotated[Path, typer.Argument(metavar="LEDGER", help="The file the campaign stands in.")]
DEFAULT = Path("campaign.db")

#: Seconds from one look at a ledger to the next, for those who watch.
LOOK_EVERY = 1.0


@campaign.command()
@grouped
def start(  # noqa: PLR0913  one for each option
    *,
    ledger: LedgerPath = DEFAULT,
    connection: Connection,
    flow: Annotated[list[str], typer.Option(metavar="NAME", help="Task flow, by name or id; repeat it for more.")],
    between: Annotated[tuple[str, str], typer.Option(metavar="FIRST LAST", help="First and last business date.")],
    window: Annotated[str, typer.Option(help="Days in one BackFill: 1mo, 2w, 10d, auto.")] = "1mo",
    interval: Annotated[int, typer.Option(help="Hours from one run to the next.")] = 24,
    max_active: Annotated[int, typer.Option(help="Windows side by side.")] = 1,
    desc: Annotated[bool, typer.Option("--desc", help="From the last date to the first.")] = False,
    on_failure: Annotated[str, typer.Option(help="stop, continue, or retry:N.")] = "stop",
    not_during: Annotated[str | None, typer.Option(metavar="HH:MM-HH:MM", help="Start nothing then (UTC+8).")] = None,
    max_runs_per_day: Annotated[int | None, typer.Option(help="Begin no more runs on one day (UTC+8).")] = None,
    only: Annotated[Only, typer.Option(help="Which of the dates, by where they stand.")] = Only.ALL,
    after: Annotated[list[str] | None, typer.Option(metavar="B=A", help="B's window after A's same window.")] = None,
    poll: Annotated[float, typer.Option(help="Seconds from one look to the next.")] = 30.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; send nothing.")] = False,
) -> None:
    """Start a campaign and see it through; the same command again goes on with one that was interrupted."""
    with connection.client() as client:
        made = Campaign.of(
            [client.task_flow(name) for name in flow],
            between=between,
            window=window,
            interval=interval,
            max_active=max_active,
            order="desc" if desc else "asc",
            on_failure=on_failure,
            not_during=not_during,
            max_runs_per_day=max_runs_per_day,
            only=only.value,
            after=_after(after or ()),
            ledger=ledger,
            poll=poll,
        )
        if dry_run:
            screen().print(str(made.plan()))
        else:
            _see_through(made, again=False)


@campaign.command()
@grouped
def resume(*, ledger: LedgerPath = DEFAULT, connection: Connection) -> None:
    """Go on with a campaign that was paused, cancelled or interrupted, or has failed."""
    if ledger.exists() and held(ledger):
        _ask(ledger, "resume")
        return
    with connection.client() as client:
        _see_through(Campaign.open(client, ledger), again=True)


@campaign.command()
def pause(ledger: LedgerPath = DEFAULT) -> None:
    """Start nothing more until it is resumed. What runs goes on."""
    _ask(ledger, "pause")


@campaign.command()
def cancel(ledger: LedgerPath = DEFAULT) -> None:
    """Start nothing more, stop what runs, and end. It can be resumed."""
    _ask(ledger, "cancel")


@campaign.command()
def status(ledger: LedgerPath = DEFAULT) -> None:
    """Show where a campaign stands."""
    out = screen()
    with closing(_read(ledger)) as opened:
        show(out, view(opened, width=out.width, running=held(ledger), whole=True), indent=0)


@campaign.command()
def watch(ledger: LedgerPath = DEFAULT) -> None:
    """Watch a campaign that another process runs, until that ends."""
    with closing(_read(ledger)) as opened:
        for _ in _shown(opened, ledger):
            if not held(ledger):
                break


@campaign.command("list")
def list_(folder: Annotated[Path, typer.Argument(metavar="FOLDER")] = Path()) -> None:
    """List the ledgers in a folder."""
    rows = []
    for path in sorted(one for one in folder.iterdir() if is_ledger(one)) if folder.is_dir() else []:
        with closing(_read(path)) as ledger:
            report = CampaignReport.of(ledger)
            names = ", ".join(flow.name for flow in ledger.flows.values())
            rows.append((path.name, names, f"{report.done}/{report.total}", outcome(report, running=held(path))))
    if not rows:
        raise CommandError(f"There is no ledger in {folder}.")
    show(screen(), table(("ledger", "task flows", "runs", "state"), rows, right=(2,)), indent=0)


@campaign.command()
def export(
    ledger: LedgerPath = DEFAULT,
    *,
    form: Annotated[
        str, typer.Option("--format", help="csv: a line for each business time; json: everything.")
    ] = "csv",
) -> None:
    """Write what a ledger holds to standard output."""
    if form not in ("csv", "json"):
        raise CommandError(f"--format is csv or json; {form!r} is neither.")
    with closing(_read(ledger)) as opened:
        if form == "json":
            json.dump(_everything(opened), sys.stdout, indent=1, ensure_ascii=False)
            print()  # noqa: T201  a document ends its last line
            return
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_days(opened))


COLUMNS = ("flow", "window", "state", "business_time", "standing", "run_id", "began", "ended")


def _days(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Every business time of a campaign, in the order in which they are run."""
    for row in ledger.windows():
        known = {run["business_time"]: run for run in ledger.rows("run", "window = ?", row.id)}
        for time_ in row.times:
            run = known.get(str(time_), {})
            yield {
                "flow": row.flow.name,
                "window": row.id,
                "state": row.state,
                "business_time": str(time_),
                "standing": run.get("standing", "missing"),
                **{name: run.get(name) for name in ("run_id", "began", "ended")},
            }


def _everything(ledger: Ledger) -> dict[str, Any]:
    return {
        "settings": asdict(ledger.settings),
        "flows": [asdict(flow) for flow in ledger.flows.values()],
        "windows": [
            {"id": row.id, "flow": row.flow.name, "days": [str(day) for day in row.days], "state": row.state}
            for row in ledger.windows()
        ],
        "runs": list(_days(ledger)),
        "intents": ledger.rows("intent"),
        "events": ledger.rows("event"),
    }


def _after(written: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in written:
        name, equals, other = one.partition("=")
        if not (name and equals and other):
            raise CommandError(f"--after is written B=A, the names of two flows; {one!r} is not.")
        found.setdefault(name, []).append(other)
    return found


def _read(path: Path) -> Ledger:
    return Ledger.open(path, SYSTEM_CLOCK.now, whoami(), write=False)


def _ask(path: Path, wish: Literal["pause", "resume", "cancel"]) -> None:
    with closing(Ledger.open(path, SYSTEM_CLOCK.now, whoami(), write=True)) as ledger:
        ledger.say(wish)
    heard = "takes note of it in its next round" if held(path) else "will take note of it; none runs the campaign now"
    screen().print(f"It was asked to {wish}; the process that runs it {heard}.")


def _see_through(campaign: Campaign, *, again: bool) -> None:
    """Run it here, and show how it goes.

    Raises:
        CommandError: it has ended, and not every day has run and succeeded.
    """
    # Whoever asks it to end is served like whoever interrupts it: what runs in the service goes on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    out = screen()
    run = campaign.resume if again else campaign.run
    if not out.is_interactive:
        report = run(lambda seen: out.print(str(seen)))
    else:
        with Live(console=out, auto_refresh=False) as live:

            def draw(_: CampaignReport) -> None:
                with closing(_read(campaign.ledger)) as ledger:
                    live.update(_text(ledger, out.width, running=True), refresh=True)

            report = run(draw)
    out.print(f"It is {outcome(report, running=False)}.")
    if not report.finished:
        raise CommandError(
            f"{report.done} of {report.total} runs have succeeded; campaign resume {campaign.ledger} goes on.",
            ExitCode.RUNS_FAILED,
        )


def _shown(ledger: Ledger, path: Path) -> Iterator[None]:
    """Show it again and again: drawn anew on a terminal, and elsewhere a report whenever something has changed."""
    out = screen()
    if not out.is_interactive:
        said = None
        while True:
            report = CampaignReport.of(ledger)
            if report != said:
                out.print(str(report))
            said = report
            yield
            time.sleep(LOOK_EVERY)
    with Live(console=out, auto_refresh=False) as live:
        while True:
            live.update(_text(ledger, out.width, running=held(path)), refresh=True)
            yield
            time.sleep(LOOK_EVERY)


def _text(ledger: Ledger, width: int, *, running: bool) -> Text:
    lines = [Text.assemble(*line) for line in view(ledger, width=width, running=running, whole=False)]
    return Text("\n").join(lines)

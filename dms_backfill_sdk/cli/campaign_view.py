"""What a campaign looks like: a bar for each window, and the calendar of its days."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from dms_backfill_sdk.backfill.history import Standing
from dms_backfill_sdk.backfill.ledger import Ledger
from dms_backfill_sdk.backfill.ledgerrows import WindowRow
from dms_backfill_sdk.backfill.report import CampaignReport
from dms_backfill_sdk.render import MONTH_WIDTH, Line, calendar

__all__ = ["outcome", "view"]

BAR = 31
#: Windows and months that are shown at most: in a picture that is drawn again and again, and in one that is not.
LIVE, WHOLE = 8, 36

#: What a day looks like, worst first: if it has several runs, the worst of them decides.
STYLES = {
    Standing.FAILED: "missing",
    Standing.SUSPENDED: "warning",
    Standing.RUNNING: "code",
    Standing.WAITING: "quiet",
    Standing.SUCCEEDED: "filled",
}
BRACKETS = {"missing": "[]", "code": "<>", "filled": "()"}
MEANINGS = (("filled", "succeeded"), ("code", "running"), ("missing", "failed"))
COLOURS = {"done": "filled", "failed": "missing", "stopped": "warning", "running": "code"}


def outcome(report: CampaignReport, *, running: bool) -> str:
    """In a word, where a campaign stands."""
    if running:
        return {"resume": "running", "pause": "paused", "cancel": "being cancelled"}[report.wish]
    if report.finished:
        return "done"
    if report.wish == "cancel":
        return "cancelled"
    return "failed" if "failed" in report.windows else "interrupted"


def view(ledger: Ledger, *, width: int, running: bool, whole: bool) -> Iterator[Line]:
    """Where a campaign stands.

    Args:
        ledger: its ledger.
        width: how many characters a line may have.
        running: whether a process runs it.
        whole: all of it, and not only what moves.
    """
    report = CampaignReport.of(ledger)
    names = ", ".join(flow.name for flow in ledger.flows.values())
    yield (
        (f"{names}  {ledger.settings.begin} → {ledger.settings.end}", "heading"),
        (f"  {outcome(report, running=running)}", ""),
    )
    for sentence in str(report).splitlines():
        yield ((sentence, ""),)
    rows = ledger.windows(limit=WHOLE) if whole else ledger.windows("state = 'running'", limit=LIVE)
    if not rows:
        return
    runs = {row.id: ledger.rows("run", "window = ?", row.id) for row in rows if row.state != "pending"}
    yield ()
    for row in rows:
        yield _bar(row, [Standing(run["standing"]) for run in runs.get(row.id, ())])
    if (hidden := sum(report.windows.values()) - len(rows)) > 0:
        yield ((f"… and {hidden} more windows", "quiet"),)
    yield ()
    marks: dict[date, str] = {}
    ranks = list(STYLES)
    for standing in reversed(ranks):
        marks |= {
            datetime.fromisoformat(run["business_time"]).date(): STYLES[standing]
            for of_window in runs.values()
            for run in of_window
            if run["standing"] == standing.value
        }
    days = dict.fromkeys((time.date() for row in rows for time in row.times), "")
    yield from calendar(days | marks, BRACKETS, across=max(1, (width + 3) // (MONTH_WIDTH + 3)))
    yield ()
    yield tuple(_legend())


def _bar(row: WindowRow, standings: list[Standing]) -> Line:
    total = len(row.times)
    done = total if row.state == "done" else standings.count(Standing.SUCCEEDED)
    full = BAR * done // total
    first, last = row.days
    return (
        (f"{first} → {last}  ", ""),
        ("█" * full, COLOURS.get(row.state, "")),
        ("·" * (BAR - full), "quiet"),
        (f"  {done:>3}/{total:<3}  {row.state}", COLOURS.get(row.state, "")),
        (f"  {row.flow.name}", "quiet"),
    )


def _legend() -> Iterable[tuple[str, str]]:
    for style, meaning in MEANINGS:
        yield "  ".join(BRACKETS[style]), style
        yield f" {meaning}   ", ""

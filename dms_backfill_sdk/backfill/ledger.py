"""The ledger of a campaign: what is to be done, what was about to be sent, what came of it, and who asked for what.

What is about to be sent is committed before it goes out, and its outcome after: whatever stops the process between the
two, the next one knows what to look for. Nothing secret is ever in it.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Self

from attrs import asdict, evolve

from dms_backfill_sdk.backfill.history import Standing
from dms_backfill_sdk.backfill.ledgerfile import opened, said
from dms_backfill_sdk.backfill.ledgerrows import FlowRow, Intent, Outcome, Settings, State, WindowRow, choice_of
from dms_backfill_sdk.dates import BusinessTimes
from dms_backfill_sdk.errors import LedgerError
from dms_backfill_sdk.operations.control import Run

__all__ = ["Ledger"]


class Ledger:
    """A ledger, open for the process that runs its campaign (``write``) or for one that reads or asks.

    Args:
        connection: the open database.
        path: its file.
        now: this machine's time.
        who: who does what is done here, such as ``"ann@host (4711)"``.

    Every method raises LedgerError when the file cannot be read or written; nothing of its transaction stays then.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, now: Callable[[], datetime], who: str) -> None:
        self._connection = connection
        self.path = path
        self._now = now
        self._who = who
        with said(path):
            [settings] = connection.execute("select settings from campaign").fetchone()
            self.settings = Settings(**json.loads(settings))
            after = list(connection.execute("select flow, after from dependency order by flow, after"))
            rows = connection.execute("select id, dag_id, name, tid, interval, choice from flow order by id")
            self.flows = {
                flow: FlowRow(flow, dag, name, tid, hours, choice_of(choice), tuple(b for a, b in after if a == flow))
                for flow, dag, name, tid, hours, choice in rows
            }

    @classmethod
    def open(cls, path: Path, now: Callable[[], datetime], who: str, *, write: bool) -> Self:
        """Open a ledger that there is."""
        return cls(opened(path, write=write), path, now, who)

    @classmethod
    def make(  # noqa: PLR0913, PLR0917  all that is in it
        cls,
        path: Path,
        now: Callable[[], datetime],
        who: str,
        settings: Settings,
        flows: Iterable[FlowRow],
        windows: Iterable[WindowRow],
    ) -> Self:
        """Make a ledger, in one transaction."""
        connection = opened(path, write=True, make=True)
        flows = list(flows)
        try:
            with said(path):
                connection.execute(
                    "insert into campaign values (?, ?, ?)", (_json(asdict(settings)), now().isoformat(), who)
                )
                connection.executemany(
                    "insert into flow values (?, ?, ?, ?, ?, ?)",
                    [(f.id, f.dag_id, f.name, f.tid, f.interval, _json(asdict(f.choice))) for f in flows],
                )
                connection.executemany(
                    "insert into dependency values (?, ?)", [(f.id, other) for f in flows for other in f.after]
                )
                connection.executemany(
                    "insert into window (id, flow, slot, first, last, runs) values (?, ?, ?, ?, ?, ?)",
                    ((w.id, w.flow.id, w.slot, str(w.times.begin), str(w.times.end), len(w.times)) for w in windows),
                )
                connection.execute("commit")
            return cls(connection, path, now, who)
        except BaseException:
            connection.close()
            raise

    def expect(self, settings: Settings, flows: Iterable[FlowRow]) -> None:
        """Refuse the ledger of another campaign."""
        if (self.settings, list(self.flows.values())) != (settings, sorted(flows, key=lambda flow: flow.id)):
            self.close()
            raise LedgerError(
                f"{self.path} is the ledger of another campaign, or of this one with other settings.",
                advice="Take that one up with resume, or name another file.",
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with said(self.path):
            self._connection.execute("begin immediate")
            try:
                yield self._connection
                self._connection.execute("commit")
            except BaseException:
                # After a full disk SQLite may have rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise

    def _event(self, what: str, window: int | None = None, words: str = "") -> None:
        row = (self._now().isoformat(), self._who, what, window, words)
        self._connection.execute("insert into event (at, who, what, window, said) values (?, ?, ?, ?, ?)", row)

    # -- what is to be done --------------------------------------------------------------------------------------

    def windows(self, where: str = "true", *values: object, limit: int = -1) -> list[WindowRow]:
        """Windows, in their order."""
        asked = f"select * from window as w where {where} order by id limit ?"  # noqa: S608  where is ours
        with said(self.path):
            return [self._window(row) for row in self._connection.execute(asked, (*values, limit))]

    def _window(self, row: tuple[Any, ...]) -> WindowRow:
        number, flow_id, slot, first, last, _, state, run_id, before, note = row
        flow = self.flows[flow_id]
        asc, inclusive = self.settings.order == "asc", self.settings.end_inclusive
        times = BusinessTimes(date.fromisoformat(first), date.fromisoformat(last), flow.interval, asc, inclusive)
        return WindowRow(number, flow, slot, times, state, run_id, frozenset(json.loads(before or "[]")), note)

    def startable(self, limit: int) -> list[WindowRow]:
        """The next windows that may be started: those that they come after are done."""
        return self.windows(
            """state = 'pending' and not exists (
                select 1 from dependency as d join window as p on p.slot = w.slot and p.flow = d.after
                where d.flow = w.flow and p.state <> 'done')""",
            limit=limit,
        )

    def states(self) -> dict[State, tuple[int, int]]:
        """For each state how many windows are in it, and how many runs these have."""
        with said(self.path):
            found = self._connection.execute("select state, count(*), sum(runs) from window group by state")
            return {state: (windows, runs) for state, windows, runs in found}

    def spent(self, day: date) -> int:
        """How many runs were begun on this day (UTC+8), as far as is known."""
        begun = "(outcome is null or outcome in ('sent', 'found'))"
        asked = f"select coalesce(sum(runs), 0) from intent where day = ? and {begun}"  # noqa: S608  ours
        with said(self.path):
            runs: int = self._connection.execute(asked, (str(day),)).fetchone()[0]
            return runs

    # -- what is sent, and what comes of it ----------------------------------------------------------------------

    def intend(self, window: WindowRow, now: datetime, since: datetime, again: Run | None = None) -> Intent:
        """Write down what is about to be sent: a window's BackFill, or its run once more."""
        what: Literal["backfill", "rerun"] = "backfill" if again is None else "rerun"
        began = again.start_time if again else None
        run_id = again.id if again else None
        runs = len(window.times) if again is None else 1
        with self._transaction() as connection:
            row = (window.id, what, self._now().isoformat(), str(now.date()), runs, since.isoformat())
            cursor = connection.execute(
                "insert into intent (window, what, at, day, runs, since, before, run_id, run_began) "
                "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, _json(sorted(window.before)), run_id, began and began.isoformat()),
            )
            if again is None:
                connection.execute("update window set state = 'sending' where id = ?", (window.id,))
        return Intent(
            id=cursor.lastrowid or 0,
            window=window,
            what=what,
            since=since,
            before=window.before,
            run_id=run_id,
            run_began=began,
        )

    def open_intents(self) -> list[Intent]:
        """What was about to be sent when the process ended."""
        asked = (
            "select id, window, what, since, before, run_id, run_began from intent where outcome is null order by id"
        )
        with said(self.path):
            rows = self._connection.execute(asked).fetchall()
        return [
            Intent(
                id=number,
                window=self.windows("id = ?", window)[0],
                what=what,
                since=datetime.fromisoformat(since),
                before=frozenset(json.loads(before)),
                run_id=run_id,
                run_began=began and datetime.fromisoformat(began),
            )
            for number, window, what, since, before, run_id, began in rows
        ]

    def settle(self, intent: Intent, outcome: Outcome, run_id: int | None, words: str = "") -> None:
        """Write down what came of it: it was ``"sent"`` and answered, or ``"found"`` though no answer came; or it is
        ``"absent"`` or was ``"refused"``, and nothing was begun. ``run_id`` is the run that stands for it."""
        with self._transaction() as connection:
            connection.execute("update intent set outcome = ? where id = ?", (outcome, intent.id))
            if intent.what == "backfill":
                begun = (_json(sorted(intent.before)), run_id, "running", intent.window.id)
                values = begun if outcome in ("sent", "found") else (None, None, "pending", intent.window.id)
                connection.execute("update window set before = ?, run_id = ?, state = ? where id = ?", values)
            elif outcome != "absent":
                connection.execute(
                    "update run set tries = tries - 1 where window = ? and run_id = ?", (intent.window.id, run_id)
                )
            self._event(f"{intent.what} {outcome}", intent.window.id, words)

    def tries(self, window: WindowRow) -> Mapping[int, int]:
        """For each run of a window how often it may still be run again."""
        with said(self.path):
            return dict(self._connection.execute("select run_id, tries from run where window = ?", (window.id,)))

    def see(
        self, seen: Iterable[tuple[WindowRow, Mapping[datetime, Run], Mapping[datetime, Standing]]], tries: int
    ) -> None:
        """Write down how runs stand now.

        Args:
            seen: for each window the runs that have changed, and where they stand.
            tries: how often a run that was not seen before may be run again.
        """
        rows = [
            (window.id, str(time), run.id, standings[time].value, *map(_text, (run.start_time, run.end_time)), tries)
            for window, runs, standings in seen
            for time, run in runs.items()
        ]
        if rows:
            with self._transaction() as connection:
                connection.executemany(
                    "insert into run values (?, ?, ?, ?, ?, ?, ?) on conflict do update set run_id = excluded.run_id, "
                    "standing = excluded.standing, began = excluded.began, ended = excluded.ended",
                    rows,
                )

    def end(self, window: WindowRow, state: State, note: str = "") -> WindowRow:
        """Write down that nothing more will happen to a window by itself."""
        with self._transaction() as connection:
            connection.execute("update window set state = ?, note = ? where id = ?", (state, note or None, window.id))
            self._event(state, window.id, note)
        return evolve(window, state=state, note=note or None)

    def take_up(self, tries: int) -> None:
        """Begin again with windows that have failed or were stopped: their failed runs may be run again."""
        with self._transaction() as connection:
            ended = "select id from window where state in ('failed', 'stopped')"
            connection.execute(f"update run set tries = ? where window in ({ended})", (tries,))  # noqa: S608
            connection.execute("update window set state = 'running', note = null where state in ('failed', 'stopped')")

    # -- who asked for what --------------------------------------------------------------------------------------

    def say(self, what: str, words: str = "") -> None:
        """Write into the log what this process does, or what somebody wishes: to pause, resume or cancel."""
        with self._transaction():
            self._event(what, words=words)

    def wish(self) -> str:
        """What was asked for last: ``"pause"``, ``"resume"`` or ``"cancel"``."""
        asked = "select what from event where what in ('pause', 'resume', 'cancel') order by id desc limit 1"
        with said(self.path):
            found = self._connection.execute(asked).fetchone()
        return found[0] if found else "resume"

    # -- for those who read --------------------------------------------------------------------------------------

    def rows(
        self, table: Literal["intent", "run", "event"], where: str = "true", *values: object
    ) -> list[dict[str, Any]]:
        """The rows of a table as they stand, by the names of its columns."""
        with said(self.path):
            found = self._connection.execute(f"select * from {table} where {where}", values)  # noqa: S608  ours
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _text(value: datetime | None) -> str | None:
    return None if value is None else str(value)

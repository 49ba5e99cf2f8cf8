"""The course of a campaign: round after round it looks at what runs, writes down what it sees, and starts what may be.

It is a conversation, as all that talks to the service is; what it does to its ledger are wishes too (:class:`Do`).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

from attrs import define, evolve, field

from dms_backfill_sdk.backfill.history import PAGE, Standing, Talk, runs_about, standing_of
from dms_backfill_sdk.backfill.ledger import Ledger
from dms_backfill_sdk.backfill.ledgerrows import Intent, Outcome, State, WindowRow
from dms_backfill_sdk.backfill.reconciling import reconciling
from dms_backfill_sdk.backfill.report import CampaignReport
from dms_backfill_sdk.backfill.schedule import OnFailure, QuietHours, merged
from dms_backfill_sdk.backfill.submission import LOOKS, UNMEASURED, sending, waits_after
from dms_backfill_sdk.backfill.watch import PASSING, SETTLE, Started, Watch
from dms_backfill_sdk.dates import in_china
from dms_backfill_sdk.errors import DmsError, NotSentError, ThrottledError
from dms_backfill_sdk.exchange import Do, Sleep, Told
from dms_backfill_sdk.line import Line
from dms_backfill_sdk.operations.control import ReRunTaskFlowInstanceRequest, Run, StopTaskFlowInstanceRequest

__all__ = ["Course"]

Days = tuple[date, date]


@define(eq=False)
class _Active:
    """A window that runs, and what is known of its runs."""

    row: WindowRow
    watch: Watch
    moved: datetime

    @property
    def open_times(self) -> list[datetime]:
        return [time for time in self.watch.times() if self.watch.standing(time) is not Standing.SUCCEEDED]

    @property
    def open_days(self) -> Days:
        times = self.open_times
        return min(times).date(), max(times).date()

    def stands(self, *standings: Standing) -> bool:
        return any(self.watch.standing(time) in standings for time in self.watch.times())


@define(eq=False)
class Course:
    """A campaign under way, in the process that holds its ledger's lock.

    Attributes:
        ledger: its ledger.
        line: how to ask.
        tid: the tenant of requests that name none.
    """

    ledger: Ledger
    line: Line
    tid: int | None
    _active: dict[int, _Active] = field(factory=dict, init=False)
    _seen: dict[int, list[Run]] = field(factory=dict, init=False)
    _covered: list[tuple[int, Days]] = field(factory=list, init=False)
    _round_began: datetime = field(init=False, factory=lambda: datetime.max.replace(tzinfo=UTC))

    @property
    def _policy(self) -> OnFailure:
        return OnFailure.parse(self.ledger.settings.on_failure)

    # -- rounds --------------------------------------------------------------------------------------------------

    def conduct(self) -> Talk[CampaignReport]:
        """Go on until nothing more will happen, telling a report whenever something has changed.

        Raises:
            LedgerError: the ledger cannot be written; nothing more is sent.
            DmsError: the service refuses, and not for a passing reason.
        """
        for row in (yield Do(partial(self.ledger.windows, "state = 'running'"))):
            self._add(row)
        for intent in (yield Do(self.ledger.open_intents)):
            # One of another process, which may have died after it had sent it.
            yield from self._reconciling(intent, (0.0, *LOOKS))
        report: CampaignReport | None = None
        while True:
            wish = yield Do(self.ledger.wish)
            out_of_sight = ""
            try:
                yield from self._round(wish)
            except PASSING as error:
                # What runs goes on meanwhile, and what was sent stands in the ledger.
                out_of_sight = str(error)
            was, report = report, (yield Do(partial(CampaignReport.of, self.ledger, out_of_sight)))
            if report != was:
                yield Told(report)
            if not self._active and not out_of_sight and (yield from self._is_over(wish)):
                return report
            yield Sleep(self.ledger.settings.poll)

    def _is_over(self, wish: str) -> Talk[bool]:
        if wish == "cancel":
            return True
        pending = yield Do(partial(self.ledger.startable, 1))
        halted = yield from self._halted()
        return not pending or halted

    def _halted(self) -> Talk[bool]:
        states = yield Do(self.ledger.states)
        return "failed" in states and not self._policy.goes_on

    def _round(self, wish: str) -> Talk[None]:
        self._seen, self._covered, self._round_began = {}, [], self.line.clock.now()
        halted = yield from self._halted()
        may_start = wish == "resume" and not halted and not self._is_quiet()
        free = self.ledger.settings.max_active - len(self._active)
        # Windows that end now make room: what comes next is looked at in the same requests.
        ending = sum(len(one.open_times) <= 1 for one in self._active.values())
        next_rows = (yield Do(partial(self.ledger.startable, free + ending))) if may_start and free + ending else []
        wanted = [(one.row, one.open_days) for one in self._active.values()]
        yield from self._list([*wanted, *((row, row.days) for row in next_rows)])
        yield from self._see()
        for one in list(self._active.values()):
            yield from self._tend(one, wish)
        if may_start and not (yield from self._halted()):
            yield from self._start()

    def _is_quiet(self) -> bool:
        written = self.ledger.settings.not_during
        return written is not None and QuietHours.parse(written).hold(self.line.service.now())

    # -- looking -------------------------------------------------------------------------------------------------

    def _list(self, wanted: Iterable[tuple[WindowRow, Days]]) -> Talk[None]:
        """List the runs of these days, in as few requests as there can be."""
        by_flow: dict[int, list[Days]] = {}
        for row, days in wanted:
            by_flow.setdefault(row.flow.id, []).append(days)
        for number, spans in by_flow.items():
            flow = self.ledger.flows[number]
            # A request brings a page of runs: days between cost nothing as long as theirs fit on it.
            for begin, end in merged(spans, gap=PAGE * flow.interval // 48):
                listed = yield from runs_about(flow.dag_id, begin, end, flow.tid)
                self._seen.setdefault(number, []).extend(listed)
                self._covered.append((number, (begin, end)))

    def _is_covered(self, row: WindowRow) -> bool:
        first, last = row.days
        return any(flow == row.flow.id and begin <= first and last <= end for flow, (begin, end) in self._covered)

    def _see(self) -> Talk[None]:
        changed = []
        for one in self._active.values():
            was = dict(one.watch.runs)
            yield from one.watch.see(self._seen.get(one.row.flow.id, []))
            new = {time: run for time, run in one.watch.runs.items() if run != was.get(time)}
            if new:
                one.moved = self.line.clock.now()
                changed.append((one.row, new, {time: standing_of(run) for time, run in new.items()}))
        if changed:
            yield Do(partial(self.ledger.see, changed, self._policy.retries))

    def _add(self, row: WindowRow) -> None:
        started = Started(row.times, row.run_id, row.before)
        self._active[row.id] = _Active(row, Watch(row.flow.dag_id, row.flow.tid, (started,)), self.line.clock.now())

    # -- what runs -----------------------------------------------------------------------------------------------

    def _tend(self, one: _Active, wish: str) -> Talk[None]:
        if not one.open_times:
            yield from self._end(one, "done")
            return
        if wish == "cancel":
            yield from self._stop(one)
            return
        if one.stands(Standing.FAILED) and not one.stands(Standing.RUNNING, Standing.SUSPENDED):
            left = yield Do(partial(self.ledger.tries, one.row))
            failed = [run for run in one.watch.progress().failed if left.get(run.id or 0, 0) > 0]
            if failed:
                # Later, if not now.
                if wish == "resume" and not self._is_quiet():
                    yield from self._run_again(one, failed)
                return
        if one.watch.over(settled=self._is_settled(one)):
            yield from self._end(one, "failed", str(one.watch.progress()))

    def _is_settled(self, one: _Active) -> bool:
        return self.line.clock.now() - one.moved >= timedelta(seconds=SETTLE)

    def _end(self, one: _Active, state: State, note: str = "") -> Talk[None]:
        yield Do(partial(self.ledger.end, one.row, state, note))
        del self._active[one.row.id]

    def _stop(self, one: _Active) -> Talk[None]:
        """Stop what runs. It needs no entry beforehand: a run that is stopped already is not stopped again."""
        running = [run for run in one.watch.runs.values() if standing_of(run) is Standing.RUNNING]
        for run in running:
            try:
                yield StopTaskFlowInstanceRequest(
                    dag_id=one.row.flow.dag_id, dag_instance_id=run.id or 0, tid=one.row.flow.tid
                )
            except DmsError:
                continue  # it may have ended just now; the next look tells
        # A service may begin the next run of a series in spite of it, and that one is stopped in turn.
        rests = one.moved < self._round_began and one.stands(Standing.FAILED)
        if not running and (rests or self._is_settled(one)):
            yield from self._end(one, "stopped", str(one.watch.progress()))

    def _run_again(self, one: _Active, failed: list[Run]) -> Talk[None]:
        for run in failed:
            if (yield from self._budget_for(1)):
                intent = yield Do(partial(self.ledger.intend, one.row, self._today(), self._since(), run))
                try:
                    yield ReRunTaskFlowInstanceRequest(
                        dag_id=one.row.flow.dag_id, dag_instance_id=run.id or 0, tid=one.row.flow.tid
                    )
                except DmsError as caught:
                    error = caught
                else:
                    yield from self._settle(intent, "sent", run.id)
                    one.moved = self.line.clock.now()
                    continue
                if error.may_have_started:
                    yield from self._reconciling(intent, LOOKS)
                elif isinstance(error, NotSentError | ThrottledError):
                    yield from self._settle(intent, "absent", words=str(error))
                    raise error
                else:
                    # It stands elsewhere by now, as the next look tells; or it will not, and that is tried so often.
                    yield from self._settle(intent, "refused", run.id, str(error))

    # -- what is started -----------------------------------------------------------------------------------------

    def _today(self) -> datetime:
        return in_china(self.line.service.now())

    def _since(self) -> datetime:
        # Whatever is new since the list counts as ours: a run too few is only late, one too many is wrong.
        return self.line.service.now() - UNMEASURED

    def _budget_for(self, runs: int) -> Talk[bool]:
        most = self.ledger.settings.max_runs_per_day
        if most is None:
            return True
        spent = yield Do(partial(self.ledger.spent, self._today().date()))
        return bool(spent + runs <= most)

    def _start(self) -> Talk[None]:
        free = self.ledger.settings.max_active - len(self._active)
        rows = (yield Do(partial(self.ledger.startable, free))) if free > 0 else []
        yield from self._list([(row, row.days) for row in rows if not self._is_covered(row)])
        for row in rows:
            if not (yield from self._budget_for(len(row.times))):
                return
            first, last = row.days
            listed = self._seen.get(row.flow.id, ())
            about = (run for run in listed if run.business_time and first <= run.business_time.date() <= last)
            yield from self._send(evolve(row, before=frozenset(run.id for run in about if run.id is not None)))

    def _send(self, row: WindowRow) -> Talk[None]:
        intent = yield Do(partial(self.ledger.intend, row, self._today(), self._since()))
        try:
            response = yield from sending(row.window, self.line, row.flow.tid or self.tid)
        except DmsError as caught:
            error = caught
        else:
            yield from self._settle(intent, "sent", response.dag_instance_id)
            return
        waits = waits_after(error, self.line, attempt=1, elapsed=0.0)
        if waits:
            yield from self._reconciling(intent, waits)
            return
        yield from self._settle(intent, "absent", words=str(error))
        raise error

    def _reconciling(self, intent: Intent, waits: Sequence[float]) -> Talk[None]:
        run_id = yield from reconciling(intent, waits, self.ledger.settings.poll)
        yield from self._settle(intent, "absent" if run_id is None else "found", run_id)

    def _settle(self, intent: Intent, outcome: Outcome, run_id: int | None = None, words: str = "") -> Talk[None]:
        yield Do(partial(self.ledger.settle, intent, outcome, run_id, words))
        if intent.what == "backfill" and outcome in ("sent", "found"):
            self._add(evolve(intent.window, state="running", run_id=run_id, before=intent.before))

"""The engine: it makes task flows run.

It is a discrete-event simulation without threads. The world stands at one moment, ``world.now``. What will happen later
is on its agenda: a node ends, a run ends, a run has run too long. :meth:`Engine.catch_up` lets it all happen, in order,
up to the clock's time; nothing happens in between. A run's series goes on when a run has succeeded.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush

from dms_backfill_sdk.clock import Clock
from dms_backfill_sdk.dates import in_china
from dms_backfill_sdk.emulator.flows import Flow
from dms_backfill_sdk.emulator.nodes import NodeContext, NodeFailure, Workshop
from dms_backfill_sdk.emulator.refusal import invalid
from dms_backfill_sdk.emulator.runs import NOT_BEGUN, NodeRuns, Run, Series, Shape, shape_of
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.emulator.variables import Variables
from dms_backfill_sdk.emulator.world import Event, World
from dms_backfill_sdk.operations.terms import FINISHED, RunStatus

__all__ = ["MAX_RUNS", "MAX_RUN_TIME", "Engine"]

MAX_RUN_TIME = timedelta(hours=18)  # documented
MAX_RUNS = 100_000  # of one series; our choice: ten years by the hour, and a slip of the pen does not fill the memory

WAITING, RUNNING, SUSPENDED = RunStatus.WAITING, RunStatus.RUNNING, RunStatus.SUSPENDED
FAILED, SUCCESS = RunStatus.FAILED, RunStatus.SUCCESS

# What an event is about when it is not a node's end.
RUN_ENDS, TIME_IS_UP = -1, -2


class Engine:
    """What happens in a world.

    Args:
        world: the world.
        clock: its time.
        switches: what it does where the service's behaviour is unknown.
        workshop: what its nodes do their work with.
    """

    def __init__(self, world: World, clock: Clock, switches: Switches, workshop: Workshop) -> None:
        self.world = world
        self.clock = clock
        self.switches = switches
        self.workshop = workshop
        self._catching_up = False

    # -- time passes ---------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Let everything happen that was to happen by now. Whoever looks at the world, or acts in it, calls this first.

        Called from inside a node's work it does nothing: to that work, time stands still.
        """
        if self._catching_up:
            return
        world = self.world
        until = max(world.now, in_china(self.clock.now()))
        self._catching_up = True
        try:
            while world.agenda and world.agenda[0].at <= until:
                event = heappop(world.agenda)
                world.now = event.at
                if event.life == event.run.life:
                    self._happen(event)
            world.now = until
        finally:
            self._catching_up = False

    def _happen(self, event: Event) -> None:
        run = event.run
        if event.what == RUN_ENDS:
            if run.status is RUNNING:  # a suspended one ends when it has been resumed
                self._conclude(run)
        elif event.what == TIME_IS_UP:
            self._cut_short(run, f"the run took longer than {MAX_RUN_TIME // timedelta(hours=1)} hours")
            self._go_on(run.series)
        else:
            try:
                self._end_node(run, event.what)
            except BaseException:
                # An interrupt in the middle of a node's work: it has not ended, so it will.
                heappush(self.world.agenda, event)
                raise

    def _plan(self, at: datetime, run: Run, what: int) -> None:
        heappush(self.world.agenda, Event(at, self.world.new_id("event"), run, run.life, what))

    # -- series --------------------------------------------------------------------------------------------------

    def back_fill(self, flow: Flow, shape: Shape, times: Sequence[datetime]) -> Run:
        """Start a series.

        Args:
            flow: the task flow.
            shape: what each run does.
            times: the business times, in the order they are run.

        Returns:
            the record whose id the service answers with.

        Raises:
            Refusal: there is no business time, or there are too many.
        """
        if not times:
            raise invalid("The range has no business time in it; its last day is not run, so end it a day later.")
        if len(times) > MAX_RUNS:
            raise invalid(f"This is a series of {len(times)} runs; the emulator takes {MAX_RUNS} at most.")
        with_parent = self.switches.range_creates == "parent" and len(times) > 1
        series = self.world.record_series(flow, shape, times, parent=times[0] if with_parent else None)
        if series.parent:
            series.parent.started = self.world.now
            series.parent.message = f"series of {len(times)} runs"
        self._go_on(series)
        return series.records[0]

    def try_run(self, flow: Flow) -> Run:
        """Run a task flow once as it is being edited; its business time is a day ago."""
        yesterday = self.world.now - timedelta(days=1)
        return self.back_fill(flow, shape_of(flow.snapshot()), [yesterday])

    def _go_on(self, series: Series) -> None:
        """Start the next run of a series, unless the one whose turn it is holds it up."""
        while series.turn < len(series.runs):
            run = series.runs[series.turn]
            if run.status is WAITING:
                self._begin(run)
            if not self._is_over(run):
                break
            series.turn += 1
        self._tell_parent(series)

    def _is_over(self, run: Run) -> bool:
        """Whether the next run of the series may start. After a run that somebody stopped it may not."""
        passes = self.switches.after_failure == "continue" and not run.stopped
        return run.status is SUCCESS or (run.status is FAILED and passes)

    def _tell_parent(self, series: Series) -> None:
        if parent := series.parent:
            parent.status = series.status
            parent.ended = (parent.ended or self.world.now) if parent.status in FINISHED else None

    # -- a run ---------------------------------------------------------------------------------------------------

    def _begin(self, run: Run) -> None:
        run.life += 1
        run.status, run.started, run.ended = RUNNING, self.world.now, None
        run.message, run.stopped = "", False
        run.nodes = NodeRuns.of(run.series.shape)
        self._plan(self.world.now + MAX_RUN_TIME + timedelta.resolution, run, TIME_IS_UP)
        self._start_ready_nodes(run)

    def _start_ready_nodes(self, run: Run) -> None:
        for place in run.nodes.ready():
            self._start_node(run, place)
        if not run.nodes.running:
            self._plan(self.world.now, run, RUN_ENDS)

    def _start_node(self, run: Run, place: int) -> None:
        work, nodes = run.series.shape.works[place], run.nodes
        nodes.status[place] = RUNNING
        nodes.started[place] = self.world.now
        nodes.running += 1
        self._plan(self.world.now + work.duration if work else self.world.now, run, place)

    def _end_node(self, run: Run, place: int) -> None:
        """A node's time has come: its work is done now, and those that wait for it may start."""
        life, nodes = run.life, run.nodes
        try:
            status, message = SUCCESS, self._work(run, place)
        except NodeFailure as failure:
            status, message = FAILED, str(failure)
        if run.life != life:
            return  # the work itself stopped this run, or ran it again: nobody waits for its outcome
        nodes.status[place] = status
        nodes.ended[place] = self.world.now
        nodes.running -= 1
        if message:
            nodes.messages[place] = message
        if status is SUCCESS:
            for follower in run.series.shape.followers[place]:
                nodes.ahead[follower] -= 1
                if not nodes.ahead[follower] and run.status is RUNNING:
                    self._start_node(run, follower)
        if not nodes.running:
            self._plan(self.world.now, run, RUN_ENDS)

    def _work(self, run: Run, place: int) -> str | None:
        shape = run.series.shape
        work, node = shape.works[place], shape.nodes[place]
        if work is None:
            return "left out by FilterNodeIds; no work was done"
        variables = Variables(run.business_time, shape.version.time_variables, node.time_variables)
        return self.workshop.perform(work, NodeContext(run.business_time, node, run.id, variables, self.world.attempts))

    def _conclude(self, run: Run) -> None:
        """Nothing of the run runs any more, and nothing can start."""
        run.life += 1
        run.ended = self.world.now
        failed = [run.series.shape.nodes[place].name for place in run.nodes.places(FAILED)]
        run.status = FAILED if failed else SUCCESS
        run.message = f"failed: {', '.join(failed)}" if failed else ""
        self._go_on(run.series)

    def _cut_short(self, run: Run, why: str) -> None:
        """End a run as it stands: what runs fails, what waits stays waiting."""
        run.life += 1
        run.status, run.ended, run.message = FAILED, self.world.now, why
        for place in run.nodes.places(RUNNING):
            run.nodes.status[place] = FAILED
            run.nodes.ended[place] = self.world.now
            run.nodes.messages[place] = why

    # -- what people do to runs ----------------------------------------------------------------------------------
    #
    # Each raises a Refusal when the run is in the wrong state. Done to the parent record of a series, it is done to
    # those of its runs that are in the right one (our choice, as the parent itself is).

    def stop(self, run: Run) -> None:
        """Stop a running run (documented). It fails, and holds its series up whatever the switches say (our choice)."""
        for one in self._meant(run, "stopped", RUNNING):
            self._cut_short(one, "stopped by request")
            one.stopped = True
        self._tell_parent(run.series)

    def suspend(self, run: Run) -> None:
        """Suspend a running run (documented): what runs finishes, nothing new starts (our choice)."""
        for one in self._meant(run, "suspended", RUNNING):
            one.status = SUSPENDED
        self._tell_parent(run.series)

    def resume(self, run: Run) -> None:
        """Let a suspended run go on (documented). While it was suspended its 18 hours went on too (our choice)."""
        for one in self._meant(run, "resumed", SUSPENDED):
            one.status = RUNNING
            self._start_ready_nodes(one)
        self._tell_parent(run.series)

    def rerun(self, run: Run) -> None:
        """Run a finished run again, now, whatever else runs: all its nodes, on the version it ran on (documented).

        Its id stays; its nodes get new ones. The parent record of a series starts the whole series again.
        """
        if run.status not in FINISHED:
            raise invalid(f"The run is {run.status.name}; only a finished one can be run again.")
        if not run.is_parent:
            self._renew(run)
            self._begin(run)
            self._tell_parent(run.series)
            return
        run.started, run.series.turn = self.world.now, 0
        for one in run.series.runs:
            self._renew(one)
        self._go_on(run.series)

    def _renew(self, run: Run) -> None:
        run.life += 1
        run.status, run.started, run.ended, run.message, run.nodes = WAITING, None, None, "", NOT_BEGUN
        run.first_node_run_id = self.world.new_id("node run", len(run.series.shape.nodes))

    def make_success(self, run: Run) -> None:
        """Set a run to success, in whatever state it is but success: nodes that are not through succeed without work.

        The service documents no rule; this is our choice.
        """
        for one in self._meant(run, "made successful", WAITING, RUNNING, SUSPENDED, FAILED, RunStatus.COMPLETED):
            one.life += 1
            one.status, one.ended, one.message = SUCCESS, self.world.now, "made successful by request"
            one.nodes = one.nodes if one.nodes.status else NodeRuns.of(one.series.shape)
            for place, status in enumerate(one.nodes.status):
                if status != SUCCESS:
                    one.nodes.status[place] = SUCCESS
                    one.nodes.ended[place] = self.world.now
                    one.nodes.messages[place] = one.message
        self._go_on(run.series)

    def _meant(self, run: Run, done: str, *states: RunStatus) -> list[Run]:
        runs = [one for one in (run.series.runs if run.is_parent else [run]) if one.status in states]
        if not runs:
            named = " or ".join(state.name for state in states)
            raise invalid(f"The run is {run.status.name}; only one that is {named} can be {done}.")
        return runs

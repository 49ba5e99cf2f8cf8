"""The campaign: a long range cut into windows, each one BackFill, started one after another and seen through.

It stands in a ledger from before the first request on, so that it can be killed at any moment and taken up again
without running a day twice or losing one.
"""

import getpass
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, Self, TypeVar, get_args

from attrs import field, frozen

from dms_backfill_sdk.backfill.caller import AnyCaller, Caller
from dms_backfill_sdk.backfill.campaign_plan import CampaignPlan, planning
from dms_backfill_sdk.backfill.course import Course
from dms_backfill_sdk.backfill.history import Talk
from dms_backfill_sdk.backfill.ledger import Ledger
from dms_backfill_sdk.backfill.ledgerfile import held, locked, made
from dms_backfill_sdk.backfill.ledgerrows import FlowRow, Settings
from dms_backfill_sdk.backfill.report import CampaignReport
from dms_backfill_sdk.backfill.schedule import OnFailure, QuietHours, window_name
from dms_backfill_sdk.backfill.windows import WANTED, Choice, Only
from dms_backfill_sdk.dates import requested_times
from dms_backfill_sdk.errors import ConfigurationError, InvalidRequestError
from dms_backfill_sdk.exchange import Do
from dms_backfill_sdk.graph import TaskGraph

__all__ = ["AnyCampaign", "Campaign"]

Order = Literal["asc", "desc"]
Wish = Literal["pause", "resume", "cancel"]
C = TypeVar("C", bound=AnyCaller)
C_co = TypeVar("C_co", bound=AnyCaller, covariant=True)


class Flow(Protocol[C_co]):
    """What a campaign needs of a :class:`~dms_backfill_sdk.TaskFlow`."""

    @property
    def _client(self) -> C_co: ...
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def tid(self) -> int | None: ...


@frozen(kw_only=True, eq=False)
class AnyCampaign(Generic[C]):
    """What every campaign has, and the conversations that it consists of. For its attributes see :class:`Campaign`."""

    _client: C = field(repr=False)
    ledger: Path = field(converter=Path)
    settings: Settings | None = None
    flows: tuple[FlowRow, ...] = ()

    @classmethod
    def of(  # noqa: PLR0913  each of them is asked for
        cls,
        flows: Sequence[Flow[C]],
        *,
        between: tuple[date | str, date | str],
        window: str | timedelta = "1mo",
        interval: int = 24,
        max_active: int = 1,
        order: Order = "asc",
        on_failure: str = "stop",
        not_during: str | None = None,
        max_runs_per_day: int | None = None,
        only: Only = "all",
        after: Mapping[str, Sequence[str]] | None = None,
        choice: Choice | None = None,
        ledger: str | Path = "campaign.db",
        poll: float = 30.0,
    ) -> Self:
        """A campaign over several task flows. Nothing is sent before it is run.

        Args:
            flows: the task flows.
            between: the first and the last business date.
            window: how long the part is that one BackFill runs: ``"1mo"`` (calendar months), ``"2w"``, ``"10d"``, a
                timedelta of whole days, or ``"auto"``: as many days as take 18 hours, a month at most.
            interval: hours from one run to the next; a divisor of 24, so that windows can be cut between days.
            max_active: how many windows run side by side, 1 or more, over all flows.
            order: ``"asc"`` begins with the oldest days, ``"desc"`` with the newest; windows and days in them alike. A
                window that waits for another flow's may be overtaken.
            on_failure: ``"stop"`` starts no window after one has failed, ``"continue"`` does; ``"retry:2"`` runs a
                failed run again up to twice, and then stops.
            not_during: hours in which nothing is started, in UTC+8, such as ``"08:00-20:00"``.
            max_runs_per_day: how many runs are begun on one day (UTC+8) at most.
            only: which business dates are run, by where they stand when the campaign is first run.
            after: for the name of a flow those of others: a window of it is started only when theirs of the same days
                are done.
            choice: what of the flows is run; by default all.
            ledger: the file it stands in.
            poll: seconds from one look at the runs to the next.

        Raises:
            InvalidRequestError: it cannot be done; the sentence says what to write instead.
        """
        if not flows:
            raise InvalidRequestError("A campaign needs a task flow.")
        client = flows[0]._client  # noqa: SLF001  the house's own
        if only not in WANTED:
            raise InvalidRequestError(f"only={only!r} is unknown; write one of {', '.join(map(repr, WANTED))}.")
        if order not in get_args(Order):
            raise InvalidRequestError(f'order={order!r} is unknown; write "asc" or "desc".')
        for name, value, least in (("max_active", max_active, 1), ("max_runs_per_day", max_runs_per_day or 1, 1)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InvalidRequestError(f"{name} must be a whole number from {least} up; {value!r} is not.")
        if isinstance(poll, bool) or not isinstance(poll, int | float) or not 0 < poll <= MAX_POLL:
            raise InvalidRequestError(
                f"poll must be a number of seconds above 0 and up to {MAX_POLL}; {poll!r} is not."
            )
        times = requested_times(None, between, interval=interval, asc=True, end_inclusive=True)
        if 24 % interval:
            raise InvalidRequestError(
                f"An interval of {interval} h does not divide a day, so no window can end between days; write one "
                "of 1, 2, 3, 4, 6, 8, 12 and 24, or use plan()."
            )
        OnFailure.parse(on_failure)
        if not_during is not None:
            QuietHours.parse(not_during)
        return cls(
            client=client,
            ledger=ledger,
            settings=Settings(
                begin=str(times.begin),
                end=str(times.end),
                window=window_name(window),
                only=only,
                max_active=max_active,
                order=order,
                on_failure=on_failure,
                not_during=not_during,
                max_runs_per_day=max_runs_per_day,
                poll=float(poll),
                end_inclusive=client.end_inclusive,
            ),
            flows=tuple(_rows(flows, interval, choice or Choice(), after or {})),
        )

    @classmethod
    def open(cls, client: C, ledger: str | Path) -> Self:
        """A campaign that stands in a ledger."""
        return cls(client=client, ledger=ledger)

    def _planning(self) -> Talk[CampaignPlan]:
        if self.settings is None:
            raise ConfigurationError(f"The plan of this campaign stands in {self.ledger}.", advice="Read its report().")
        return (yield from planning(self.settings, self.flows))

    def _running(self, *, again: bool) -> Talk[CampaignReport]:
        with ExitStack() as locks:
            yield Do(partial(locks.enter_context, locked(self.ledger)))
            with closing((yield from self._opening(again=again))) as ledger:
                if again:
                    yield Do(partial(_take_up, ledger))
                yield Do(partial(ledger.say, "begins"))
                report = yield from Course(ledger, self._client.line, self._client.tid).conduct()
                yield Do(partial(ledger.say, "ends", str(report)))
                return report

    def _opening(self, *, again: bool) -> Talk[Ledger]:
        ledger: Ledger
        if self.settings is None or again or (yield Do(partial(made, self.ledger))):
            ledger = yield Do(partial(self._opened, self.settings))
        else:
            windows = (yield from self._planning()).windows
            how = (self.ledger, self._client.clock.now, whoami(), self.settings, self.flows, windows)
            ledger = yield Do(partial(Ledger.make, *how))
        return ledger

    def _opened(self, expected: Settings | None = None, *, write: bool = True) -> Ledger:
        ledger = Ledger.open(self.ledger, self._client.clock.now, whoami(), write=write)
        if expected is not None:
            ledger.expect(expected, self.flows)
        return ledger

    def _reporting(self) -> Talk[CampaignReport]:
        with closing((yield Do(partial(self._opened, write=False)))) as ledger:
            report: CampaignReport = yield Do(partial(CampaignReport.of, ledger))
            return report

    def _asking(self, wish: Wish) -> Talk[None]:
        with closing((yield Do(self._opened))) as ledger:
            yield Do(partial(ledger.say, wish))

    def _looking_who_runs_it(self) -> Talk[bool]:
        running: bool = yield Do(partial(held, self.ledger))
        return running


@frozen(kw_only=True, eq=False)
class Campaign(AnyCampaign[Caller]):
    """A campaign, in the hands of a client.

    Attributes:
        ledger: the file in which it stands.
        settings: what it was asked to do; None when it was opened by its ledger alone.
        flows: its task flows.
    """

    def plan(self) -> CampaignPlan:
        """See all of it before anything is sent.

        Raises:
            InvalidRequestError: a window cannot be written as a BackFill, or is larger than the budget of a day.
        """
        return self._client.run(self._planning())

    def run(self, on_progress: Callable[[CampaignReport], object] | None = None) -> CampaignReport:
        """Run it, here, until nothing more will happen. After an interruption of any kind, run it again.

        Args:
            on_progress: called whenever something has changed.

        Returns:
            where it stands in the end; ``finished`` says whether every day has run and succeeded.

        Raises:
            LedgerError: the ledger cannot be used, or another process runs it; nothing is sent.
            DmsError: the service refuses, and not for a passing reason. Run it again when that is settled.
        """
        return self._client.run(self._running(again=False), on_progress)

    def resume(self, on_progress: Callable[[CampaignReport], object] | None = None) -> CampaignReport:
        """Take up one that was paused, was cancelled or has failed, and run it.

        What has failed or was stopped is run again.

        Raises:
            DmsError: as :meth:`run`.
        """
        return self._client.run(self._running(again=True), on_progress)

    # -- from this process or another ----------------------------------------------------------------------------

    def report(self) -> CampaignReport:
        """Where it stands, by its ledger."""
        return self._client.run(self._reporting())

    @property
    def is_running(self) -> bool:
        """Whether a process runs it now."""
        return self._client.run(self._looking_who_runs_it())

    def pause(self) -> None:
        """Ask whoever runs it to start nothing more until it is asked to go on. What runs goes on."""
        return self.ask("pause")

    def go_on(self) -> None:
        """Ask whoever runs it to go on after a pause."""
        return self.ask("resume")

    def cancel(self) -> None:
        """Ask whoever runs it to start nothing more, stop what runs, and end. It can be taken up again."""
        return self.ask("cancel")

    def ask(self, wish: Wish) -> None:
        """Write a wish into the ledger; whoever runs it looks there in each round."""
        return self._client.run(self._asking(wish))


#: A day, in seconds.
MAX_POLL = 86400


def whoami() -> str:
    """Who does what is done here, for the log."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        user = "somebody"
    return f"{user}@{socket.gethostname()} ({os.getpid()})"


def _take_up(ledger: Ledger) -> None:
    ledger.take_up(OnFailure.parse(ledger.settings.on_failure).retries + 1)
    ledger.say("resume")


def _rows(
    flows: Sequence[Flow[Any]], interval: int, choice: Choice, after: Mapping[str, Sequence[str]]
) -> Iterator[FlowRow]:
    """The flows, each behind those that it comes after."""
    names = {flow.name: number for number, flow in enumerate(flows, 1)}
    if len({flow.id for flow in flows}) < len(flows):
        raise InvalidRequestError("A task flow stands twice in this campaign; name each once.")
    edges = []
    for name, others in after.items():
        if isinstance(others, str):
            raise InvalidRequestError(f"after= takes several flows; write after={{{name!r}: [{others!r}]}}.")
        for other in others:
            if unknown := [one for one in (name, other) if one not in names]:
                raise InvalidRequestError(f"after= names {unknown[0]!r}, which is no flow of this campaign.")
            edges.append((names[other], names[name]))
    try:
        order = TaskGraph(tuple(names.values()), edges).order
    except ValueError as ring:
        raise InvalidRequestError("after= goes round in a ring; leave one of its steps out.") from ring
    for number in order:
        flow = flows[number - 1]
        before = tuple(sorted(other for other, then in edges if then == number))
        yield FlowRow(number, flow.id, flow.name, flow.tid, interval, choice, before)

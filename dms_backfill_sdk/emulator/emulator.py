"""The emulator: journal, gate, faults, world and engine behind one entrance, :meth:`Emulator.handle`."""

import logging
import random
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import Any

from attrs import evolve

from dms_backfill_sdk.clock import SYSTEM_CLOCK, Clock, SystemClock
from dms_backfill_sdk.dates import in_china
from dms_backfill_sdk.emulator import flowfile
from dms_backfill_sdk.emulator.answers import Style, answer, business_refusal, refusal, style_of
from dms_backfill_sdk.emulator.doors.admin import PREFIX, admin
from dms_backfill_sdk.emulator.doors.direct import AsyncDirectTransport, DirectTransport
from dms_backfill_sdk.emulator.doors.intercept import intercept
from dms_backfill_sdk.emulator.doors.server import Server, application
from dms_backfill_sdk.emulator.engine import Engine
from dms_backfill_sdk.emulator.faults import Disturbed, Fault, Faults
from dms_backfill_sdk.emulator.gate import Admission, Gate
from dms_backfill_sdk.emulator.handlers import HANDLERS
from dms_backfill_sdk.emulator.journal import Entry, Journal, shown
from dms_backfill_sdk.emulator.keyring import Key, Keyring
from dms_backfill_sdk.emulator.nodes import Database, NodeContext, Workshop
from dms_backfill_sdk.emulator.refusal import Refusal, invalid, invalid_parameter, missing_parameter
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.emulator.world import World
from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.http import HttpRequest, HttpResponse
from dms_backfill_sdk.operations import request_class
from dms_backfill_sdk.wire import WireError, decode_parameters, encode_body

__all__ = ["Emulator"]

log = logging.getLogger("dms_backfill_sdk.emulator")

TEST_KEY = Key(id="testid", secret="testsecret")  # noqa: S106  it opens nothing but an emulator


class Emulator:
    """A local DMS that verifies signatures and really runs task flows.

    One state stands behind all its doors: :meth:`transport`, :meth:`intercept` and :meth:`serve`. It may be used by
    many threads at once; it answers one request after another.

    Args:
        keys: who may call; by default the key ``testid`` with the secret ``testsecret``.
        clock: the time its runs go by; by default the machine's. What callers sign is held against the same, but
            against the machine's own time when that clock is a faster or slower :class:`SystemClock`.
        switches: what it does where the service's behaviour is unknown.
        database: the SQLite database of SQL nodes, a path or ``":memory:"``. None takes the one that a flow file
            names, or else one in memory.
        seed: what its request ids and the draws of its faults come from, so that a test can be repeated.
    """

    def __init__(
        self,
        *,
        keys: Iterable[Key] = (TEST_KEY,),
        clock: Clock = SYSTEM_CLOCK,
        switches: Switches = Switches(),  # noqa: B008  frozen
        database: str | Path | None = None,
        seed: int = 0,
    ) -> None:
        self.clock = clock
        self.switches = switches
        self.keyring = Keyring.of(keys)
        self.journal = Journal()
        self._seed = seed
        self._lock = threading.RLock()  # a node's work may call the emulator that runs it
        self._gate = Gate(self.keyring, switches)
        self._database_given = database is not None
        self._workshop = Workshop(Database(str(database or ":memory:")))
        self._begin()

    def __repr__(self) -> str:
        return f"Emulator({len(self.world.flows)} task flows, {len(self.world.runs)} runs)"

    @property
    def _callers_clock(self) -> Clock:
        # Callers sign with the real time, however fast the runs go by.
        return SYSTEM_CLOCK if isinstance(self.clock, SystemClock) else self.clock

    def _begin(self) -> None:
        self._random = random.Random(self._seed)
        self.faults = Faults(self._random)
        self.world = World(in_china(self.clock.now()))
        self._engine = Engine(self.world, self.clock, self.switches, self._workshop)

    # -- the entrance --------------------------------------------------------------------------------------------

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a request. Whatever comes in, what comes out is of the service's shape; this never raises."""
        with self._lock:
            at = self._callers_clock.now()
            style = style_of(request, self._request_id())
            visit = _Visit(style)
            try:
                response = self._visit(request, visit)
            except Refusal as refused:
                response = visit.refused(refusal(style, refused), refused)
            except Exception:
                log.exception("%s: the emulator failed", style.action or "a request without an action")
                broken = Refusal("InternalError")
                response = visit.refused(refusal(style, broken), broken)
            dropped = isinstance(response, Disturbed) and (response.dropped or response.cut is not None)
            self.journal.write(
                Entry(
                    at=at,
                    request_id=style.request_id,
                    action=style.action,
                    parameters=shown((*request.query, *request.form)),
                    key=visit.key,
                    status=None if dropped else response.status,
                    code=visit.code,
                    acted=visit.acted,
                )
            )
            return evolve(response, headers={**response.headers, "date": _http_date(int(at.timestamp()))})

    def _visit(self, request: HttpRequest, visit: "_Visit") -> HttpResponse:
        admitted = self._gate.admit(request, self._callers_clock.now())
        visit.key = admitted.key.id
        fault = self.faults.next(admitted.action)
        if fault is None:
            return self._act(admitted, visit)
        true = self._act(admitted, visit) if fault.when == "after" else None
        if fault.code:
            visit.code = fault.code
        return fault.disturb(visit.style, true)

    def _act(self, admitted: Admission, visit: "_Visit") -> HttpResponse:
        cls = request_class(admitted.action)
        if cls is None:
            raise Refusal("InvalidApi.NotFound")
        try:
            request = decode_parameters(cls, admitted.pairs)
        except WireError as wrong:
            raise (missing_parameter if wrong.missing else invalid_parameter)(wrong.name) from None
        except InvalidRequestError as wrong:
            refused = invalid(wrong.what)
            return visit.refused(refusal(visit.style, refused), refused)
        self._engine.catch_up()
        try:
            body = encode_body(HANDLERS[cls](self._engine, request))
        except Refusal as refused:
            say = refusal if self.switches.refusals == "http" else business_refusal
            return visit.refused(say(visit.style, refused), refused)
        visit.acted = True
        return answer(visit.style, body)

    def _request_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4)).upper()

    # -- the doors -----------------------------------------------------------------------------------------------

    def transport(self, *, timeout: float = 10.0) -> DirectTransport:
        """A transport for a client in this process: ``Client(transport=emulator.transport(), clock=emulator.clock)``.

        Args:
            timeout: seconds after which the client no longer waits for an answer that a fault delays.
        """
        return DirectTransport(self.handle, self.clock, timeout)

    def async_transport(self, *, timeout: float = 10.0) -> AsyncDirectTransport:
        """The same for an :class:`~dms_backfill_sdk.AsyncClient`."""
        return AsyncDirectTransport(self.transport(timeout=timeout))

    def intercept(self, address: str = "https://dms-enterprise.aliyuncs.com") -> AbstractContextManager[None]:
        """A block in which this emulator answers whatever this process sends to ``address`` by ``requests``."""
        return intercept(self.handle, self.clock, address)

    def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> Server:
        """An HTTP server for this emulator: ``with emulator.serve() as server: … server.url``.

        Args:
            host: the address to bind; a loopback address by default.
            port: the port; 0 (default) picks a free one.
        """
        return Server(application(self.handle, admin(self), PREFIX), host=host, port=port)

    # -- what tests may do ---------------------------------------------------------------------------------------

    def load(self, path: str | Path) -> None:
        """Add the task flows that a file describes.

        Raises:
            flowfile.FlowFileError: the file is not understood; the sentence names the place.
        """
        with self._lock:
            database = flowfile.load(Path(path), self.world)
            if database is not None and not self._database_given:
                self._workshop.database.close()
                self._workshop.database = Database(str(database))

    def register(self, name: str, function: Callable[[NodeContext], object]) -> None:
        """Let nodes with the content ``{"call": name}`` call this function."""
        self._workshop.callables[name] = function

    def plan_fault(self, fault: Fault) -> None:
        """Have something go wrong; see :class:`Fault`."""
        with self._lock:
            self.faults.plan(fault)

    def catch_up(self) -> None:
        """Let everything happen that was to happen by now; every request does so too."""
        with self._lock:
            self._engine.catch_up()

    def reset(self) -> None:
        """Forget flows, runs, faults, nonces and the journal. Keys, callables and the database stay."""
        with self._lock:
            self.journal.clear()
            self._gate.forget()
            self._begin()

    def state(self) -> Mapping[str, Any]:
        """What it holds, in plain values: the flows, and how many runs of each are in which state."""
        with self._lock:
            self._engine.catch_up()
            return {
                "now": self.world.now.isoformat(),
                "flows": [
                    {
                        "id": flow.id,
                        "name": flow.name,
                        "nodes": len(flow.nodes),
                        "versions": [version.id for version in flow.versions],
                        "runs": _counted(run.status.name for run in self.world.runs_of(flow)),
                    }
                    for flow in self.world.flows.values()
                ],
                "unfired_faults": len(self.faults.unfired),
            }

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._workshop.database.close()


class _Visit:
    """What is known so far of a request that is being answered."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.key = ""
        self.code = ""
        self.acted = False

    def refused(self, response: HttpResponse, refused: Refusal) -> HttpResponse:
        self.code = refused.code
        return response


@lru_cache(maxsize=1)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _counted(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts

"""The admin door, below one prefix: what the emulator saw and holds, and what a test in another process may do to it.

===========  =====================  ==============================================================================
``GET``      ``/_emulator/journal``  the last requests, oldest first; ``?action=BackFill`` for one operation
``GET``      ``/_emulator/state``    the flows, and how many runs are in which state
``POST``     ``/_emulator/reset``    forget everything but the keys
``POST``     ``/_emulator/faults``   plan a fault; the body is a :class:`Fault` as JSON
``POST``     ``/_emulator/clock``    move a clock that is moved by hand; the body is ``{"advance": seconds}``
===========  =====================  ==============================================================================
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from dms_backfill_sdk.clock import Clock, ManualClock
from dms_backfill_sdk.emulator.faults import Fault
from dms_backfill_sdk.emulator.journal import Journal

__all__ = ["PREFIX", "admin"]

PREFIX = "/_emulator"


class Administered(Protocol):
    """What the door needs of an emulator."""

    journal: Journal
    clock: Clock

    def state(self) -> Mapping[str, Any]: ...
    def reset(self) -> None: ...
    def plan_fault(self, fault: Fault) -> None: ...


def admin(emulator: Administered) -> Starlette:
    """The admin pages of an emulator."""

    async def journal(request: Request) -> JSONResponse:
        asked = request.query_params.get("action")
        entries = emulator.journal.of(asked) if asked else emulator.journal.entries
        return JSONResponse([entry.as_dict() for entry in entries])

    async def state(_request: Request) -> JSONResponse:
        return JSONResponse(emulator.state())

    async def reset(_request: Request) -> JSONResponse:
        emulator.reset()
        return JSONResponse({"reset": True})

    async def faults(request: Request) -> JSONResponse:
        try:
            given = json.loads(await request.body())
            body = given.pop("body", None)
            emulator.plan_fault(Fault(**given, body=None if body is None else body.encode()))
        except (ValueError, TypeError, AttributeError) as wrong:
            return JSONResponse({"error": f"This is no fault: {wrong}"}, 400)
        return JSONResponse({"planned": True})

    async def clock(request: Request) -> JSONResponse:
        if not isinstance(emulator.clock, ManualClock):
            return JSONResponse({"error": "This emulator's clock moves by itself."}, 400)
        try:
            emulator.clock.advance(timedelta(seconds=json.loads(await request.body())["advance"]))
        except (ValueError, TypeError, KeyError, OverflowError) as wrong:
            return JSONResponse({"error": f'Write {{"advance": seconds}}: {wrong}'}, 400)
        return JSONResponse({"now": emulator.clock.now().isoformat()})

    return Starlette(
        routes=[
            Route(f"{PREFIX}/journal", journal),
            Route(f"{PREFIX}/state", state),
            Route(f"{PREFIX}/reset", reset, methods=["POST"]),
            Route(f"{PREFIX}/faults", faults, methods=["POST"]),
            Route(f"{PREFIX}/clock", clock, methods=["POST"]),
        ]
    )

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

import attrs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from dms_backfill_sdk.clock import Clock, ManualClock
from dms_backfill_sdk.emulator.faults import Fault
from dms_backfill_sdk.emulator.journal import Journal
from dms_backfill_sdk.emulator.spelling import unknown

__all__ = ["PREFIX", "admin"]

PREFIX = "/_emulator"
PAGES = f"There is GET journal, GET state, POST reset, POST faults and POST clock, below {PREFIX}/."


class Administered(Protocol):
    """What the door needs of an emulator."""

    journal: Journal
    clock: Clock

    def state(self) -> Mapping[str, Any]: ...
    def reset(self) -> None: ...
    def plan_fault(self, fault: Fault) -> None: ...


def admin(emulator: Administered) -> Starlette:
    """The admin pages of an emulator. What is wrong with a request is answered as ``{"error": sentence}``."""

    async def journal(request: Request) -> JSONResponse:
        asked = request.query_params.get("action")
        entries = emulator.journal.of(asked) if asked else list(emulator.journal.entries)
        return JSONResponse([entry.as_dict() for entry in entries])

    async def state(_request: Request) -> JSONResponse:
        return JSONResponse(emulator.state())

    async def reset(_request: Request) -> JSONResponse:
        emulator.reset()
        return JSONResponse({"reset": True})

    async def faults(request: Request) -> JSONResponse:
        try:
            fault = _fault(_object(await request.body()))
        except ValueError as wrong:
            return _no(str(wrong))
        emulator.plan_fault(fault)
        return JSONResponse({"planned": True})

    async def clock(request: Request) -> JSONResponse:
        if not isinstance(emulator.clock, ManualClock):
            return _no("This emulator's clock moves by itself.")
        seconds = _object(await request.body()).get("advance")
        try:
            # True is a number in Python, though not one of seconds.
            emulator.clock.advance(timedelta(seconds="" if isinstance(seconds, bool) else seconds))  # type: ignore[arg-type]
        except (ValueError, TypeError, OverflowError):
            return _no('Write how many seconds to move on, such as {"advance": 3600}.')
        return JSONResponse({"now": emulator.clock.now().isoformat()})

    async def no_such_page(_request: Request, wrong: Any) -> JSONResponse:
        return _no(PAGES, wrong.status_code)

    return Starlette(
        routes=[
            Route(f"{PREFIX}/journal", journal),
            Route(f"{PREFIX}/state", state),
            Route(f"{PREFIX}/reset", reset, methods=["POST"]),
            Route(f"{PREFIX}/faults", faults, methods=["POST"]),
            Route(f"{PREFIX}/clock", clock, methods=["POST"]),
        ],
        exception_handlers={404: no_such_page, 405: no_such_page},
    )


def _no(sentence: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is; an empty one when it is none."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _fault(given: dict[str, Any]) -> Fault:
    if not given:
        raise ValueError('A fault is an object such as {"action": "BackFill", "code": "Throttling.User"}.')
    fields = [attribute.name for attribute in attrs.fields(Fault)]
    for name in given.keys() - fields:
        raise ValueError(f"In a fault, {unknown('key', name, fields)}")
    body = given.pop("body", None)
    try:
        return Fault(**given, body=None if body is None else body.encode())
    except (AttributeError, UnicodeEncodeError):
        raise ValueError(f"body must be text; {body!r} is not.") from None

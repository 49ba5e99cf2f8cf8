"""Runs the command as it is, in a process that ends itself by SIGKILL at a chosen moment, and whose clock is chosen.

A *touch* is a moment right before or after a statement to a ledger, or before a request is sent, between that and its
answer, or after it. The one argument that is not the command's own is a JSON object: ``clock`` (see :class:`Clock`),
``kill_at`` (the number of the touch to die at), ``around`` (count only the touches of requests that start work) and
``file_size`` (bytes that no file may outgrow).
"""

import http.client
import json
import os
import resource
import signal
import sqlite3
import sys
import time
from datetime import UTC, datetime, timedelta

import dms_backfill_sdk.clock


class Clock:
    """A time that all processes of a run share, ``speed`` times as fast as the machine's, and off by ``skew`` s."""

    def __init__(self, began: float, speed: float, skew: float = 0.0) -> None:
        self.began, self.speed, self.skew = began, speed, skew

    def now(self) -> datetime:
        passed = (time.time() - self.began) * self.speed
        return datetime.fromtimestamp(self.began, UTC) + timedelta(seconds=passed + self.skew)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0) / self.speed)


class Touches:
    """Counts, and ends the process at the one that was chosen."""

    def __init__(self, kill_at: int | None) -> None:
        self.left = kill_at

    def touch(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def watch_ledgers(touches: Touches) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, *arguments):
            touches.touch()
            try:
                return super().execute(*arguments)
            finally:
                touches.touch()

        def executemany(self, *arguments):
            touches.touch()
            try:
                return super().executemany(*arguments)
            finally:
                touches.touch()

    connect = sqlite3.connect
    sqlite3.connect = lambda *arguments, **how: connect(*arguments, factory=Connection, **how)


def watch_wire(touches: Touches, *, around: bool) -> None:
    from dms_backfill_sdk.transport.requests import RequestsTransport  # noqa: PLC0415  after the clock was chosen

    send, get_response = RequestsTransport.send, http.client.HTTPConnection.getresponse
    counted = [False]

    def touch() -> None:
        if counted[0]:
            touches.touch()

    def sending(self, request):
        counted[0] = not around or dict(request.query)["Action"] in ("BackFill", "ReRunTaskFlowInstance")
        touch()
        try:
            return send(self, request)
        finally:
            touch()

    def getting(self, *arguments, **how):
        touch()  # the request is on its way, its answer is not
        return get_response(self, *arguments, **how)

    RequestsTransport.send = sending
    http.client.HTTPConnection.getresponse = getting


def main() -> int:
    how = json.loads(sys.argv[1])
    dms_backfill_sdk.clock.SYSTEM_CLOCK = Clock(**how["clock"])
    touches = Touches(how.get("kill_at"))
    if not how.get("around"):
        watch_ledgers(touches)
    watch_wire(touches, around=bool(how.get("around")))
    if "file_size" in how:
        resource.setrlimit(resource.RLIMIT_FSIZE, (how["file_size"], how["file_size"]))
    from dms_backfill_sdk.cli.app import run  # noqa: PLC0415  likewise

    return run(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

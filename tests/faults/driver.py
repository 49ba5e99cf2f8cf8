"""Runs the command as it is, in a process that ends itself by SIGKILL at a chosen moment, and whose clock is chosen.

The process is forked from one that has loaded the command already, which is all that it has of it. A *touch* is a
moment right before or after a statement to a ledger, or before a request is sent, between that and its answer, or
after it.
"""

import http.client
import multiprocessing
import os
import resource
import signal
import sqlite3
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dms_backfill_sdk.clock


class Clock:
    """A time that all processes of a run share, ``speed`` times as fast as the machine's, and off by ``skew`` s."""

    def __init__(self, began: float = 0.0, speed: float = 1.0) -> None:
        self.began, self.speed, self.skew = began, speed, 0.0

    def now(self) -> datetime:
        passed = (time.time() - self.began) * self.speed
        return datetime.fromtimestamp(self.began, UTC) + timedelta(seconds=passed + self.skew)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0) / self.speed)


#: The client's default, from the moment it is loaded.
CLOCK = dms_backfill_sdk.clock.SYSTEM_CLOCK = Clock()

from dms_backfill_sdk.cli import app, campaign  # noqa: E402, F401  after the clock; campaign for its weight
from dms_backfill_sdk.transport.requests import RequestsTransport  # noqa: E402


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


def command(
    arguments: list[str],
    environment: dict[str, str],
    said: Path,
    clock: Clock,
    *,
    skew: float = 0.0,
    kill_at: int | None = None,
    around: bool = False,
    file_size: int | None = None,
) -> multiprocessing.Process:
    """Start the command.

    Args:
        arguments: the command line, without the program's name.
        environment: variables of its own.
        said: the file that takes what it writes.
        clock: the time it goes by.
        skew: seconds that its own clock is ahead of that.
        kill_at: the number of the touch to die at.
        around: count only the touches of requests that start work.
        file_size: bytes that no file may outgrow.
    """

    def main() -> None:
        with said.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        os.environ.update(environment)
        CLOCK.began, CLOCK.speed, CLOCK.skew = clock.began, clock.speed, skew
        touches = Touches(kill_at)
        if not around:
            watch_ledgers(touches)
        watch_wire(touches, around=around)
        if file_size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
        sys.exit(app.run(arguments))

    process = multiprocessing.get_context("fork").Process(target=main)
    process.start()
    return process

"""The emulator in a process of its own, which writes down what it is about to forget when it is asked to end."""

import os
import pickle
import signal
from contextlib import suppress
from pathlib import Path

from driver import Clock

from dms_backfill_sdk import Emulator, Switches
from dms_backfill_sdk.emulator import NodeContext
from dms_backfill_sdk.emulator.doors.admin import PREFIX, admin
from dms_backfill_sdk.emulator.doors.server import Server, application
from dms_backfill_sdk.emulator.nodes import NodeFailure
from dms_backfill_sdk.emulator.world import World

FLOW = """
[[flow]]
name = "{name}"
[[flow.node]]
name = "load"
call = "work"
seconds = {seconds}
"""


class Service:
    """A local DMS whose state survives it: in a snapshot, with the days that its nodes have worked on beside it.

    Args:
        folder: where snapshot and truth are.
        clock: its time.
        switches: what it does where the real one is not known.
        flows: the names of its task flows.
        seconds: what a run takes.
        failing: for a business date how often work on it fails before it succeeds.
    """

    def __init__(self, folder, clock: Clock, switches: Switches, flows, seconds: float, failing) -> None:
        self.folder: Path = folder
        self.clock, self.switches, self.flows, self.seconds, self.failing = clock, switches, flows, seconds, failing
        self.port = 0
        self.pid = 0

    # -- in the parent -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Fork it. It listens when this returns."""
        ready, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(ready)
            try:
                self._serve(told)
            finally:
                os._exit(0)
        os.close(told)
        self.port = int(os.read(ready, 16))
        os.close(ready)

    def end(self) -> None:
        """Let it write its snapshot, and end."""
        os.kill(self.pid, signal.SIGCONT)
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        self.pid = 0

    def world(self) -> World:
        """What it held when it ended."""
        return pickle.loads(self._snapshot.read_bytes())

    def successes(self) -> list[str]:
        """Each success of a node: the flow and the business date it was about."""
        return [line[3:] for line in self._truth() if line.startswith("ok ")]

    # -- in the child --------------------------------------------------------------------------------------------

    @property
    def _snapshot(self) -> Path:
        return self.folder / "snapshot"

    def _truth(self) -> list[str]:
        path = self.folder / "truth"
        return path.read_text().splitlines() if path.exists() else []

    def _work(self, context: NodeContext) -> None:
        day = f"{context.node.id} {context.business_time:%Y-%m-%d}"
        fails = self._truth().count(f"no {day}") < self.failing.get(day.partition(" ")[2], 0)
        with (self.folder / "truth").open("a") as truth:
            truth.write(f"{'no' if fails else 'ok'} {day}\n")
        if fails:
            raise NodeFailure("planned")

    def _serve(self, told: int) -> None:
        emulator = Emulator(clock=self.clock, switches=self.switches)
        emulator.register("work", self._work)
        if self._snapshot.exists():
            emulator.world = emulator._engine.world = self.world()
        else:
            path = self.folder / "flows.toml"
            path.write_text("".join(FLOW.format(name=name, seconds=self.seconds) for name in self.flows))
            emulator.load(path)
        app = application(emulator.handle, admin(emulator), PREFIX)
        server = Server(app, port=self.port)
        os.write(told, server.url.rpartition(":")[2].encode())
        os.close(told)
        # The server hands on the signal that ends it.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            server.run()
        emulator.catch_up()
        self._snapshot.write_bytes(pickle.dumps(emulator.world))

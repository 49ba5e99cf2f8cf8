"""``dms-backfill serve``: a local DMS over HTTP, for as long as somebody wants it."""

import errno
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from dms_backfill_sdk.cli.exits import CommandError
from dms_backfill_sdk.cli.screen import screen, show
from dms_backfill_sdk.clock import SystemClock
from dms_backfill_sdk.emulator import Emulator, Key
from dms_backfill_sdk.emulator.doors.server import Server
from dms_backfill_sdk.emulator.flowfile import FlowFileError
from dms_backfill_sdk.emulator.flows import Flow
from dms_backfill_sdk.http import is_loopback
from dms_backfill_sdk.render import Line, table

__all__ = ["serve"]

DEFAULT_KEY = "testid:testsecret"

#: A day in a second: nobody watches faster.
FASTEST = 86_400


def serve(  # noqa: PLR0913  one for each option
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port to listen on; 0 picks a free one.")
    ] = 0,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    access_key: Annotated[
        list[str] | None,
        typer.Option(metavar="ID:SECRET", help=f"Key that may call; repeat it for more.  [default: {DEFAULT_KEY}]"),
    ] = None,
    flows: Annotated[Path | None, typer.Option(metavar="FILE", help="Task flows to begin with, as TOML.")] = None,
    database: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="SQLite file for SQL nodes; else the one that FILE of --flows names, or memory."
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(metavar="X", help="How many times as fast as in real time its runs go by.")
    ] = 1.0,
) -> None:
    """Run a local DMS until interrupted.

    It verifies signatures and really runs task flows. The first line that it writes ends with its address.
    """
    keys = [_key(written) for written in access_key or [DEFAULT_KEY]]
    out = screen()
    # Whoever asks it to end is served like whoever interrupts it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with closing(_emulator(keys, flows, database, speed)) as emulator:
        with suppress(KeyboardInterrupt):
            server = _bound(emulator, host, port)
            show(out, [((f"Listening on {server.url}", "heading"),)], indent=0)
            show(screen(stderr=True), warnings(host), indent=0)
            show(out, welcome(server.url, keys, list(emulator.world.flows.values())))
            server.run()
        show(out, goodbye(emulator.journal.total), indent=0)


# ---------------------------------------------------------------------------------------------------------------
# From what was written to what is served


def _key(written: str) -> Key:
    key_id, _, secret = written.partition(":")
    if not key_id or not secret:
        # Not repeated here: what has no colon may well be a secret.
        raise CommandError(f"A key is written ID:SECRET, such as {DEFAULT_KEY}; an --access-key of yours is not.")
    return Key(id=key_id, secret=secret)


def _emulator(keys: Sequence[Key], flows: Path | None, database: Path | None, speed: float) -> Emulator:
    if not 0 < speed <= FASTEST:
        raise CommandError(f"--speed must be above 0 and at most {FASTEST}; {speed:g} is not.")
    emulator = Emulator(keys=keys, clock=SystemClock(speed=speed), database=_usable(database) if database else None)
    if flows:
        try:
            emulator.load(flows)
        except FlowFileError as wrong:
            raise CommandError(str(wrong)) from wrong
    return emulator


def _usable(database: Path) -> Path:
    """The file, if it is a database or can become one: better refused now than by the first node that needs it."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("pragma schema_version")
    except sqlite3.Error as wrong:
        raise CommandError(f"{database} cannot be used as a SQLite database: {wrong}.") from wrong
    return database


def _bound(emulator: Emulator, host: str, port: int) -> Server:
    no_host = CommandError(f"{host!r} is no host; write an address, such as 127.0.0.1.")
    if not host:
        raise no_host  # to Python, an empty name means every address
    try:
        return emulator.serve(host=host, port=port)
    except OSError as wrong:
        if wrong.errno == errno.EADDRINUSE:
            raise CommandError(f"Port {port} is in use; write another one, or 0 for a free one.") from wrong
        why = str(wrong.strerror).partition(" (while")[0]  # Python adds what was attempted
        raise CommandError(f"Nothing can listen on port {port} of {host!r}: {why}.") from wrong
    except (UnicodeError, TypeError) as wrong:  # TypeError is what Python makes of a name that it cannot encode
        raise no_host from wrong


# ---------------------------------------------------------------------------------------------------------------
# What is shown


def warnings(host: str) -> Iterator[Line]:
    """What somebody should know who serves it like that."""
    if not is_loopback(f"[{host}]" if ":" in host else host):
        told = f"Warning: on {host} others may use it too, and read along; 127.0.0.1 is for this machine alone."
        yield ((told, "warning"),)


def welcome(url: str, keys: Sequence[Key], flows: Sequence[Flow]) -> Iterator[Line]:
    """How to use it, and what it holds."""
    key = keys[0]
    settings = {
        "DMS_BACKFILL_ENDPOINT": _from_here(url),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": quote(key.id),
        # A secret that somebody chose is theirs to write.
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "testsecret" if f"{key.id}:{key.secret}" == DEFAULT_KEY else "…",
    }
    yield ()
    yield (("Point clients at it:", ""),)
    for name, value in settings.items():
        yield ((f"  export {name}={value}", "code"),)
    yield ()
    if flows:
        yield (("It holds these task flows:", ""),)
        rows = [(str(flow.id), str(len(flow.nodes)), flow.name) for flow in flows]
        for line in table(("id", "nodes", "name"), rows, right=(0, 1)):
            yield (("  ", ""), *line)
        yield ()
    else:
        yield (("It holds no task flow yet; make some through the API, or name a file with --flows.", ""),)
    yield ((f"It knows {'this key' if len(keys) == 1 else 'these keys'}: {', '.join(key.id for key in keys)}", ""),)
    yield ()
    yield (("Ctrl-C ends it.", ""),)


def _from_here(url: str) -> str:
    """Where a client on this machine finds a server: one that listens everywhere listens on loopback too."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def goodbye(answered: int) -> Iterator[Line]:
    """What it did."""
    yield ()
    yield ((f"Ended. It answered {answered:,} request{'s' * (answered != 1)}.", ""),)

"""The service that a command talks to: its options, and the client they make.

There is no option for a key: what stands on a command line is seen by everybody who lists the processes of the machine.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Annotated

import typer
from attrs import frozen

from dms_backfill_sdk.cli.exits import CommandError, exit_code_of
from dms_backfill_sdk.cli.wording import in_words
from dms_backfill_sdk.client import Client
from dms_backfill_sdk.errors import DmsError
from dms_backfill_sdk.signing import MECHANISMS

__all__ = ["Connection", "Signature", "spoken"]

Signature = Enum("Signature", {name: name for name in MECHANISMS}, type=str)  # type: ignore[misc]  # the table's names
DEFAULT = Signature("rpc")

# The library that looks for keys writes tracebacks of each place where there was none. Our sentence lists the places.
logging.getLogger("credentials").addHandler(logging.NullHandler())


@frozen(kw_only=True)
class Connection:
    """Which service, and how it is spoken to. The key comes from the environment, or from Alibaba's own chain."""

    endpoint: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="DMS_BACKFILL_ENDPOINT", help="Host or address of the service."),
    ] = None
    tid: Annotated[
        int | None,
        typer.Option(metavar="ID", min=1, envvar="DMS_BACKFILL_TID", help="The tenant; else the one you are in."),
    ] = None
    signature: Annotated[Signature, typer.Option(envvar="DMS_BACKFILL_SIGNATURE", help="How calls are signed.")] = (
        DEFAULT
    )
    end_exclusive: Annotated[
        bool,
        typer.Option(
            "--end-exclusive",
            envvar="DMS_BACKFILL_END_EXCLUSIVE",
            help="The service leaves the last day of a range out.",
        ),
    ] = False

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the service. What it raises becomes a sentence in the words of the command."""
        with (
            spoken(),
            Client(
                endpoint=self.endpoint,
                tid=self.tid,
                signature=self.signature.value,
                end_inclusive=not self.end_exclusive,
            ) as client,
        ):
            yield client

    def words(self) -> list[str]:
        """The options as they are to be written for another command; those in the environment are there already."""
        given = {
            "endpoint": self.endpoint,
            "tid": self.tid,
            "signature": None if self.signature is DEFAULT else self.signature.value,
        }
        words = [
            f"--{name}={value}"
            for name, value in given.items()
            if value is not None and str(value) != os.environ.get(f"DMS_BACKFILL_{name.upper()}")
        ]
        return words + ["--end-exclusive"] * (self.end_exclusive and not os.environ.get("DMS_BACKFILL_END_EXCLUSIVE"))


@contextmanager
def spoken() -> Iterator[None]:
    """Say in the words of the command what the package says in Python's.

    Raises:
        CommandError: instead of any :class:`~dms_backfill_sdk.DmsError`, with the exit code of that.
    """
    try:
        yield
    except DmsError as error:
        raise CommandError(in_words(str(error)), exit_code_of(error)) from error

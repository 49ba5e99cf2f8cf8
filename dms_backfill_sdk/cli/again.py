"""Coming back to a job: picking it up by its flow and dates, and the command line that does so."""

import shlex
from collections.abc import Sequence
from typing import Self

from attrs import frozen

from dms_backfill_sdk.backfill import Job
from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.days import Days
from dms_backfill_sdk.client import Client

__all__ = ["Again", "job_of"]


@frozen
class Again:
    """What to type to come back to a job.

    Attributes:
        words: the flow, the dates and the connection, as commands take them.
    """

    words: Sequence[str]

    @classmethod
    def to(cls, flow: str, days: Sequence[str], connection: Connection) -> Self:
        return cls((flow, *days, *connection.words()))

    def line(self, command: str, *options: str) -> str:
        """The command line."""
        return shlex.join(["dms-backfill", command, *self.words, *options])


def job_of(client: Client, flow: str, days: Days) -> Job:
    """The newest runs of these dates, as a job.

    Raises:
        CommandError: no dates are named.
        InvalidRequestError: there is no such flow, or the dates are none.
    """
    return Job.attach(client, flow, **days.asked())

"""What this room needs of a client. It stands above, so it is described here and not imported."""

from collections.abc import Generator
from typing import Any, Protocol, TypeVar

from dms_backfill_sdk.clock import Clock, ServiceClock
from dms_backfill_sdk.exchange import Conversation
from dms_backfill_sdk.line import Line

__all__ = ["Caller"]

A = TypeVar("A")


class Caller(Protocol):
    """Whoever carries conversations out; :class:`~dms_backfill_sdk.Client` does."""

    @property
    def tid(self) -> int | None: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def service_clock(self) -> ServiceClock: ...

    @property
    def line(self) -> Line: ...

    @property
    def end_inclusive(self) -> bool: ...

    def run(self, conversation: Conversation[A]) -> A: ...

    def follow(self, conversation: Conversation[A]) -> Generator[Any, None, A]: ...

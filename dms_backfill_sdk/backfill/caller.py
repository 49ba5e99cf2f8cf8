"""What this room needs of a client. It stands above, so it is described here and not imported."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Protocol, TypeVar

from dms_backfill_sdk.clock import Clock, ServiceClock
from dms_backfill_sdk.exchange import Conversation
from dms_backfill_sdk.line import Line

__all__ = ["AnyCaller", "AsyncCaller", "Caller"]

A = TypeVar("A")


class AnyCaller(Protocol):
    """What both clients have."""

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


class Caller(AnyCaller, Protocol):
    """Whoever carries conversations out; :class:`~dms_backfill_sdk.Client` does."""

    def run(self, conversation: Conversation[A], listen: Callable[[Any], object] | None = None) -> A: ...

    def follow(self, conversation: Conversation[Any]) -> Iterator[Any]: ...


class AsyncCaller(AnyCaller, Protocol):
    """Whoever carries them out while others wait; :class:`~dms_backfill_sdk.AsyncClient` does."""

    def run(
        self, conversation: Conversation[A], listen: Callable[[Any], object] | None = None
    ) -> Coroutine[Any, Any, A]: ...

    def follow(self, conversation: Conversation[Any]) -> AsyncIterator[Any]: ...

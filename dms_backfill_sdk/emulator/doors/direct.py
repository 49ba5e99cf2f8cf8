"""The direct door: a :class:`~dms_backfill_sdk.http.Transport` that never leaves the process; and one to await."""

import asyncio
from collections.abc import Callable

from attrs import frozen

from dms_backfill_sdk.clock import Clock
from dms_backfill_sdk.emulator.faults import Disturbed
from dms_backfill_sdk.errors import OutcomeUnknownError
from dms_backfill_sdk.http import HttpRequest, HttpResponse

__all__ = ["AsyncDirectTransport", "DirectTransport"]


@frozen
class DirectTransport:
    """Hands each request to an emulator and gives back its answer.

    Attributes:
        handle: the emulator's entrance.
        clock: what a delayed answer moves on.
        timeout: seconds after which an answer is no longer waited for.
    """

    handle: Callable[[HttpRequest], HttpResponse]
    clock: Clock
    timeout: float = 10.0

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send once.

        Raises:
            OutcomeUnknownError: a planned fault kept the answer from arriving whole, or in time.
        """
        response = self.handle(request)
        if isinstance(response, Disturbed):
            self.clock.sleep(min(response.delay, self.timeout))
            if response.delay > self.timeout:
                raise OutcomeUnknownError(f"No whole answer from {request.host} within {self.timeout:g} s.")
            if response.dropped or response.cut is not None:
                raise OutcomeUnknownError(f"The connection to {request.host} broke before the whole answer was there.")
        return response

    def close(self) -> None:
        """There is nothing to close."""


@frozen
class AsyncDirectTransport:
    """The same for an :class:`~dms_backfill_sdk.AsyncClient`.

    What the emulator does with a request, running SQL perhaps, is done in a thread.
    """

    inner: DirectTransport

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send once.

        Raises:
            OutcomeUnknownError: as :meth:`DirectTransport.send`; or whoever waited was cancelled meanwhile.
        """
        try:
            return await asyncio.to_thread(self.inner.send, request)
        except asyncio.CancelledError as cancelled:
            raise OutcomeUnknownError(f"Cancelled when it may have reached {request.host}.") from cancelled

    async def close(self) -> None:
        """There is nothing to close."""

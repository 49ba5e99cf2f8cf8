"""The in-process door: whatever this process sends by ``requests`` to an address is answered by an emulator."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import responses as reasons
from io import BytesIO
from urllib.parse import urlsplit

import requests
import responses
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ProtocolError

from dms_backfill_sdk.clock import Clock
from dms_backfill_sdk.emulator.faults import Disturbed
from dms_backfill_sdk.http import HttpRequest, HttpResponse, decode_pairs

__all__ = ["intercept"]


@contextmanager
def intercept(handle: Callable[[HttpRequest], HttpResponse], clock: Clock, address: str) -> Iterator[None]:
    """Answer everything sent to ``address`` inside this block; other addresses are reached as ever.

    Any client that is built on ``requests`` is caught, official ones too.

    Args:
        handle: the emulator's entrance.
        clock: what a delayed answer moves on.
        address: scheme and host, such as ``"https://dms-enterprise.aliyuncs.com"``.
    """

    everything = re.compile(re.escape(address.rstrip("/")) + r"(?:[/?].*)?$")
    # What is not for this emulator may be for whoever else has put himself in the way of requests.
    others = HTTPAdapter.send
    with responses.RequestsMock(assert_all_requests_are_fired=False, real_adapter_send=others) as mock:
        mock.add_passthru(re.compile(f"(?!{everything.pattern})"))
        mock.add(_Answers(handle, clock, everything, mock))
        yield


class _Answers(responses.BaseResponse):
    """Every answer to every request for an address, whatever its method."""

    def __init__(
        self,
        handle: Callable[[HttpRequest], HttpResponse],
        clock: Clock,
        everything: re.Pattern[str],
        mock: responses.RequestsMock,
    ) -> None:
        super().__init__("", everything)
        self._handle, self._clock, self._everything, self._mock = handle, clock, everything, mock

    def matches(self, request: requests.PreparedRequest) -> tuple[bool, str]:
        return self._everything.match(request.url or "") is not None, "URL does not match"

    def get_response(self, request: requests.PreparedRequest) -> urllib3.HTTPResponse:
        # The library remembers every call, with all that was sent and answered. Nobody can ask it for them here, and
        # the emulator has a journal of its own.
        self.calls.reset()
        self._mock.calls.reset()
        response = self._handle(_taken(request))
        if isinstance(response, Disturbed):
            self._wait(response, _patience(request))
        return urllib3.HTTPResponse(
            # The answer to HEAD has no body, whatever its headers say.
            body=BytesIO(b"" if request.method == "HEAD" else response.body),
            headers=response.headers,
            status=response.status,
            reason=reasons.get(response.status),
            preload_content=False,
            request_method=request.method,
        )

    def _wait(self, response: Disturbed, patience: float) -> None:
        self._clock.sleep(min(response.delay, patience))
        # What requests makes of an answer that does not come, and of a connection that breaks.
        if response.delay > patience:
            raise requests.ReadTimeout(f"Read timed out. (read timeout={patience:g})")
        if response.dropped or response.cut is not None:
            raise requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))


def _taken(prepared: requests.PreparedRequest) -> HttpRequest:
    parts = urlsplit(prepared.url or "")
    body = prepared.body or b""
    return HttpRequest(
        method=prepared.method or "",
        scheme=parts.scheme,
        host=parts.netloc,
        path=parts.path or "/",
        query=decode_pairs(parts.query),
        headers={"host": parts.netloc} | {name.lower(): _text(value) for name, value in prepared.headers.items()},
        body=body.encode() if isinstance(body, str) else body,
    )


def _patience(prepared: requests.PreparedRequest) -> float:
    """Seconds for which whoever called requests waits for an answer."""
    # The library puts what send() was given here.
    given = getattr(prepared, "req_kwargs", {}).get("timeout")
    read = given[1] if isinstance(given, tuple) else given
    return read if isinstance(read, int | float) else math.inf


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value

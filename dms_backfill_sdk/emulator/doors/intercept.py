"""The in-process door: whatever this process sends by ``requests`` to an address is answered by an emulator."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
import responses
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

    def reply(prepared: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        response = handle(_taken(prepared))
        if isinstance(response, Disturbed):
            clock.sleep(response.delay)
            if response.dropped or response.cut is not None:
                # What requests makes of a connection that breaks.
                raise requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))
        return response.status, dict(response.headers), response.body

    everything = re.compile(re.escape(address.rstrip("/")) + r"(?:[/?].*)?$")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_passthru(re.compile(f"(?!{everything.pattern})"))
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
            mock.add_callback(method, everything, callback=reply)
        yield


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


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value

"""The in-process door: whatever this process sends by ``requests`` to an address is answered by an emulator."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
import responses
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

    def reply(prepared: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        response = handle(_taken(prepared))
        if isinstance(response, Disturbed):
            patience = _patience(prepared)
            clock.sleep(min(response.delay, patience))
            # What requests makes of an answer that does not come, and of a connection that breaks.
            if response.delay > patience:
                raise requests.ReadTimeout(f"Read timed out. (read timeout={patience:g})")
            if response.dropped or response.cut is not None:
                raise requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))
        # The answer to HEAD has no body, whatever its headers say.
        return response.status, dict(response.headers), b"" if prepared.method == "HEAD" else response.body

    everything = re.compile(re.escape(address.rstrip("/")) + r"(?:[/?].*)?$")
    # What is not for this emulator may be for whoever else has put himself in the way of requests.
    others = HTTPAdapter.send
    with responses.RequestsMock(assert_all_requests_are_fired=False, real_adapter_send=others) as mock:
        mock.add_passthru(re.compile(f"(?!{everything.pattern})"))
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
            mock.add_callback(method, everything, callback=reply, content_type=None)
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


def _patience(prepared: requests.PreparedRequest) -> float:
    """Seconds for which whoever called requests waits for an answer."""
    # The library puts what send() was given here.
    given = getattr(prepared, "req_kwargs", {}).get("timeout")
    read = given[1] if isinstance(given, tuple) else given
    return read if isinstance(read, int | float) else math.inf


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value

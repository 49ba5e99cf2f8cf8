"""Connections to one host that are kept open: urllib3's own, without its pool, which encodes what is encoded and looks
after repetitions and redirects that never happen here."""

import logging
import ssl
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection

from dms_backfill_sdk.http import HttpResponse
from dms_backfill_sdk.transport import trusted

__all__ = ["Kept", "whole"]

log = logging.getLogger("dms_backfill_sdk")

#: Connections kept open to one host; more threads than that still work, they connect anew.
MOST = 64

#: Bytes of a body that are read at once.
PART = 65536


class Kept:
    """Stands where ``requests`` expects a pool of connections. May be used by many threads at once.

    Args:
        scheme: ``"http"`` or ``"https"``.
        host: the host's name or address.
        port: its port; None is the scheme's own.
        timeout: seconds to connect, and seconds to read.
    """

    def __init__(self, scheme: str, host: str, port: int | None, timeout: tuple[float, float]) -> None:
        self._scheme, self._host, self._port = scheme, host, port
        self._connect, self._read = timeout
        self._trust: ssl.SSLContext | None = None
        # The one that was used last is the least likely to have been dropped meanwhile.
        self._idle: deque[HTTPConnection] = deque()
        self._keeping = threading.Lock()
        # A client that nobody closed leaves nothing open.
        weakref.finalize(self, _close, self._idle)

    def urlopen(self, method: str, url: str, body: Any, headers: Mapping[str, str], **_asked: Any) -> HttpResponse:
        """Send once, and read the whole answer. Whatever else is asked (timeouts, repetitions) is settled here."""
        connection = self.connected()
        try:
            # Who hangs up before the end of a request may have answered it.
            with suppress(BrokenPipeError):
                connection.request(method, url, body, headers, preload_content=False)
            answer = whole(connection.getresponse(), self._read)
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return answer

    def connected(self) -> HTTPConnection:
        """A connection that nobody else uses; nothing of a request has been sent on it."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._fresh()
        if not connection.is_connected:
            log.debug("Connecting to %s.", self._host)
            connection.close()
            connection.timeout = self._connect
            connection.connect()
            connection.timeout = self._read
        return connection

    def _keep(self, connection: HTTPConnection) -> None:
        with self._keeping:
            room = len(self._idle) < MOST
            if room:
                self._idle.append(connection)
        if not room:
            connection.close()

    def _fresh(self) -> HTTPConnection:
        if self._scheme == "http":
            return HTTPConnection(self._host, self._port)
        if self._trust is None:
            self._trust = trusted()
        return HTTPSConnection(self._host, self._port, ssl_context=self._trust)

    def close(self) -> None:
        """Close those that nobody uses."""
        _close(self._idle)


def _close(idle: deque[HTTPConnection]) -> None:
    with suppress(IndexError):
        while True:
            idle.pop().close()


def whole(raw: BaseHTTPResponse, seconds: float) -> HttpResponse:
    """The whole answer, in no more than so many seconds, even when its body comes drop by drop.

    Raises:
        TimeoutError: it takes longer.
    """
    deadline = time.monotonic() + seconds
    headers = {name.lower(): value for name, value in raw.headers.items()}
    parts = []
    # Asked for a size, urllib3 notices a body that ends too early; asked for none, it does not.
    while part := raw.read1(PART, decode_content="content-encoding" in headers):
        parts.append(part)
        if time.monotonic() > deadline:
            raise TimeoutError
    return HttpResponse(raw.status, headers, b"".join(parts))

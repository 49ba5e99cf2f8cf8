"""HTTP by the aiohttp library."""

import asyncio
import ssl
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Any
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import aiohttp
from yarl import URL

from dms_backfill_sdk.errors import DmsError, NotSentError, OutcomeUnknownError
from dms_backfill_sdk.http import HttpRequest, HttpResponse, encode_pairs, is_loopback
from dms_backfill_sdk.transport import CONNECT, LOOK, TRUST, checked_timeout, trusted, unwritable, writable

__all__ = ["AiohttpTransport"]

#: Connections open at once on one loop; more calls than that wait their turn, and the wait is no part of a timeout.
CONNECTIONS = 100


class AiohttpTransport:
    """A transport over one ``aiohttp`` session for each event loop it is used on.

    It sends a request once: no repetition, no redirect, no cookie, no netrc. Proxies and certificate bundles of the
    environment are honoured, except that a loopback address is never reached through a proxy. Connections are kept
    and reused, 100 at most; further requests wait for one of them.

    Args:
        timeout: seconds to wait for a connection, and seconds to wait for an answer (between two parts of it, and for
            the whole of its body).

    Raises:
        ConfigurationError: ``timeout`` is none.
    """

    def __init__(self, timeout: tuple[float, float] = (5.0, 10.0)) -> None:
        self.timeout = checked_timeout(timeout)
        self._sessions: WeakKeyDictionary[AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()
        self._trust: ssl.SSLContext | None = None
        self._proxies: dict[tuple[str, str], str | None] = {}

    def __repr__(self) -> str:
        return f"AiohttpTransport(timeout={self.timeout})"

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send once and return the whole answer.

        Raises:
            InvalidRequestError: it cannot be written as an HTTP request.
            NotSentError: no connection came about.
            OutcomeUnknownError: the request, or a part of it, went out, and no whole answer came back in time; or
                whoever waited for it was cancelled meanwhile (then the cause is the ``CancelledError``).
        """
        error: DmsError
        cause: BaseException | None = None
        way = _Way()
        _way.set(way)
        if not writable(request.headers):
            raise unwritable("a header")
        try:
            return await self._exchange(request)
        except asyncio.CancelledError as cancelled:
            if not way.open:
                raise
            error = OutcomeUnknownError(f"Cancelled when it may have reached {request.host}.", advice=LOOK)
            cause = cancelled
        except (aiohttp.ClientError, OSError, ValueError) as caught:
            error, cause = _explain(caught, request.host, self.timeout, sent=way.open)
        # Raised out here: the library's own exception may hold the whole URL, and with it tokens and signature.
        raise error from cause

    async def _exchange(self, request: HttpRequest) -> HttpResponse:
        query = encode_pairs(request.query)
        answering = self._session().request(
            request.method,
            # Encoded already, and signed as it is.
            URL.build(
                scheme=request.scheme, authority=request.host, path=request.path, query_string=query, encoded=True
            ),
            headers={"accept-encoding": "identity", **request.headers},
            data=request.body or None,
            allow_redirects=False,
            proxy=self._proxy(request.scheme, request.host),
            ssl=await self._trusted() if request.scheme == "https" else True,
        )
        # Most bodies come together with the head, and then there is nothing to wait for.
        async with (
            answering as response,
            nullcontext() if response.content.is_eof() else asyncio.timeout(self.timeout[1]),
        ):
            body = await response.read()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status, headers, body)

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            connect, read = self.timeout
            self._sessions[loop] = session = aiohttp.ClientSession(
                connector=_Connector(limit=CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=read),
            )
        return session

    def _proxy(self, scheme: str, host: str) -> str | None:
        """The environment's proxy for a host, looked up once. Not by the library, which would read netrc with it."""
        key = scheme, host
        if key not in self._proxies:
            proxies = getproxies()
            direct = is_loopback(host) or proxy_bypass(host)
            self._proxies[key] = None if direct else proxies.get(scheme) or proxies.get("all")
        return self._proxies[key]

    async def _trusted(self) -> ssl.SSLContext:
        """The authorities that are trusted; read from disk once, off the loop."""
        if self._trust is None:
            self._trust = await asyncio.to_thread(trusted)
        return self._trust

    async def close(self) -> None:
        """Close the connections that are kept open on this loop."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()


class _Way:
    """Whether there is a connection for a request; from then on a part of it may have been sent."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = False


#: The way of the request that this task sends.
_way: ContextVar[_Way] = ContextVar("_way")


class _Connector(aiohttp.TCPConnector):
    async def connect(self, *asked: Any, **more: Any) -> Any:
        connection = await super().connect(*asked, **more)
        _way.get().open = True
        return connection


def _explain(
    caught: BaseException, host: str, timeout: tuple[float, float], *, sent: bool
) -> tuple[DmsError, BaseException | None]:
    """Our error for an exception on the way, and the innermost cause: the one that knows no URL."""
    chain = tuple(_inward(caught))
    cause = next((link for link in reversed(chain) if _knows_no_url(link)), None)
    kind = type(chain[-1]).__name__
    if sent:
        if any(isinstance(link, TimeoutError) for link in chain):
            what = f"No whole answer from {host} within {timeout[1]:g} s."
        else:
            what = f"The connection to {host} broke before the whole answer was there ({kind})."
        return OutcomeUnknownError(what, advice=LOOK), cause
    if any(isinstance(link, ssl.SSLError | ssl.CertificateError) for link in chain):
        return NotSentError(f"No trusted connection to {host}: {cause}.", advice=TRUST), cause
    if isinstance(caught, OSError | aiohttp.ClientConnectionError | aiohttp.ClientHttpProxyError):
        refused = f"{caught.status} {caught.message}" if isinstance(caught, aiohttp.ClientHttpProxyError) else kind
        said = cause or refused
        return NotSentError(f"Could not connect to {host}: {said}.", advice=CONNECT), cause
    return unwritable(kind), None


def _inward(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = getattr(link, "os_error", None) or getattr(link, "certificate_error", None) or link.__cause__


def _knows_no_url(error: BaseException) -> bool:
    return isinstance(error, OSError) and not isinstance(error, aiohttp.ClientError)

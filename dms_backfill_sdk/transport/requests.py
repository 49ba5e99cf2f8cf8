"""HTTP by the requests library."""

import http.client
import logging
import ssl
import threading
import time
import traceback
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from dms_backfill_sdk.errors import DmsError, InvalidRequestError, NotSentError, OutcomeUnknownError
from dms_backfill_sdk.http import HttpRequest, HttpResponse, is_loopback
from dms_backfill_sdk.transport import CONNECT, LOOK, TRUST, checked_timeout

__all__ = ["RequestsTransport"]

#: Connections kept open to one host; more threads than that still work, they connect anew.
POOL = 64

#: Bytes of a body that are read at once.
PART = 65536


class RequestsTransport:
    """A transport over one ``requests`` session.

    It sends a request once: no repetition, no redirect, no cookie, no netrc. Proxies and certificate bundles of the
    environment are honoured, except that a loopback address is never reached through a proxy. Connections are kept
    and reused. It may be used by many threads at once.

    Args:
        timeout: seconds to wait for a connection, and seconds to wait for an answer (between two parts of it, and for
            the whole of its body).

    Raises:
        ConfigurationError: ``timeout`` is none.
    """

    def __init__(self, timeout: tuple[float, float] = (5.0, 10.0)) -> None:
        self.timeout = checked_timeout(timeout)
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._ways: dict[tuple[str, str], _Way] = {}
        for name in ("connection", "connectionpool"):
            logging.getLogger(f"urllib3.{name}").addFilter(_hide_query)

    def __repr__(self) -> str:
        return f"RequestsTransport(timeout={self.timeout})"

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send once and return the whole answer.

        Raises:
            InvalidRequestError: it cannot be written as an HTTP request.
            NotSentError: no connection came about.
            OutcomeUnknownError: the request, or a part of it, went out, and no whole answer came back in time.
        """
        error: DmsError
        cause: BaseException | None = None
        way, prepared = self._prepared(request)
        _sending.now = True
        try:
            return self._exchange(way, prepared)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as caught:
            error, cause = _explain(caught, request.host, self.timeout)
        finally:
            _sending.now = False
        # Raised out here: the library's own exception holds the whole URL, and with it tokens and signature.
        raise error from cause

    def _exchange(self, way: "_Way", prepared: requests.PreparedRequest) -> HttpResponse:
        response = way.adapter.send(prepared, timeout=self.timeout, stream=True, **way.settings)
        try:
            body = self._whole_body(response.raw)
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.raw.headers.items()}
        return HttpResponse(response.status_code, headers, body)

    def _whole_body(self, raw: Any) -> bytes:
        """The body, in no more than the read timeout, even when it comes drop by drop."""
        deadline = time.monotonic() + self.timeout[1]
        parts = []
        # Asked for a size, urllib3 notices a body that ends too early; asked for none, it does not.
        while part := raw.read1(PART, decode_content=True):
            parts.append(part)
            if time.monotonic() > deadline:
                raise requests.ReadTimeout
        return b"".join(parts)

    def _prepared(self, request: HttpRequest) -> "tuple[_Way, requests.PreparedRequest]":
        try:
            way = self._way(request.scheme, request.host)
            return way, way.prepared(request)
        except (requests.RequestException, UnicodeError) as caught:
            kind = type(caught).__name__
        # Raised out here: the library's words quote what it refuses, and that may be a token.
        raise InvalidRequestError(
            f"This cannot be written as an HTTP request ({kind}).",
            advice="Check the host and what goes into the headers.",
        )

    def _way(self, scheme: str, host: str) -> "_Way":
        key = scheme, host
        if key not in self._ways:
            found = self._session.merge_environment_settings(f"{scheme}://{host}/", {}, True, None, None)
            if is_loopback(host):
                found["proxies"] = {}
            self._ways[key] = _Way(scheme, host, {name: found[name] for name in ("proxies", "verify", "cert")})
        return self._ways[key]

    def close(self) -> None:
        """Close the connections that are kept open."""
        while self._ways:
            self._ways.popitem()[1].adapter.close()
        self._session.close()


class _Way:
    """The way to one host: its address, proxies and certificates, found out once and not for each request."""

    def __init__(self, scheme: str, host: str, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.adapter = _Adapter(pool_connections=1, pool_maxsize=POOL, max_retries=0)
        root = requests.PreparedRequest()
        root.prepare_url(f"{scheme}://{host}/", None)
        self._root = root.url or ""

    def prepared(self, request: HttpRequest) -> requests.PreparedRequest:
        """What ``requests.Request.prepare`` makes of it, less what it need not do: the URL is encoded already."""
        prepared = requests.PreparedRequest()
        prepared.url = self._root + request.target.removeprefix("/")
        prepared.prepare_method(request.method)
        prepared.prepare_headers(request.headers)
        prepared.prepare_body(request.body or None, None)
        return prepared


class _Pool(HTTPConnectionPool):
    """A pool that does not look after what it is never asked for: encoding what is encoded, repeating, redirecting."""

    def urlopen(self, method: str, url: str, body: Any = None, headers: Any = None, *rest: Any, **asked: Any) -> Any:
        if self.proxy:
            return super().urlopen(method, url, body, headers, *rest, **asked)
        connection = self._get_conn()
        passed_on = {name: asked[name] for name in ("timeout", "preload_content", "decode_content")}
        try:
            return self._make_request(connection, method, url, body, headers, response_conn=connection, **passed_on)
        except BaseException as caught:
            connection.close()
            self._put_conn(None)
            if isinstance(caught, http.client.HTTPException):
                raise urllib3.exceptions.ProtocolError("Connection aborted.", caught) from caught
            raise


class _SecurePool(_Pool, HTTPSConnectionPool):
    """The same, encrypted."""


class _Adapter(HTTPAdapter):
    """An adapter for one host, which finds its pool once, and makes no more of an answer than is asked of it."""

    _pool: Any = None

    def init_poolmanager(self, *asked: Any, **settings: Any) -> None:
        super().init_poolmanager(*asked, **settings)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def get_connection_with_tls_context(self, *asked: Any, **settings: Any) -> Any:
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*asked, **settings)
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        if proxies:
            return super().request_url(request, proxies)
        assert request.url  # noqa: S101  _Way gave it
        return request.url[request.url.index("/", len("https://")) :]

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.raw, response.request = resp.status, resp, req
        return response


#: Where the libraries stand while nothing of the request can have been sent: opening a connection (through a proxy's
#: tunnel and up to the end of the TLS handshake), and finding the certificates for one. Should a library rename these,
#: its errors count as "may have been sent", which is the harmless mistake of the two.
_BEFORE_SENDING = frozenset({"connect", "cert_verify"})
_NO_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
_TOO_LATE = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)


def _explain(caught: BaseException, host: str, timeout: tuple[float, float]) -> tuple[DmsError, BaseException | None]:
    """Our error for an exception on the way, and the innermost cause: the one that knows no URL."""
    chain = tuple(_inward(caught))
    cause = next((link for link in reversed(chain) if isinstance(link, OSError) and not _knows_url(link)), None)
    kind = type(chain[-1]).__name__
    passed = {frame.f_code.co_name for link in chain for frame, _ in traceback.walk_tb(link.__traceback__)}
    if passed & _BEFORE_SENDING or isinstance(caught, _NO_ADDRESS):
        if any(isinstance(link, ssl.SSLError) for link in chain):
            return NotSentError(f"No trusted connection to {host}: {cause}.", advice=TRUST), cause
        return NotSentError(f"Could not connect to {host}: {cause or kind}.", advice=CONNECT), cause
    if any(isinstance(link, _TOO_LATE) for link in chain):
        what = f"No whole answer from {host} within {timeout[1]:g} s."
    else:
        what = f"The connection to {host} broke before the whole answer was there ({kind})."
    return OutcomeUnknownError(what, advice=LOOK), cause


def _inward(error: BaseException) -> Iterator[BaseException]:
    """An exception and those it wraps. Not its context: that may be what the caller was just dealing with."""
    seen: list[BaseException] = []
    link: Any = error
    while isinstance(link, BaseException) and link not in seen:
        yield link
        seen.append(link)
        wrapped = (getattr(link, "reason", None), link.__cause__, *link.args)
        link = next((inner for inner in wrapped if isinstance(inner, BaseException)), None)


def _knows_url(error: BaseException) -> bool:
    return isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError)


_sending = threading.local()


def _hide_query(record: logging.LogRecord) -> bool:
    """urllib3 logs whole URLs, some of them as warnings; of ours only the path may be seen."""
    if getattr(_sending, "now", False) and isinstance(record.args, tuple):
        record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True

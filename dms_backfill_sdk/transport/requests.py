"""HTTP by the requests library."""

import logging
import ssl
import threading
import traceback
from collections.abc import Iterator
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import select_proxy

from dms_backfill_sdk.errors import DmsError, NotSentError, OutcomeUnknownError
from dms_backfill_sdk.http import HttpRequest, HttpResponse, is_loopback
from dms_backfill_sdk.transport import CONNECT, LOOK, TRUST, checked_timeout, unwritable, writable
from dms_backfill_sdk.transport.kept import MOST, Kept, whole

__all__ = ["RequestsTransport"]


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
            return way.send(prepared)
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError) as caught:
            error, cause = _explain(caught, request.host, self.timeout)
        finally:
            _sending.now = False
        # Raised out here: the library's own exception holds the whole URL, and with it tokens and signature.
        raise error from cause

    def _prepared(self, request: HttpRequest) -> "tuple[_Way, requests.PreparedRequest]":
        if not writable(request.headers):
            raise unwritable("a header")
        try:
            way = self._way(request.scheme, request.host)
            return way, way.prepared(request)
        except (requests.RequestException, UnicodeError) as caught:
            kind = type(caught).__name__
        # Raised out here: the library's words quote what it refuses.
        raise unwritable(kind)

    def _way(self, scheme: str, host: str) -> "_Way":
        key = scheme, host
        if key not in self._ways:
            found = self._session.merge_environment_settings(f"{scheme}://{host}/", {}, True, None, None)
            if is_loopback(host):
                found["proxies"] = {}
            settings = {name: found[name] for name in ("proxies", "verify", "cert")}
            self._ways[key] = _Way(scheme, host, self.timeout, settings)
        return self._ways[key]

    def close(self) -> None:
        """Close the connections that are kept open."""
        while self._ways:
            self._ways.popitem()[1].adapter.close()
        self._session.close()


class _Way:
    """The way to one host: its address, proxies and certificates, found out once and not for each request."""

    def __init__(self, scheme: str, host: str, timeout: tuple[float, float], settings: dict[str, Any]) -> None:
        root = requests.PreparedRequest()
        root.prepare_url(f"{scheme}://{host}/", None)
        self._root = root.url or ""
        self._asked: dict[str, Any] = {"stream": True, "timeout": timeout, **settings}
        direct = not select_proxy(self._root, settings["proxies"])
        self.adapter = _Direct(self._root, timeout) if direct else _Adapter(timeout)

    def prepared(self, request: HttpRequest) -> requests.PreparedRequest:
        """What ``requests.Request.prepare`` makes of it, less what it need not do: the URL is encoded already."""
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = self._root + request.target.removeprefix("/")
        prepared.headers = CaseInsensitiveDict(request.headers)
        prepared.headers["content-length"] = str(len(request.body))
        prepared.body = request.body or None
        return prepared

    def send(self, prepared: requests.PreparedRequest) -> HttpResponse:
        """The answer. It goes by the adapter's ``send``, where others may have put themselves in the way."""
        response: Any = self.adapter.send(prepared, **self._asked)
        answer: HttpResponse = response.raw
        return answer


class _Adapter(HTTPAdapter):
    """An adapter that reads an answer whole, and makes no more of it than is asked here."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        super().__init__(pool_connections=1, pool_maxsize=MOST, max_retries=0)
        self._timeout = timeout

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.request = req
        response.status_code = resp.status
        # What the libraries answer, or who stands in for them, is yet to be read.
        response.raw = resp if isinstance(resp, HttpResponse) else whole(resp, self._timeout[1])
        return response


class _Direct(_Adapter):
    """The same for one host that is reached without a proxy."""

    def __init__(self, root: str, timeout: tuple[float, float]) -> None:
        super().__init__(timeout)
        parts = urlsplit(root)
        self._path_at = len(root) - len("/")
        self._kept: Any = Kept(parts.scheme, parts.hostname or "", parts.port, timeout)

    def get_connection_with_tls_context(self, *_asked: Any, **_settings: Any) -> Any:
        return self._kept

    def cert_verify(self, *_asked: Any, **_settings: Any) -> None:
        """Each new connection looks after it."""

    def request_url(self, request: requests.PreparedRequest, _proxies: Any) -> str:
        return (request.url or "")[self._path_at :]

    def close(self) -> None:
        self._kept.close()
        super().close()


#: Where the code stands while nothing of the request can have been sent. Behind a proxy these are the libraries' names:
#: opening a connection (through the tunnel and up to the end of the TLS handshake), and finding the certificates for
#: one. Should they be renamed, such errors count as "may have been sent", which is the harmless mistake of the two.
_BEFORE_SENDING = frozenset({Kept.connected.__name__, "connect", "cert_verify"})
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

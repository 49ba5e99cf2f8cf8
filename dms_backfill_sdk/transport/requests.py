"""HTTP by the requests library."""

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

from dms_backfill_sdk.errors import DmsError, InvalidRequestError, NotSentError, OutcomeUnknownError
from dms_backfill_sdk.http import HttpRequest, HttpResponse, is_loopback
from dms_backfill_sdk.transport import checked_timeout

__all__ = ["RequestsTransport"]

#: Connections kept open to one host; more threads than that still work, they connect anew.
POOL = 64

#: Bytes of a body that are read at once.
PART = 65536

LOOK = "Look at the flow's runs before you call again."


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
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=POOL, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._environment: dict[tuple[str, str], dict[str, Any]] = {}
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
        prepared = _prepared(request)
        _sending.now = True
        try:
            return self._exchange(prepared, request)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as caught:
            error, cause = _explain(caught, request.host, self.timeout)
        finally:
            _sending.now = False
        # Raised out here: the library's own exception holds the whole URL, and with it tokens and signature.
        raise error from cause

    def _exchange(self, prepared: requests.PreparedRequest, request: HttpRequest) -> HttpResponse:
        response = self._session.send(
            prepared,
            timeout=self.timeout,
            allow_redirects=False,
            stream=True,
            **self._settings(request.scheme, request.host),
        )
        try:
            body = self._whole_body(response.raw)
        finally:
            response.close()
        return HttpResponse(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
        )

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

    def _settings(self, scheme: str, host: str) -> dict[str, Any]:
        """Proxies and certificates for a host, looked up in the environment once."""
        key = scheme, host
        if key not in self._environment:
            merged = self._session.merge_environment_settings(f"{scheme}://{host}/", {}, True, None, None)
            if is_loopback(host):
                merged["proxies"] = {}
            self._environment[key] = {name: merged[name] for name in ("proxies", "verify", "cert")}
        return self._environment[key]

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()


def _prepared(request: HttpRequest) -> requests.PreparedRequest:
    try:
        return requests.Request(
            request.method, request.url, headers=dict(request.headers), data=request.body or None
        ).prepare()
    except (requests.RequestException, UnicodeError) as caught:
        kind = type(caught).__name__
    # Raised out here: the library's words quote what it refuses, and that may be a token.
    raise InvalidRequestError(
        f"This cannot be written as an HTTP request ({kind}).", advice="Check the host and what goes into the headers."
    )


CONNECT = "Check the endpoint and the network, then call again."
TRUST = "Check the endpoint's scheme and certificate; REQUESTS_CA_BUNDLE names other authorities to trust."

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

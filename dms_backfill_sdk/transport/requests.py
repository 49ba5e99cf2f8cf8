"""HTTP by the requests library."""

import logging
import re
import ssl
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from dms_backfill_sdk.errors import DmsError, NotSentError, OutcomeUnknownError
from dms_backfill_sdk.http import HttpRequest, HttpResponse, is_loopback

__all__ = ["RequestsTransport"]

#: Connections kept open to one host; more threads than that still work, they connect anew.
POOL = 64

LOOK = "Look at the flow's runs before you call again."


class RequestsTransport:
    """A transport over one ``requests`` session.

    It sends a request once: no repetition, no redirect, no cookie, no netrc. Proxies and certificate bundles of the
    environment are honoured, except that a loopback address is never reached through a proxy. Connections are kept
    and reused. It may be used by many threads at once.

    Args:
        timeout: seconds to wait for a connection, and seconds to wait for an answer (between two parts of it, and for
            the whole of its body).
    """

    def __init__(self, timeout: tuple[float, float] = (5.0, 10.0)) -> None:
        self.timeout = timeout
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=POOL, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._environment: dict[tuple[str, str], dict[str, Any]] = {}
        logging.getLogger("urllib3.connectionpool").addFilter(_hide_query)

    def __repr__(self) -> str:
        return f"RequestsTransport(timeout={self.timeout})"

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send once and return the whole answer.

        Raises:
            NotSentError: no connection came about.
            OutcomeUnknownError: the request, or a part of it, went out, and no whole answer came back in time.
        """
        prepared = requests.Request(
            request.method, request.url, headers=dict(request.headers), data=request.body or None
        ).prepare()
        try:
            return self._exchange(prepared, request)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as caught:
            error, cause = _explain(caught, request.host, self.timeout)
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
        while part := raw.read1(decode_content=True):
            parts.append(part)
            if time.monotonic() > deadline:
                raise requests.ReadTimeout
        # Takes note that nothing is left, so that the connection goes back to the pool; finds out if something is.
        parts.append(raw.read(decode_content=True))
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


def _explain(
    caught: BaseException, host: str, timeout: tuple[float, float]
) -> tuple[DmsError, BaseException | None]:
    """Our error for an exception on the way, and the innermost cause: the one that knows no URL."""
    chain = list(_inward(caught))
    cause = next((link for link in reversed(chain) if isinstance(link, OSError) and not _knows_url(link)), None)
    kinds = tuple(type(link) for link in chain)
    if any(issubclass(kind, _NOT_CONNECTED) for kind in kinds):
        return NotSentError(f"Could not connect to {host}: {cause or kinds[-1].__name__}.", advice=CONNECT), cause
    if any(isinstance(link, ssl.SSLError) and _in_handshake(link) for link in chain):
        return NotSentError(f"No trusted connection to {host}: {cause}.", advice=TRUST), cause
    if any(issubclass(kind, _TOO_LATE) for kind in kinds):
        what = f"No whole answer from {host} within {timeout[1]:g} s."
    else:
        what = f"The connection to {host} broke before the whole answer was there ({kinds[-1].__name__})."
    return OutcomeUnknownError(what, advice=LOOK), cause


CONNECT = "Check the endpoint and the network, then call again."
TRUST = "Check the endpoint's scheme and certificate; REQUESTS_CA_BUNDLE names other authorities to trust."

_NOT_CONNECTED: tuple[type[BaseException], ...] = (
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidProxyURL,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
)
_TOO_LATE: tuple[type[BaseException], ...] = (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)


def _inward(error: BaseException | None) -> "Any":
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = getattr(error, "reason", None) or next((arg for arg in error.args if isinstance(arg, BaseException)), None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__


def _knows_url(error: BaseException) -> bool:
    return isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError)


def _in_handshake(error: ssl.SSLError) -> bool:
    """Whether TLS failed before anything of the request could have been sent."""
    return isinstance(error, ssl.SSLCertVerificationError) or error.reason in ("WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL")


_SIGNED_QUERY = re.compile(r"\?\S*(?:Signature|BearerToken)=\S*")


def _hide_query(record: logging.LogRecord) -> bool:
    """urllib3 writes each whole URL to its debug log; of a signed one only the path may be seen."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            _SIGNED_QUERY.sub("?…", arg) if isinstance(arg, str) else arg for arg in record.args
        )
    return True

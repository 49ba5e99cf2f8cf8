"""The only files that touch a socket."""

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

import certifi

from dms_backfill_sdk.errors import ConfigurationError, InvalidRequestError

__all__ = ["CONNECT", "LOOK", "TRUST", "checked_timeout", "trusted", "unwritable", "writable"]

CONNECT = "Check the endpoint and the network, then call again."
TRUST = "Check the endpoint's scheme and certificate; REQUESTS_CA_BUNDLE names other authorities to trust."
LOOK = "Look at the flow's runs before you call again."

#: Seconds; nobody means to wait longer, and sockets cannot.
LONGEST = 86_400


def checked_timeout(timeout: tuple[float, float]) -> tuple[float, float]:
    """Seconds to connect and seconds to read, as they were given.

    Raises:
        ConfigurationError: it is something else. There is always a timeout.
    """
    match timeout:
        case (int() | float() as connect, int() | float() as read) if 0 < connect <= LONGEST and 0 < read <= LONGEST:
            return float(connect), float(read)
    raise ConfigurationError(
        f"{timeout!r} is no timeout.", advice="Write two numbers of seconds, to connect and to read, such as (5, 10)."
    )


def trusted() -> ssl.SSLContext:
    """The authorities that are trusted: those the environment names, or certifi's. Read from disk; takes a while.

    Raises:
        OSError: there are none where the environment says.
    """
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)


# Checked before there is a connection: the libraries notice only when there is one to write on, and quote what they
# refuse, which may be a token.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*").fullmatch


def writable(headers: Mapping[str, str]) -> bool:
    """Whether these can be written as headers."""
    return all(_NAME(name) and _VALUE(value) for name, value in headers.items())


def unwritable(what: str) -> InvalidRequestError:
    """The error for a request that cannot be written down."""
    return InvalidRequestError(
        f"This cannot be written as an HTTP request ({what}).", advice="Check the host and what goes into the headers."
    )

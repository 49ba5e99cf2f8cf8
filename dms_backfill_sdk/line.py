"""How to ask: what is the same for all calls of a client, made from arguments and environment."""

import importlib
import os
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from dms_backfill_sdk.clock import Clock
from dms_backfill_sdk.errors import ConfigurationError
from dms_backfill_sdk.http import is_loopback
from dms_backfill_sdk.retry import RetryPolicy
from dms_backfill_sdk.signing import Mechanism
from dms_backfill_sdk.signing.credentials import Credentials, CredentialSource, from_environment

__all__ = ["Line", "address", "checked_timeout", "source"]

#: Every region is served here (read in the official SDK).
ENDPOINT = "dms-enterprise.aliyuncs.com"


class Line(NamedTuple):
    """How to ask: everything about the conversation that is the same for all calls of a client."""

    scheme: str
    host: str
    mechanism: Mechanism
    credentials: CredentialSource
    retry: RetryPolicy
    clock: Clock
    nonce: Callable[[], str]
    random: Callable[[], float]
    user_agent: str


def address(endpoint: str | None) -> str:
    """``scheme://host[:port]`` of what was given, or of the environment, or the service's own."""
    given = endpoint or os.environ.get("DMS_BACKFILL_ENDPOINT") or ENDPOINT
    parts = urlsplit(given if "://" in given else f"https://{given}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ConfigurationError(
            f"{given!r} is no endpoint.", advice='Write a host or an address, such as "https://dms-enterprise.aliyuncs.com".'
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("The endpoint holds a user name or a password.", advice="Pass credentials= instead.")
    if parts.scheme == "http" and not is_loopback(parts.netloc):
        raise ConfigurationError(
            f"{parts.netloc} would be reached without encryption.", advice="Use https; http is for loopback addresses only."
        )
    return f"{parts.scheme}://{parts.netloc}"


def source(credentials: Credentials | CredentialSource | None) -> CredentialSource:
    """Whom to ask for the credentials of each attempt."""
    if credentials is None:
        credentials = from_environment(os.environ)
    if credentials is None:
        return _chain()
    if callable(credentials):
        return credentials
    fixed = credentials
    return lambda: fixed


def _chain() -> CredentialSource:
    try:
        chain = importlib.import_module("dms_backfill_sdk.signing.chain")
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            "No credentials were found: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are not set, "
            "and the credential chain (roles, OIDC, profiles) is not installed.",
            advice="Set the two, pass credentials= to the client, or install dms_backfill_sdk[credentials].",
        ) from missing
    source: CredentialSource = chain.CredentialChain()
    return source


def checked_timeout(timeout: tuple[float, float]) -> tuple[float, float]:
    match timeout:
        case (int() | float() as connect, int() | float() as read) if connect > 0 and read > 0:
            return float(connect), float(read)
    raise ConfigurationError(
        f"{timeout!r} is no timeout.", advice="Write two numbers of seconds, to connect and to read, such as (5, 10)."
    )

"""How to ask: what is the same for all calls of a client, made from arguments and environment."""

import importlib
import os
import random
import re
from collections.abc import Callable
from typing import NamedTuple

from attrs import Factory, field, frozen, validators

from dms_backfill_sdk.clock import SYSTEM_CLOCK, Clock, ServiceClock
from dms_backfill_sdk.errors import ConfigurationError
from dms_backfill_sdk.http import is_loopback
from dms_backfill_sdk.retry import RetryPolicy
from dms_backfill_sdk.signing import Mechanism, mechanism
from dms_backfill_sdk.signing.credentials import Credentials, CredentialSource, from_environment, is_credential
from dms_backfill_sdk.transport import checked_timeout
from dms_backfill_sdk.version import __version__

__all__ = ["Line", "Settings", "address", "line_of", "source", "tenant"]

#: Every region is served here (read in the official SDK).
ENDPOINT = "dms-enterprise.aliyuncs.com"

_ADDRESS = r"(?:(?P<scheme>https?)://)?(?P<host>(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?)/?"

CREDENTIALS = 'Give AccessKey("id", "secret"), StsToken, BearerToken or RsaKeyPair, or a callable that returns one.'


class Line(NamedTuple):
    """How to ask: everything about the conversation that is the same for all calls of a client."""

    scheme: str
    host: str
    mechanism: Mechanism
    credentials: Credentials | CredentialSource
    retry: RetryPolicy
    clock: Clock
    service: ServiceClock
    nonce: Callable[[], str]
    random: Callable[[], float]
    user_agent: str


def address(endpoint: str | None) -> str:
    """``scheme://host[:port]`` of what was given, or of the environment, or the service's own."""
    given = os.environ.get("DMS_BACKFILL_ENDPOINT") or ENDPOINT if endpoint is None else endpoint
    if "@" in str(given):
        raise ConfigurationError("The endpoint holds a user name or a password.", advice="Pass credentials= instead.")
    found = re.fullmatch(_ADDRESS, given.lower()) if isinstance(given, str) else None
    if found is None or int(found["port"] or 443) not in range(1, 65536):
        raise ConfigurationError(
            f"{given!r} is no endpoint.",
            advice='Write a host or an address, such as "https://dms-enterprise.aliyuncs.com".',
        )
    scheme, host = found["scheme"] or "https", found["host"]
    if scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"{host} would be reached without encryption.",
            advice="Use https; http is for loopback addresses only.",
        )
    return f"{scheme}://{host}"


def tenant(tid: int | None) -> int | None:
    """The tenant as it was given, if it can be one."""
    if tid is not None and (isinstance(tid, bool) or not isinstance(tid, int) or tid < 1):
        raise ConfigurationError(f"tid must be a positive integer; {tid!r} is not.")
    return tid


@frozen(kw_only=True, eq=False)
class Settings:
    """What both clients are made with, as far as it says how to ask; see :class:`~dms_backfill_sdk.Client`."""

    credentials: Credentials | CredentialSource | None = None
    endpoint: str = field(default=None, converter=address)
    signature: str = "rpc"
    timeout: tuple[float, float] = field(default=(5.0, 10.0), converter=checked_timeout)
    retry: RetryPolicy = field(factory=RetryPolicy, validator=validators.instance_of(RetryPolicy))
    tid: int | None = field(default=None, converter=tenant)
    clock: Clock = SYSTEM_CLOCK
    end_inclusive: bool = True
    service_clock: ServiceClock = field(
        init=False, repr=False, default=Factory(lambda self: ServiceClock(self.clock), takes_self=True)
    )


def line_of(client: Settings, credentials: Credentials | CredentialSource) -> Line:
    """How this client asks.

    Raises:
        ConfigurationError: there is no such signature.
    """
    scheme, _, host = client.endpoint.partition("://")
    return Line(
        scheme=scheme,
        host=host,
        mechanism=mechanism(client.signature),
        credentials=credentials,
        retry=client.retry,
        clock=client.clock,
        service=client.service_clock,
        nonce=lambda: os.urandom(16).hex(),
        random=random.random,
        user_agent=f"dms-backfill-sdk/{__version__}",
    )


def source(credentials: Credentials | CredentialSource | None) -> Credentials | CredentialSource:
    """The credentials, or whom to ask for them at each attempt."""
    given = from_environment(os.environ) if credentials is None else credentials
    if given is None:
        return _chain()
    if is_credential(given):
        return given
    if isinstance(given, type) or not callable(given):
        # Not shown: it may well be a secret in the wrong place.
        raise ConfigurationError(f"credentials= was given a {type(given).__name__}.", advice=CREDENTIALS)

    def ask() -> Credentials:
        found = given()
        if not is_credential(found):
            raise ConfigurationError(f"The credential source returned a {type(found).__name__}.", advice=CREDENTIALS)
        return found

    return ask


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

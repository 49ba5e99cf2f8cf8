"""Signatures: pure functions over an :class:`~dms_backfill_sdk.http.HttpRequest`.

An unsigned request names its operation in the headers ``x-acs-action`` and ``x-acs-version``. Each mechanism returns a
signed copy of it; time and nonce come in from outside.
"""

import importlib
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from dms_backfill_sdk.errors import ConfigurationError
from dms_backfill_sdk.http import HttpRequest
from dms_backfill_sdk.signing.credentials import Credentials

__all__ = ["MECHANISMS", "Mechanism", "Sign", "mechanism"]


class Sign(Protocol):
    """How a request is signed."""

    def __call__(self, request: HttpRequest, credentials: Credentials, *, now: datetime, nonce: str) -> HttpRequest: ...


#: What ``Client(signature=…)`` takes → module and function. Only the one that is chosen is imported.
MECHANISMS = {
    "rpc": ("rpc", "sign"),
    "rpc-sha256": ("rpc", "sign_sha256"),
    "acs3": ("acs3", "sign"),
    "acs3-sm3": ("sm3", "sign"),
}


class Mechanism(NamedTuple):
    """One way to sign.

    Attributes:
        sign: signs a request.
        string_to_sign: what was signed, of a request that it signed.
    """

    sign: Sign
    string_to_sign: Callable[[HttpRequest], str]


def mechanism(name: str) -> Mechanism:
    """The mechanism of this name.

    Raises:
        ConfigurationError: there is none.
    """
    if name not in MECHANISMS:
        known = ", ".join(map(repr, MECHANISMS))
        raise ConfigurationError(f"There is no signature {name!r}.", advice=f"Choose one of {known}.")
    place, function = MECHANISMS[name]
    module = importlib.import_module(f"{__name__}.{place}")
    return Mechanism(getattr(module, function), module.string_to_sign)

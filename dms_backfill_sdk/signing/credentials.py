"""Who is calling: value objects that hide their secrets, and the environment they can be read from."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeGuard

import attrs
from attrs import field, frozen

from dms_backfill_sdk.errors import ConfigurationError

__all__ = [
    "AccessKey",
    "BearerToken",
    "CredentialSource",
    "Credentials",
    "KeyPair",
    "StsToken",
    "from_environment",
    "is_credential",
]


def present(instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    """Refuse a part of a credential that cannot be one: an attrs validator."""
    name = f"{type(instance).__name__}.{attribute.name}"
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{name} is empty or no string.", advice="Give the value as the console shows it.")
    # Copied with a line end or a blank, a key never matches; the service would only say that it does not.
    if any(letter.isspace() for letter in value):
        raise ConfigurationError(f"{name} holds white space.", advice="Remove it.")
    if not (value.isascii() and value.isprintable()):
        raise ConfigurationError(f"{name} holds what no key is made of.", advice="Give it in plain ASCII.")


@frozen
class AccessKey:
    """A long-lived key of a RAM user."""

    id: str = field(validator=present)
    secret: str = field(validator=present, repr=False)


@frozen
class StsToken:
    """A temporary key, with the token that goes with it."""

    id: str = field(validator=present)
    secret: str = field(validator=present, repr=False)
    token: str = field(validator=present, repr=False)


@frozen
class BearerToken:
    """A token that is sent as it is; such a request carries no signature."""

    token: str = field(validator=present, repr=False)


class KeyPair(Protocol):
    """A key id and something that signs for it with RSA; :class:`~dms_backfill_sdk.RsaKeyPair` is one."""

    @property
    def id(self) -> str: ...

    def rsa_sha256(self, data: bytes) -> bytes:
        """The PKCS#1 v1.5 signature of ``data`` with SHA-256."""
        ...


Credentials = AccessKey | StsToken | BearerToken | KeyPair

#: Asked before each attempt, so that what expires can be renewed in time.
CredentialSource = Callable[[], Credentials]


def is_credential(value: object) -> TypeGuard[Credentials]:
    """Whether a request can be sent with it."""
    signs = not isinstance(value, type) and hasattr(value, "rsa_sha256")
    return signs or isinstance(value, AccessKey | StsToken | BearerToken)


def from_environment(environ: Mapping[str, str]) -> AccessKey | StsToken | None:
    """The key that the environment names; None when it names none.

    Raises:
        ConfigurationError: only one half of a key is there.
    """
    key_id = environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
    secret = environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
    token = environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
    if bool(key_id) != bool(secret):
        missing = "ALIBABA_CLOUD_ACCESS_KEY_SECRET" if key_id else "ALIBABA_CLOUD_ACCESS_KEY_ID"
        raise ConfigurationError(f"The environment names half a key: {missing} is not set.", advice="Set both.")
    if not key_id:
        return None
    return StsToken(key_id, secret, token) if token else AccessKey(key_id, secret)

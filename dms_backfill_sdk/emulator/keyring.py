"""Who may call the emulator: keys, tokens and key pairs, each with its policies."""

from collections.abc import Iterable
from datetime import datetime

from attrs import Attribute, define, field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from dms_backfill_sdk.emulator.ram import FULL_ACCESS, Policy

__all__ = ["Key", "Keyring"]


def _has_a_zone(_: object, attribute: "Attribute[datetime | None]", value: datetime | None) -> None:
    if value is not None and value.tzinfo is None:
        raise ValueError(f"{attribute.name} must have a zone; write for instance datetime(2030, 1, 1, tzinfo=UTC).")


def _loaded(public_key: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(public_key.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        # Not a TypeError: whatever kind of key it is, it came as a string.
        raise ValueError(  # noqa: TRY004
            'public_key must be an RSA public key as PEM; it begins with "-----BEGIN PUBLIC KEY-----".'
        )
    return key


@frozen(kw_only=True)
class Key:
    """Somebody the emulator knows.

    Attributes:
        id: the access key id; for a bearer token, any name.
        secret: the secret it signs with; None when it signs otherwise.
        public_key: the RSA public key that checks its signatures, as PEM; None when it signs with a secret.
        token: the security token that must come along; without a secret, a bearer token.
        expires: when the token stops being good, with a zone; None never.
        active: whether the key is enabled.
        policies: what it may do; everything by default.
        rsa: ``public_key``, ready for use.

    Raises:
        ValueError: ``public_key`` is none, or ``expires`` has no zone.
    """

    id: str
    secret: str | None = field(default=None, repr=False)
    public_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    expires: datetime | None = field(default=None, validator=_has_a_zone)
    active: bool = True
    policies: tuple[Policy, ...] = field(default=(FULL_ACCESS,), converter=tuple[Policy, ...], repr=False)
    rsa: RSAPublicKey | None = field(init=False, eq=False, repr=False)

    @rsa.default
    def _(self) -> RSAPublicKey | None:
        return None if self.public_key is None else _loaded(self.public_key)


@define
class Keyring:
    """All keys, by id."""

    _keys: dict[str, Key] = field(factory=dict)

    @classmethod
    def of(cls, keys: Iterable[Key]) -> "Keyring":
        ring = cls()
        for key in keys:
            ring.add(key)
        return ring

    def add(self, key: Key) -> None:
        """Add a key, or put it in the place of the one with the same id."""
        self._keys[key.id] = key

    def get(self, key_id: str) -> Key | None:
        return self._keys.get(key_id)

    def bearer(self, token: str) -> Key | None:
        """Whoever this bearer token stands for."""
        return next((k for k in self._keys.values() if k.token == token and not k.secret and not k.public_key), None)

    def owner_of(self, token: str) -> Key | None:
        """The key that this security token belongs to."""
        return next((key for key in self._keys.values() if key.token == token), None)

"""Who may call the emulator: keys, tokens and key pairs, each with its policies."""

from collections.abc import Iterable
from datetime import datetime

from attrs import define, field, frozen

from dms_backfill_sdk.emulator.ram import FULL_ACCESS, Policy

__all__ = ["Key", "Keyring"]


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
    """

    id: str
    secret: str | None = field(default=None, repr=False)
    public_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    expires: datetime | None = None
    active: bool = True
    policies: tuple[Policy, ...] = field(default=(FULL_ACCESS,), converter=tuple[Policy, ...], repr=False)


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

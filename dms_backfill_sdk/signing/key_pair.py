"""RSA key pairs. Apart from the other credentials because this one needs the cryptography library."""

import base64
import binascii

from attrs import field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from dms_backfill_sdk.errors import ConfigurationError
from dms_backfill_sdk.signing.credentials import present

__all__ = ["RsaKeyPair"]


def _load(text: str) -> RSAPrivateKey:
    try:
        if str(text).lstrip().startswith("-----BEGIN"):
            key = load_pem_private_key(text.encode(), password=None)
        else:
            key = load_der_private_key(base64.b64decode(text, validate=False), password=None)
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        key = None
    # Raised out here, so that no parser's message, which may quote the key, hangs on to it as its context.
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(
            "RsaKeyPair.private_key is no RSA private key.",
            advice="Give it as PEM without a passphrase, or as the bare base64 of a PKCS#8 key.",
        )
    return key


@frozen
class RsaKeyPair:
    """A key id and the RSA private key that signs for it.

    Attributes:
        id: the key pair's id.
        private_key: PEM, or the bare base64 of a PKCS#8 key.

    Raises:
        ConfigurationError: ``private_key`` is no RSA private key.
    """

    id: str = field(validator=present)
    private_key: str = field(repr=False)
    _key: RSAPrivateKey = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_key", _load(self.private_key))

    def rsa_sha256(self, data: bytes) -> bytes:
        """The PKCS#1 v1.5 signature of ``data`` with SHA-256."""
        return self._key.sign(data, PKCS1v15(), hashes.SHA256())

"""ACS3 with the SM3 digest instead of SHA-256."""

from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from dms_backfill_sdk.http import HttpRequest
from dms_backfill_sdk.signing.acs3 import Algorithm, sign_with
from dms_backfill_sdk.signing.acs3 import string_to_sign as acs3_string_to_sign
from dms_backfill_sdk.signing.credentials import Credentials

__all__ = ["HMAC_SM3", "sign", "string_to_sign"]


def _digest(data: bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def _mac(secret: bytes, data: bytes) -> str:
    mac = HMAC(secret, hashes.SM3())
    mac.update(data)
    return mac.finalize().hex()


HMAC_SM3 = Algorithm("ACS3-HMAC-SM3", _digest, _mac)


def sign(request: HttpRequest, credentials: Credentials, *, now: datetime, nonce: str) -> HttpRequest:
    """A signed copy of ``request``; see :func:`dms_backfill_sdk.signing.acs3.sign`."""
    return sign_with(HMAC_SM3, request, credentials, now=now, nonce=nonce)


def string_to_sign(request: HttpRequest) -> str:
    """What the signature is about; see :func:`dms_backfill_sdk.signing.acs3.string_to_sign`."""
    return acs3_string_to_sign(request, algorithm=HMAC_SM3)

"""The RPC mechanism (signature version 1.0): everything travels in the query, the signature too (documented)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime

from dms_backfill_sdk.http import HttpRequest, Pairs, Written, encode_pairs
from dms_backfill_sdk.signing.credentials import AccessKey, BearerToken, Credentials, KeyPair, StsToken

__all__ = ["DIGESTS", "RSA", "sign", "sign_sha256", "signature", "string_to_sign", "timestamp"]


def timestamp(now: datetime) -> str:
    """A time with a zone as it is signed: in UTC, to the second."""
    return f"{now.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


#: SignatureMethod → the digest of its HMAC. The default is the one every official client uses.
DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
RSA = "SHA256withRSA"


def string_to_sign(request: HttpRequest) -> str:
    """What the signature is about: method, and all parameters of query and form body, sorted (documented)."""
    return _string_to_sign(request.method, _canonical((*request.query, *request.form)))


def _canonical(pairs: Pairs) -> list[tuple[str, str]]:
    return [pair for pair in sorted(pairs) if pair[0] != "Signature"]


def _string_to_sign(method: str, canonical: Iterable[tuple[str, str]]) -> str:
    query = encode_pairs(canonical)
    # Encoded a second time, as a whole; after the first time these three are all there is to encode.
    return f"{method}&%2F&{query.replace('%', '%25').replace('=', '%3D').replace('&', '%26')}"


def signature(text: str, secret: str, method: str = "HMAC-SHA1") -> str:
    """The HMAC of a string-to-sign, in base64. The key is the secret with an ``&`` behind it (documented)."""
    digest = hmac.new(f"{secret}&".encode(), text.encode(), DIGESTS[method]).digest()
    return base64.b64encode(digest).decode()


def sign(
    request: HttpRequest, credentials: Credentials, *, now: datetime, nonce: str, method: str = "HMAC-SHA1"
) -> HttpRequest:
    """A signed copy of ``request``.

    Args:
        now: the time to sign, with a zone.
        nonce: a value that was never used before.
        method: ``"HMAC-SHA1"`` or ``"HMAC-SHA256"``; a key pair signs with SHA256withRSA instead, and a bearer token
            is sent without a signature.
    """
    common = (
        ("Action", request.headers["x-acs-action"]),
        ("Version", request.headers["x-acs-version"]),
        ("Format", "JSON"),
        ("Timestamp", timestamp(now)),
        ("SignatureNonce", nonce),
    )
    # Sorted, so that it is sent as it was signed.
    query = Written.of(_canonical((*request.query, *common, *_identity(credentials, method))))
    if not isinstance(credentials, BearerToken):
        form = request.form
        text = _string_to_sign(request.method, _canonical((*query, *form)) if form else query)
        query = query.plus("Signature", _signed(text, credentials, method))
    return HttpRequest(request.method, request.scheme, request.host, request.path, query, request.headers, request.body)


def _signed(text: str, credentials: AccessKey | StsToken | KeyPair, method: str) -> str:
    if isinstance(credentials, AccessKey | StsToken):
        return signature(text, credentials.secret, method)
    return base64.b64encode(credentials.rsa_sha256(text.encode())).decode()


def sign_sha256(request: HttpRequest, credentials: Credentials, *, now: datetime, nonce: str) -> HttpRequest:
    """:func:`sign` with HMAC-SHA256."""
    return sign(request, credentials, now=now, nonce=nonce, method="HMAC-SHA256")


def _identity(credentials: Credentials, method: str) -> Pairs:
    version = ("SignatureVersion", "1.0")
    match credentials:
        case BearerToken(token=token):
            return ("SignatureType", "BEARERTOKEN"), ("BearerToken", token)
        case StsToken(id=key, token=token):
            return version, ("AccessKeyId", key), ("SignatureMethod", method), ("SecurityToken", token)
        case AccessKey(id=key):
            return version, ("AccessKeyId", key), ("SignatureMethod", method)
        case pair:
            return version, ("AccessKeyId", pair.id), ("SignatureMethod", RSA), ("SignatureType", "PRIVATEKEY")

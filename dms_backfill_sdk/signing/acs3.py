"""The ACS3 mechanism (V3): action, nonce, time and signature are headers; body and query are signed (documented)."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from dms_backfill_sdk.http import HttpRequest, Written, encode_pairs
from dms_backfill_sdk.signing.credentials import AccessKey, BearerToken, Credentials, StsToken
from dms_backfill_sdk.signing.rpc import timestamp

__all__ = ["HMAC_SHA256", "RSA_SHA256", "Algorithm", "canonical_request", "sign", "sign_with", "string_to_sign"]


@frozen
class Algorithm:
    """A row of the mechanism's algorithms: its name, its digest and its keyed digest, both in hex."""

    name: str
    digest: Callable[[bytes], str]
    mac: Callable[[bytes, bytes], str]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _hmac_sha256(secret: bytes, data: bytes) -> str:
    return hmac.new(secret, data, hashlib.sha256).hexdigest()


def _no_mac(_secret: bytes, _data: bytes) -> str:
    raise TypeError("ACS3-RSA-SHA256 signs with a key pair, not with a secret.")


HMAC_SHA256 = Algorithm("ACS3-HMAC-SHA256", _sha256, _hmac_sha256)
RSA_SHA256 = Algorithm("ACS3-RSA-SHA256", _sha256, _no_mac)


def canonical_request(request: HttpRequest, signed_headers: Iterable[str], payload: str) -> str:
    """The request in the one form that both sides can write down alike (documented).

    Args:
        signed_headers: the names that take part, in lower case; the order does not matter.
        payload: the digest of the body, in hex.
    """
    return _canonical_request(request, sorted(request.query), request.headers, sorted(signed_headers), payload)


def _canonical_request(
    request: HttpRequest,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    names: Sequence[str],
    payload: str,
) -> str:
    return "\n".join(
        (
            request.method,
            request.path,
            encode_pairs(query),
            *[f"{name}:{headers.get(name, '').strip()}" for name in names],
            "",
            ";".join(names),
            payload,
        )
    )


def string_to_sign(
    request: HttpRequest, signed_headers: Iterable[str] = (), *, algorithm: Algorithm = HMAC_SHA256
) -> str:
    """What the signature is about: the algorithm and the digest of the canonical request (documented).

    Args:
        signed_headers: the names that take part; none means those this client signs.
        algorithm: unless the request says that a key pair has signed it.
    """
    if request.headers.get("authorization", "").startswith(f"{RSA_SHA256.name} "):
        algorithm = RSA_SHA256
    names = tuple(signed_headers) or _to_sign(request.headers)
    return _string_to_sign(algorithm, canonical_request(request, names, algorithm.digest(request.body)))


def _string_to_sign(algorithm: Algorithm, canonical: str) -> str:
    return f"{algorithm.name}\n{algorithm.digest(canonical.encode())}"


def sign(request: HttpRequest, credentials: Credentials, *, now: datetime, nonce: str) -> HttpRequest:
    """A signed copy of ``request``: HMAC-SHA256, or RSA-SHA256 with a key pair; a bearer token is sent unsigned.

    Args:
        now: the time to sign, with a zone.
        nonce: a value that was never used before.
    """
    return sign_with(HMAC_SHA256, request, credentials, now=now, nonce=nonce)


def sign_with(
    algorithm: Algorithm, request: HttpRequest, credentials: Credentials, *, now: datetime, nonce: str
) -> HttpRequest:
    """:func:`sign` with another algorithm for keys that are secrets."""
    if not isinstance(credentials, AccessKey | StsToken | BearerToken):
        algorithm = RSA_SHA256
    payload = algorithm.digest(request.body)
    headers = {
        **request.headers,
        "host": request.host,
        "x-acs-date": timestamp(now),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": payload,
    }
    # Sorted, so that it is sent as it was signed.
    query = Written.of(sorted(request.query))
    if isinstance(credentials, BearerToken):
        headers["x-acs-bearer-token"] = credentials.token
        query = query.plus("SignatureType", "BEARERTOKEN")
    else:
        if isinstance(credentials, StsToken):
            headers["x-acs-accesskey-id"] = credentials.id
            headers["x-acs-security-token"] = credentials.token
        names = _to_sign(headers)
        text = _string_to_sign(algorithm, _canonical_request(request, query, headers, names, payload)).encode()
        if isinstance(credentials, AccessKey | StsToken):
            signed = algorithm.mac(credentials.secret.encode(), text)
        else:
            signed = credentials.rsa_sha256(text).hex()
        headers["authorization"] = (
            f"{algorithm.name} Credential={credentials.id},SignedHeaders={';'.join(names)},Signature={signed}"
        )
    return HttpRequest(request.method, request.scheme, request.host, request.path, query, headers, request.body)


def _to_sign(headers: Iterable[str]) -> list[str]:
    # The documented set. A proxy may rewrite what is not in it, such as the user agent, without harm.
    return sorted([name for name in headers if name in ("host", "content-type") or name.startswith("x-acs-")])

"""The gate: who is calling, is the request theirs, is it fresh, and may they? All checks of the service's gateway.

A request is read in the form in which it comes (RPC parameters in query and form body, or ACS3 headers), becomes a
:class:`Claim`, and a claim is checked the same way whatever its form was.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from attrs import define, field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from dms_backfill_sdk.emulator.keyring import Key, Keyring
from dms_backfill_sdk.emulator.nonces import Nonces
from dms_backfill_sdk.emulator.ram import Decision, decide
from dms_backfill_sdk.emulator.refusal import Refusal, invalid_parameter, missing_parameter
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.http import HttpRequest, Pairs
from dms_backfill_sdk.signing import acs3, rpc
from dms_backfill_sdk.signing.sm3 import HMAC_SM3

__all__ = ["Admission", "Gate"]

VERSION = "2018-11-01"
ACS3_WINDOW = timedelta(minutes=15)

#: Documented as reachable over https only.
HTTPS_ONLY = frozenset({"UpdateTaskContentV2", "TryRunTaskFlow"})

#: Clients look for the words "server string to sign is:" behind it.
_MISMATCH = "Specified signature is not matched with our calculation."
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z")  # fractions were seen to be taken
_AUTHORIZATION = re.compile(r"(ACS3-[A-Z0-9-]+) Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)")
_ACS3 = {row.name: row for row in (acs3.HMAC_SHA256, acs3.RSA_SHA256, HMAC_SM3)}


@frozen
class Admission:
    """A request that was let in.

    Attributes:
        action: the operation it asks for.
        pairs: its parameters, of query and form body.
        key: who asks.
    """

    action: str
    pairs: Pairs
    key: Key


@frozen
class Claim:
    """What a request says of itself, whatever form it came in.

    Attributes:
        key_id: the access key it names; None with a bearer token.
        token: the security token or bearer token, if there is one.
        timestamp: when it was signed, as written.
        nonce: what makes it unique.
        window: how old it may be.
        text: what must have been signed.
        proves: whether a key made the signature that came with it.
    """

    key_id: str | None
    token: str | None
    timestamp: str
    nonce: str
    window: timedelta
    text: str = ""
    proves: Callable[[Key], bool] = field(default=lambda _key: True, repr=False)


@define
class Gate:
    """The gate and what it remembers: the nonces of late."""

    keyring: Keyring
    switches: Switches
    _nonces: Nonces = field(init=False)

    @_nonces.default
    def _(self) -> Nonces:
        # A request may be dated ahead by the window and is good for another.
        return Nonces(2 * max(ACS3_WINDOW, timedelta(minutes=self.switches.timestamp_window)))

    def admit(self, request: HttpRequest, now: datetime) -> Admission:
        """Let a request in.

        Raises:
            Refusal: with the service's code and text.
        """
        if request.method not in ("GET", "POST"):
            raise Refusal("UnsupportedHTTPMethod")
        pairs = (*request.query, *request.form)
        parameters = dict(pairs)
        action = self._operation(request, parameters)
        claim = self._claim(request, parameters)
        key = self._check(claim, now)
        if (decision := decide(key.policies, f"dms:{action}")) is not Decision.ALLOW:
            raise Refusal("Forbidden.RAM", AccessDeniedDetail=_denied(key, action, decision))
        return Admission(action, pairs, key)

    def forget(self) -> None:
        """Forget every nonce."""
        self._nonces.clear()

    def _operation(self, request: HttpRequest, parameters: dict[str, str]) -> str:
        action = parameters.get("Action") or request.headers.get("x-acs-action") or ""
        version = parameters.get("Version") or request.headers.get("x-acs-version") or ""
        if not action:
            raise missing_parameter("Action")
        if not version:
            raise missing_parameter("Version")
        if version != VERSION:
            raise Refusal("InvalidVersion")
        if action in HTTPS_ONLY and request.scheme == "http" and self.switches.https_only == "refused":
            raise Refusal("InvalidProtocol.NeedSsl")
        return action

    def _claim(self, request: HttpRequest, parameters: dict[str, str]) -> Claim:
        headers = request.headers
        if headers.get("authorization", "").startswith("ACS3-") or "x-acs-bearer-token" in headers:
            return _acs3_claim(request)
        return _rpc_claim(request, parameters, timedelta(minutes=self.switches.timestamp_window))

    def _check(self, claim: Claim, now: datetime) -> Key:
        key = self._known(claim)
        signed_at = _parsed(claim.timestamp)
        if abs(now - signed_at) > claim.window:
            raise Refusal("InvalidTimeStamp.Expired")
        if not claim.proves(key):
            raise Refusal("SignatureDoesNotMatch", f"{_MISMATCH} server string to sign is:{claim.text}")
        self._check_token(claim, key, now)
        if not self._nonces.use(f"{key.id}\n{claim.nonce}", now):
            raise Refusal("SignatureNonceUsed")
        return key

    def _known(self, claim: Claim) -> Key:
        key = self.keyring.bearer(claim.token or "") if claim.key_id is None else self.keyring.get(claim.key_id)
        if key is None:
            raise Refusal("InvalidSecurityToken.Malformed" if claim.key_id is None else "InvalidAccessKeyId.NotFound")
        if not key.active:
            raise Refusal("InvalidAccessKeyId.Inactive")
        return key

    def _check_token(self, claim: Claim, key: Key, now: datetime) -> None:
        if claim.token != key.token:
            if not claim.token:
                raise Refusal("MissingSecurityToken")
            known = self.keyring.owner_of(claim.token) or key.token is None
            raise Refusal(f"InvalidSecurityToken.{'MismatchWithAccessKey' if known else 'Malformed'}")
        if key.expires is not None and now >= key.expires:
            raise Refusal("InvalidSecurityToken.Expired")


@lru_cache(maxsize=16)  # many requests are signed within one second
def _parsed(timestamp: str) -> datetime:
    found = _TIMESTAMP.fullmatch(timestamp)
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC)  # type: ignore[index]  # None raises TypeError
    except (TypeError, ValueError):
        raise Refusal("InvalidTimeStamp.Format") from None


def _rpc_claim(request: HttpRequest, parameters: dict[str, str], window: timedelta) -> Claim:
    def need(name: str) -> str:
        if not parameters.get(name):
            raise missing_parameter(name)
        return parameters[name]

    if parameters.get("SignatureType") == "BEARERTOKEN":
        return Claim(None, need("BearerToken"), need("Timestamp"), need("SignatureNonce"), window)
    key_id, method, signature = need("AccessKeyId"), need("SignatureMethod"), need("Signature")
    # Headers that name the operation too are not signed, so they could have been put there by anybody.
    need("Action")
    need("Version")
    if need("SignatureVersion") != "1.0":
        raise invalid_parameter("SignatureVersion")
    if method not in (*rpc.DIGESTS, rpc.RSA):
        raise Refusal("InvalidSignatureMethod")
    text = rpc.string_to_sign(request)

    def proves(key: Key) -> bool:
        if method == rpc.RSA:
            return _rsa_proves(key, text, _from_base64(signature))
        return bool(key.secret) and _same(rpc.signature(text, key.secret or "", method), signature)

    token = parameters.get("SecurityToken") or None
    return Claim(key_id, token, need("Timestamp"), need("SignatureNonce"), window, text, proves)


def _acs3_claim(request: HttpRequest) -> Claim:
    headers = request.headers

    def need(name: str) -> str:
        if not headers.get(name):
            raise missing_parameter(name)
        return headers[name]

    timestamp, nonce = need("x-acs-date"), need("x-acs-signature-nonce")
    if "x-acs-bearer-token" in headers:
        return Claim(None, headers["x-acs-bearer-token"], timestamp, nonce, ACS3_WINDOW)
    found = _AUTHORIZATION.fullmatch(headers["authorization"])
    if found is None:
        raise Refusal("IncompleteSignature")
    name, key_id, signed, signature = found.groups()
    if name not in _ACS3:
        raise Refusal("InvalidSignatureMethod")
    signed_headers = signed.lower().split(";")
    # What is not signed could have been put there by anybody; what makes a body into parameters, too.
    must_be_signed = {"host", *(name for name in headers if name.startswith("x-acs-"))}
    if not must_be_signed.union(["content-type"] if request.form else []) <= set(signed_headers):
        raise Refusal("IncompleteSignature")
    algorithm = _ACS3[name]
    text = acs3.string_to_sign(request, signed_headers, algorithm=algorithm)

    def proves(key: Key) -> bool:
        if algorithm is acs3.RSA_SHA256:
            return _rsa_proves(key, text, bytes.fromhex(signature) if len(signature) % 2 == 0 else b"")
        return bool(key.secret) and _same(algorithm.mac((key.secret or "").encode(), text.encode()), signature)

    return Claim(key_id, headers.get("x-acs-security-token"), timestamp, nonce, ACS3_WINDOW, text, proves)


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode())


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _rsa_proves(key: Key, text: str, signature: bytes) -> bool:
    if key.rsa is None:
        return False
    try:
        key.rsa.verify(signature, text.encode(), PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _denied(key: Key, action: str, decision: Decision) -> dict[str, str]:
    return {
        "AuthAction": f"dms:{action}",
        "AuthPrincipalType": "AssumedRoleUser" if key.token else "SubUser",
        "AuthPrincipalDisplayName": key.id,
        "NoPermissionType": decision.value,
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }

"""Who is let in at the gate, who is turned away, and what they are told."""

import itertools
from collections.abc import Callable

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk import AccessKey, BearerToken, Key, ManualClock, Policy, RsaKeyPair, StsToken, Switches
from dms_backfill_sdk.emulator.gate import Gate
from dms_backfill_sdk.emulator.keyring import Keyring
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.http import FORM, HttpRequest, decode_pairs, encode_pairs
from dms_backfill_sdk.signing import MECHANISMS, mechanism
from dms_backfill_sdk.signing.credentials import Credentials

NOW = ManualClock().now()

PRIVATE = generate_private_key(65537, 2048)
PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

READ = Policy({"Statement": {"Effect": "Allow", "Action": "dms:Get*", "Resource": "*"}})
KEYS = (
    Key(id="testid", secret="testsecret"),
    Key(id="off", secret="off-secret", active=False),
    Key(id="sts", secret="sts-secret", token="sts-token"),
    Key(id="late", secret="late-secret", token="late-token", expires=NOW),
    Key(id="role", token="bearer-token"),
    Key(id="late-role", token="late-bearer-token", expires=NOW),
    Key(id="pair", public_key=PUBLIC),
    Key(id="reader", secret="reader-secret", policies=[READ]),
    Key(id="sts-reader", secret="sts-secret", token="sts-reader-token", policies=[READ]),
)

TESTID = AccessKey("testid", "testsecret")
HOW = list(MECHANISMS)

NONCES = (f"nonce {number}" for number in itertools.count())


def new_gate(**switches) -> Gate:
    return Gate(Keyring.of(KEYS), Switches(**switches))


@pytest.fixture
def gate() -> Gate:
    return new_gate()


def asking(action: str = "ListUserTenants", form: dict[str, str] | None = None, **query: str) -> HttpRequest:
    """A request that nobody has signed yet."""
    headers = {"x-acs-action": action, "x-acs-version": "2018-11-01", "host": "127.0.0.1:1"}
    if form:
        headers["content-type"] = FORM
    return HttpRequest(
        "POST", "http", "127.0.0.1:1", "/", tuple(query.items()), headers, encode_pairs((form or {}).items()).encode()
    )


def signed(how: str, credentials: Credentials = TESTID, request: HttpRequest | None = None) -> HttpRequest:
    return mechanism(how).sign(request or asking(), credentials, now=NOW, nonce=next(NONCES))


def refusal(gate: Gate, request: HttpRequest) -> Refusal:
    with pytest.raises(Refusal) as caught:
        gate.admit(request, NOW)
    return caught.value


def without(request: HttpRequest, name: str) -> HttpRequest:
    return attrs.evolve(
        request,
        query=tuple(pair for pair in request.query if pair[0] != name),
        headers={key: value for key, value in request.headers.items() if key != name},
    )


def with_pair(request: HttpRequest, name: str, value: str) -> HttpRequest:
    return attrs.evolve(request, query=(*without(request, name).query, (name, value)))


def with_header(request: HttpRequest, name: str, value: str) -> HttpRequest:
    return attrs.evolve(request, headers={**request.headers, name: value})


# -- let in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("credentials", "who"),
    [
        (TESTID, "testid"),
        (StsToken("sts", "sts-secret", "sts-token"), "sts"),
        (RsaKeyPair("pair", PEM), "pair"),
        (BearerToken("bearer-token"), "role"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_mechanism_lets_in_every_kind_of_credential(gate: Gate, how: str, credentials: Credentials, who: str):
    admission = gate.admit(signed(how, credentials, asking("BackFill", DagId="1")), NOW)
    assert (admission.action, admission.key.id) == ("BackFill", who)
    assert ("DagId", "1") in admission.pairs


plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
awkward = plain | st.text(" +*~%&=/:;,[]\"'é日\U0001f600\n", max_size=8)


@given(st.sampled_from(HOW), st.dictionaries(awkward.map("x".__add__), awkward), st.dictionaries(awkward, awkward))
def test_whatever_the_parameters_are_what_was_signed_is_let_in_unchanged(how, query, form):
    request = signed(how, request=attrs.evolve(asking("BackFill", form), query=tuple(query.items())))
    # As it comes off a socket: percent-encoded, and read again.
    arrived = attrs.evolve(request, query=decode_pairs(request.target.partition("?")[2]))
    assert {*query.items(), *form.items()} <= set(new_gate().admit(arrived, NOW).pairs)


# -- turned away ---------------------------------------------------------------------------------------------------

#: The documented status and text of each code.
SAYS = {
    "Forbidden.RAM": (
        403,
        "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    ),
    "IncompleteSignature": (400, "The request signature does not conform to Aliyun standards."),
    "InvalidAccessKeyId.Inactive": (400, "Specified access key is disabled."),
    "InvalidAccessKeyId.NotFound": (404, "Specified access key is not found."),
    "InvalidSecurityToken.Expired": (400, "Specified SecurityToken is expired."),
    "InvalidSecurityToken.Malformed": (400, "Specified SecurityToken is malformed."),
    "InvalidSecurityToken.MismatchWithAccessKey": (400, "Specified SecurityToken mismatch with the AccessKey."),
    "InvalidSignatureMethod": (400, "Specified signature method is not valid."),
    "InvalidSignatureVersion": (400, "Specified parameter SignatureVersion is not valid."),
    "InvalidVersion": (400, "Specified parameter Version is not valid."),
    "UnsupportedHTTPMethod": (400, "This http method is not supported."),
    **{
        f"Missing{name}": (400, f"{name} is mandatory for this action.")
        for name in (
            *("AccessKeyId", "Action", "SecurityToken", "Signature", "SignatureMethod", "SignatureNonce"),
            *("SignatureVersion", "Timestamp", "Version", "x-acs-date", "x-acs-signature-nonce"),
        )
    },
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        (AccessKey("nobody", "testsecret"), "InvalidAccessKeyId.NotFound"),
        (AccessKey("off", "off-secret"), "InvalidAccessKeyId.Inactive"),
        (AccessKey("sts", "sts-secret"), "MissingSecurityToken"),
        (StsToken("sts", "sts-secret", "x"), "InvalidSecurityToken.Malformed"),
        (StsToken("sts", "sts-secret", "late-token"), "InvalidSecurityToken.MismatchWithAccessKey"),
        (StsToken("testid", "testsecret", "sts-token"), "InvalidSecurityToken.MismatchWithAccessKey"),
        (StsToken("late", "late-secret", "late-token"), "InvalidSecurityToken.Expired"),
        (BearerToken("made-up"), "InvalidSecurityToken.Malformed"),
        (BearerToken("sts-token"), "InvalidSecurityToken.Malformed"),
        (BearerToken("late-bearer-token"), "InvalidSecurityToken.Expired"),
        (AccessKey("reader", "reader-secret"), "Forbidden.RAM"),
    ],
)
def test_who_is_not_known_or_may_not_is_turned_away(gate: Gate, how: str, credentials: Credentials, code: str):
    refused = refusal(gate, signed(how, credentials))
    assert (refused.code, (refused.status, refused.message)) == (code, SAYS[code])


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    "credentials",
    [AccessKey("testid", "guessed"), StsToken("sts", "guessed", "sts-token"), AccessKey("pair", "guessed")],
)
def test_a_wrong_secret_is_answered_with_the_string_that_was_to_be_signed(gate: Gate, how, credentials):
    request = signed(how, credentials)
    refused = refusal(gate, request)
    assert (refused.code, refused.status) == ("SignatureDoesNotMatch", 400)
    assert refused.message == (
        "Specified signature is not matched with our calculation. "
        f"server string to sign is:{mechanism(how).string_to_sign(request)}"
    )


@pytest.mark.parametrize("how", HOW)
def test_a_key_pair_is_no_use_without_its_private_key(gate: Gate, how):
    other = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert refusal(gate, signed(how, RsaKeyPair("pair", other))).code == "SignatureDoesNotMatch"
    assert refusal(gate, signed(how, RsaKeyPair("testid", PEM))).code == "SignatureDoesNotMatch"


def rewritten(request: HttpRequest, old: str, new: str) -> HttpRequest:
    return with_header(request, "authorization", request.headers["authorization"].replace(old, new))


ODD = [
    ("rpc", lambda r: attrs.evolve(r, method="PUT"), "UnsupportedHTTPMethod"),
    ("rpc", lambda r: without(r, "AccessKeyId"), "MissingAccessKeyId"),
    ("rpc", lambda r: without(r, "Signature"), "MissingSignature"),
    ("rpc", lambda r: without(r, "SignatureMethod"), "MissingSignatureMethod"),
    ("rpc", lambda r: without(r, "SignatureVersion"), "MissingSignatureVersion"),
    ("rpc", lambda r: without(r, "SignatureNonce"), "MissingSignatureNonce"),
    ("rpc", lambda r: without(r, "Timestamp"), "MissingTimestamp"),
    ("rpc", lambda r: with_pair(r, "Timestamp", ""), "MissingTimestamp"),
    # The headers that name the operation too are not signed by this mechanism, so they do not count.
    ("rpc", lambda r: without(r, "Action"), "MissingAction"),
    ("rpc", lambda r: without(r, "Version"), "MissingVersion"),
    ("rpc", lambda r: with_pair(r, "Version", "2016-01-01"), "InvalidVersion"),
    ("rpc", lambda r: with_pair(r, "SignatureMethod", "HMAC-MD5"), "InvalidSignatureMethod"),
    ("rpc", lambda r: with_pair(r, "SignatureVersion", "2.0"), "InvalidSignatureVersion"),
    ("acs3", lambda r: attrs.evolve(r, method="HEAD"), "UnsupportedHTTPMethod"),
    ("acs3", lambda r: without(r, "x-acs-date"), "Missingx-acs-date"),
    ("acs3", lambda r: without(r, "x-acs-signature-nonce"), "Missingx-acs-signature-nonce"),
    ("acs3", lambda r: without(r, "x-acs-action"), "MissingAction"),
    ("acs3", lambda r: without(r, "x-acs-version"), "MissingVersion"),
    ("acs3", lambda r: without(r, "authorization"), "MissingAccessKeyId"),
    ("acs3", lambda r: with_header(r, "x-acs-version", "1"), "InvalidVersion"),
    ("acs3", lambda r: rewritten(r, "ACS3-HMAC-SHA256", "ACS3-HMAC-MD5"), "InvalidSignatureMethod"),
    ("acs3", lambda r: with_header(r, "x-acs-new", "1"), "IncompleteSignature"),
    ("acs3", lambda r: rewritten(r, "host;", ""), "IncompleteSignature"),
    ("acs3", lambda r: rewritten(r, "Signature=", "Signature:"), "IncompleteSignature"),
    ("acs3", lambda r: with_header(r, "authorization", "ACS3-"), "IncompleteSignature"),
]


@pytest.mark.parametrize(("how", "spoil", "code"), ODD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_incomplete_or_unheard_of_is_turned_away(
    gate: Gate, how: str, spoil: Callable[[HttpRequest], HttpRequest], code: str
):
    refused = refusal(gate, spoil(signed(how)))
    assert (refused.code, (refused.status, refused.message)) == (code, SAYS[code])


ALTERED = {
    "a parameter": lambda r: with_pair(r, "DagId", "2"),
    "a parameter more": lambda r: with_pair(r, "Asc", "false"),
    "a parameter less": lambda r: without(r, "DagId"),
    "the body": lambda r: attrs.evolve(r, body=r.body + b"&Tid=1"),
    "no body": lambda r: attrs.evolve(r, body=b""),
    "the method": lambda r: attrs.evolve(r, method="GET"),
}
ALTERED_RPC = {
    "the action": lambda r: with_pair(r, "Action", "DeleteTaskFlow"),
    "the nonce": lambda r: with_pair(r, "SignatureNonce", "another"),
    "the time": lambda r: with_pair(r, "Timestamp", "2022-10-01T00:00:01Z"),
    "the body's kind": lambda r: with_header(r, "content-type", "text/plain"),
    "the signature": lambda r: with_pair(r, "Signature", "no base64 é"),
}
ALTERED_ACS3 = {
    "the action": lambda r: with_header(r, "x-acs-action", "DeleteTaskFlow"),
    "the nonce": lambda r: with_header(r, "x-acs-signature-nonce", "another"),
    "the time": lambda r: with_header(r, "x-acs-date", "2022-10-01T00:00:01Z"),
    "the host": lambda r: with_header(r, "host", "example.com"),
    "the path": lambda r: attrs.evolve(r, path="/x"),
    "the body's kind": lambda r: with_header(r, "content-type", "text/plain"),
    "the signature": lambda r: rewritten(r, "Signature=", "Signature=0"),
}


@pytest.mark.parametrize("credentials", [TESTID, RsaKeyPair("pair", PEM)], ids=["secret", "key pair"])
@pytest.mark.parametrize(
    ("how", "alter"),
    [
        *(pytest.param(how, alter, id=f"{how} {what}") for how in HOW for what, alter in ALTERED.items()),
        *(pytest.param("rpc", alter, id=f"rpc {what}") for what, alter in ALTERED_RPC.items()),
        *(pytest.param("acs3", alter, id=f"acs3 {what}") for what, alter in ALTERED_ACS3.items()),
    ],
)
def test_what_was_altered_on_the_way_is_turned_away(gate: Gate, how, alter, credentials):
    request = signed(how, credentials, asking("BackFill", {"NodeContent": "x"}, DagId="1"))
    assert refusal(gate, alter(request)).code == "SignatureDoesNotMatch"
    assert gate.admit(request, NOW).action == "BackFill"  # as it was, it is good


def test_a_form_body_counts_only_if_somebody_signed_that_it_is_one(gate: Gate):
    request = attrs.evolve(asking("BackFill"), body=b"DagId=2")
    request = with_header(signed("acs3", request=request), "content-type", FORM)
    assert refusal(gate, request).code == "IncompleteSignature"


@pytest.mark.parametrize(
    ("credentials", "kind"),
    [
        (AccessKey("reader", "reader-secret"), "SubUser"),
        (StsToken("sts-reader", "sts-secret", "sts-reader-token"), "AssumedRoleUser"),
    ],
)
def test_the_denied_are_told_by_what_they_are_denied(gate: Gate, credentials: AccessKey | StsToken, kind: str):
    refused = refusal(gate, signed("rpc", credentials, asking("BackFill")))
    assert refused.details["AccessDeniedDetail"] == {
        "AuthAction": "dms:BackFill",
        "AuthPrincipalType": kind,
        "AuthPrincipalDisplayName": credentials.id,
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }

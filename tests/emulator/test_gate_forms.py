"""The forms in which clients of the RPC mechanism write the same request."""

import itertools

import attrs
import pytest

from dms_backfill_sdk import Key, ManualClock, Switches
from dms_backfill_sdk.emulator.gate import Gate
from dms_backfill_sdk.emulator.keyring import Keyring
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.http import FORM, HttpRequest, decode_pairs, encode_pairs
from dms_backfill_sdk.signing.rpc import signature, string_to_sign

NOW = ManualClock().now()
NONCES = (f"nonce {number}" for number in itertools.count())


@pytest.fixture
def gate() -> Gate:
    return Gate(Keyring.of([Key(id="testid", secret="testsecret")]), Switches())


def signed(
    *pairs: tuple[str, str], body: bytes = b"", content_type: str = FORM, method: str = "POST", **written: str
) -> HttpRequest:
    """A signed request whose every parameter is the test's own."""
    common = {
        "AccessKeyId": "testid",
        "Action": "ListUserTenants",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": next(NONCES),
        "SignatureVersion": "1.0",
        "Timestamp": "2022-10-01T00:00:00Z",
        "Version": "2018-11-01",
    } | written
    request = HttpRequest(method, "http", "h", "/", (*common.items(), *pairs), {"content-type": content_type}, body)
    proof = signature(string_to_sign(request), "testsecret", common["SignatureMethod"])
    return attrs.evolve(request, query=(*request.query, ("Signature", proof)))


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(), id="nothing but what must be there"),
        pytest.param(signed(method="GET"), id="GET"),
        pytest.param(signed(SignatureMethod="HMAC-SHA256"), id="HMAC-SHA256"),
        pytest.param(signed(Format="json", RegionId="cn-hangzhou"), id="parameters of the classic clients"),
        pytest.param(signed(("SignatureType", "")), id="an empty SignatureType"),
        pytest.param(signed(("Tid", "")), id="an empty parameter"),
        pytest.param(signed(("DagId", "1"), ("DagId", "2")), id="a parameter twice"),
        pytest.param(signed(("DagId", "2"), ("DagId", "1")), id="a parameter twice, unsorted"),
        pytest.param(signed(("StartNodeIds", "[1, 2]")), id="blanks"),
        pytest.param(signed(body=b"NodeContent=select+1+%2B+a%2A~&Tid=1"), id="parameters in a form body"),
        pytest.param(signed(body=b"Tid=1", content_type=f"{FORM.upper()}; charset=UTF-8"), id="a form, shouted"),
        pytest.param(signed(body=b'{"Tid": 1}', content_type="application/json"), id="a body that is no form"),
        pytest.param(signed(Timestamp="2022-10-01T00:00:00.123Z"), id="milliseconds"),
    ],
)
def test_what_clients_send_is_let_in(gate: Gate, request_: HttpRequest):
    admission = gate.admit(request_, NOW)
    assert admission.key.id == "testid"
    assert admission.pairs == request_.query + request_.form


def test_an_empty_parameter_is_signed_like_any_other(gate: Gate):
    request = signed(("SignatureType", ""))
    bare = attrs.evolve(request, query=tuple(pair for pair in request.query if pair[0] != "SignatureType"))
    with pytest.raises(Refusal, match="Specified signature is not matched"):
        gate.admit(bare, NOW)


def test_everything_may_stand_in_the_body(gate: Gate):
    request = signed(("DagId", "1"))
    in_body = attrs.evolve(request, query=(), body=encode_pairs(request.query).encode())
    assert gate.admit(in_body, NOW).pairs == request.query


@pytest.mark.parametrize("blank", ["+", "%20"])
def test_a_blank_may_be_written_either_way(gate: Gate, blank: str):
    request = signed(("VersionComments", "a b"))
    query = encode_pairs(request.query).replace("a%20b", f"a{blank}b")
    assert ("VersionComments", "a b") in gate.admit(attrs.evolve(request, query=decode_pairs(query)), NOW).pairs


@pytest.mark.parametrize("action", ["UpdateTaskContentV2", "TryRunTaskFlow"])
def test_operations_documented_for_https_only_may_be_kept_to_it(gate: Gate, action: str):
    assert gate.admit(signed(Action=action), NOW).action == action
    strict = Gate(gate.keyring, Switches(https_only="refused"))
    with pytest.raises(Refusal, match=r"^Your request is denied as lack of ssl protect\.$") as refused:
        strict.admit(signed(Action=action), NOW)
    assert (refused.value.code, refused.value.status) == ("InvalidProtocol.NeedSsl", 400)
    assert strict.admit(attrs.evolve(signed(Action=action), scheme="https"), NOW).action == action
    assert strict.admit(signed(Action="UpdateTaskContent"), NOW).action == "UpdateTaskContent"

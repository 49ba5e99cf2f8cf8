"""The ACS3 mechanism against the published examples and against the official SDK's own signing code."""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest
from alibabacloud_tea_openapi.utils import Utils
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_backfill_sdk import AccessKey, BearerToken, RsaKeyPair, StsToken
from dms_backfill_sdk.http import FORM, HttpRequest
from dms_backfill_sdk.signing import acs3, sm3

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text())["acs3"]
KEY = AccessKey("testid", "testsecret")
EMPTY = hashlib.sha256(b"").hexdigest()
#: SM3 of nothing, and of "abc" as the standard GB/T 32905 prints it.
SM3_EMPTY = "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"
SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

words = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["", " ", "+", "*", "~", "%", "&", "=", "%20", "%7E", "/", "a\nb\r\n", "\t", "\0", "工作流", "é", "😀", "[1,2]"]
)
names = st.text("AZaz09._-~", min_size=1, max_size=6)


def official_authorization(signed: HttpRequest, credentials, secret: str) -> str:
    """What the official SDK makes of the headers that were signed and of the meaning of the rest."""
    algorithm, _, parts = signed.headers["authorization"].partition(" ")
    names = parts.split("SignedHeaders=")[1].split(",")[0].split(";")
    return Utils.get_authorization(
        SimpleNamespace(
            method=signed.method,
            pathname=signed.path,
            query=dict(signed.query),
            headers={name: signed.headers[name] for name in names},
        ),
        algorithm,
        Utils.hash(signed.body, algorithm).hex(),
        credentials.id,
        secret,
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_published_examples_come_out_as_printed(vector):
    request = HttpRequest(
        method=vector["method"],
        scheme="https",
        host=vector["host"],
        path=vector["uri"],
        query=tuple(vector["query"].items()),
        headers={"host": vector["host"], **vector["headers"]},
        body=vector["body"].encode(),
    )
    canonical = acs3.canonical_request(request, request.headers, EMPTY)
    assert hashlib.sha256(canonical.encode()).hexdigest() == vector["hashed_canonical_request"]
    text = acs3.string_to_sign(request)
    assert text == f"{vector['algorithm']}\n{vector['hashed_canonical_request']}"
    assert acs3.HMAC_SHA256.mac(vector["access_key_secret"].encode(), text.encode()) == vector["signature"]


@pytest.mark.parametrize("credentials", [KEY, StsToken("STS.id", "secret", "to/ken+==")])
@given(query=st.dictionaries(names, words, max_size=8), body=st.binary(max_size=40))
def test_whatever_it_is_made_of_the_official_sdk_signs_the_same(unsigned, moment, credentials, query, body):
    signed = acs3.sign(unsigned(tuple(query.items()), headers={"content-type": FORM}, body=body), credentials, **moment)
    assert signed.headers["authorization"] == official_authorization(signed, credentials, credentials.secret)


@settings(max_examples=4)  # the official SM3 is plain Python and takes its time
@given(query=st.dictionaries(names, words, max_size=4), body=st.binary(max_size=40))
def test_so_it_does_with_sm3(unsigned, moment, query, body):
    signed = sm3.sign(unsigned(tuple(query.items()), body=body), KEY, **moment)
    assert signed.headers["authorization"] == official_authorization(signed, KEY, KEY.secret)


def test_names_are_percent_encoded_too_as_the_documents_ask(unsigned, moment):
    # The official SDK leaves names as they are; no operation of the service has one for which it matters.
    assert "\na%20b=c%2Bd\n" in acs3.canonical_request(unsigned((("a b", "c+d"),)), ["host"], EMPTY)


@pytest.mark.parametrize("sign", [acs3.sign, sm3.sign])
def test_a_key_pair_signs_as_the_official_sdk_does(unsigned, moment, pem, sign):
    pair = RsaKeyPair("pair", pem)
    signed = sign(unsigned((("Name", "a b*~工"),), body=b"x"), pair, **moment)
    assert signed.headers["authorization"].startswith("ACS3-RSA-SHA256 Credential=pair,")
    assert signed.headers["authorization"] == official_authorization(signed, pair, pem)


def test_a_signed_request_carries_what_the_service_asks_for(unsigned, moment):
    signed = acs3.sign(unsigned((("DagId", "15001"),)), StsToken("STS.id", "secret", "tok"), **moment)
    algorithm, _, rest = signed.headers["authorization"].partition(" ")
    assert algorithm == "ACS3-HMAC-SHA256"
    assert rest.startswith(
        "Credential=STS.id,SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-security-token;x-acs-signature-nonce;x-acs-version,Signature="
    )
    assert signed.headers["x-acs-date"] == "2022-10-01T08:30:15Z"
    assert signed.headers["x-acs-signature-nonce"] == moment["nonce"]
    assert signed.headers["x-acs-content-sha256"] == EMPTY
    assert (signed.headers["x-acs-accesskey-id"], signed.headers["x-acs-security-token"]) == ("STS.id", "tok")
    assert signed.query == (("DagId", "15001"),)


def test_a_bearer_token_travels_without_a_signature(unsigned, moment):
    sent = acs3.sign(unsigned(), BearerToken("tok"), **moment)
    assert sent.headers["x-acs-bearer-token"] == "tok"
    assert sent.query == (("SignatureType", "BEARERTOKEN"),)
    assert "authorization" not in sent.headers


def test_of_a_signed_request_the_string_to_sign_is_the_one_that_was_signed(unsigned, moment, pem):
    for sign, string_to_sign, credentials, name in (
        (acs3.sign, acs3.string_to_sign, KEY, "ACS3-HMAC-SHA256"),
        (acs3.sign, acs3.string_to_sign, RsaKeyPair("pair", pem), "ACS3-RSA-SHA256"),
        (sm3.sign, sm3.string_to_sign, KEY, "ACS3-HMAC-SM3"),
        (sm3.sign, sm3.string_to_sign, RsaKeyPair("pair", pem), "ACS3-RSA-SHA256"),
    ):
        text = string_to_sign(sign(unsigned(), credentials, **moment))
        assert text.startswith(f"{name}\n")


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"host": "elsewhere"},
        {"path": "/x"},
        {"query": (("DagId", "2"),)},
        {"body": b"x"},
        {"headers": {"x-acs-action": "StopTaskFlowInstance", "x-acs-version": "2018-11-01"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_that_counts_can_be_changed_without_changing_the_signature(unsigned, moment, change):
    request = unsigned((("DagId", "1"),))
    one, other = (acs3.sign(each, KEY, **moment) for each in (request, attrs.evolve(request, **change)))
    assert one.headers["authorization"].split("Signature=")[1] != other.headers["authorization"].split("Signature=")[1]


def test_what_a_proxy_may_rewrite_is_not_signed(unsigned, moment):
    one, other = (acs3.sign(unsigned(headers={"user-agent": name}), KEY, **moment) for name in ("a", "b"))
    assert one.headers["authorization"] == other.headers["authorization"]


def test_a_secret_cannot_sign_as_a_key_pair_does(unsigned, moment):
    with pytest.raises(TypeError, match="signs with a key pair"):
        acs3.sign_with(acs3.RSA_SHA256, unsigned(), KEY, **moment)


def test_sm3_is_the_standard_one():
    assert sm3.HMAC_SM3.digest(b"") == SM3_EMPTY
    assert sm3.HMAC_SM3.digest(b"abc") == SM3_ABC

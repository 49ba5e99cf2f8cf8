"""The RPC mechanism against the published examples and against the official SDKs' own signing code."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from alibabacloud_tea_openapi.utils import Utils
from aliyunsdkcore.auth.algorithm import sha_hmac256
from aliyunsdkcore.auth.composer import rpc_signature_composer
from hypothesis import example, given
from hypothesis import strategies as st

from dms_backfill_sdk import AccessKey, BearerToken, RsaKeyPair, StsToken
from dms_backfill_sdk.http import FORM, HttpRequest, encode_pairs
from dms_backfill_sdk.signing import rpc

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text())["rpc"]
KEY = AccessKey("testid", "testsecret")

official_string_to_sign = rpc_signature_composer.__dict__["__compose_string_to_sign"]  # no public name leads there

words = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["", " ", "+", "*", "~", "%", "&", "=", "%20", "%7E", "/", "a\nb\r\n", "\t", "\0", "工作流", "é", "😀", "[1,2]"]
)
names = words.filter(lambda name: name not in ("", "Signature"))
parameters = st.dictionaries(names, words, max_size=8)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_published_examples_come_out_as_printed(vector):
    query = tuple(vector["parameters"].items())
    request = HttpRequest(method=vector["method"], scheme="https", host="any", query=query)
    text = rpc.string_to_sign(request)
    assert text == vector["string_to_sign"]
    assert rpc.signature(text, vector["access_key_secret"]) == vector["signature"]


@given(query=parameters, form=parameters, secret=st.text(st.characters(codec="ascii"), min_size=1))
@example(query={"a": "1"}, form={"A": "2", "B": ""}, secret="&")
def test_whatever_it_is_made_of_the_official_sdks_sign_the_same(query, form, secret):
    form = {name: value for name, value in form.items() if name not in query}
    request = HttpRequest(
        method="POST",
        scheme="https",
        host="any",
        query=tuple(query.items()),
        headers={"content-type": FORM},
        body=encode_pairs(form.items()).encode(),
    )
    text = rpc.string_to_sign(request)
    assert text == official_string_to_sign("POST", {**query, **form})
    assert rpc.signature(text, secret) == Utils.get_rpcsignature({**query, **form}, "POST", secret)
    sha256 = hmac.digest(f"{secret}&".encode(), text.encode(), hashlib.sha256)
    assert rpc.signature(text, secret, "HMAC-SHA256") == base64.b64encode(sha256).decode()


@given(
    st.lists(st.tuples(st.sampled_from(["a", "A", "ä", "a b"]), words), max_size=6), st.randoms(use_true_random=False)
)
def test_the_order_of_parameters_does_not_matter_even_if_a_name_comes_twice(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    one, other = (
        rpc.string_to_sign(HttpRequest(method="GET", scheme="https", host="any", query=tuple(each)))
        for each in (pairs, shuffled)
    )
    assert one == other
    assert one.count("%3D") >= len(pairs)


def test_only_a_form_body_takes_part(unsigned):
    for kind, text in (
        (f"{FORM}; charset=utf-8", "POST&%2F&NodeContent%3Da%2520b%252A"),
        ("application/json", "POST&%2F&"),
    ):
        assert rpc.string_to_sign(unsigned(headers={"content-type": kind}, body=b"NodeContent=a+b%2A")) == text


@pytest.mark.parametrize(
    ("credentials", "sign", "added"),
    [
        (KEY, rpc.sign, {"AccessKeyId": "testid", "SignatureMethod": "HMAC-SHA1"}),
        (KEY, rpc.sign_sha256, {"AccessKeyId": "testid", "SignatureMethod": "HMAC-SHA256"}),
        (
            StsToken("STS.id", "secret", "to/ken+=="),
            rpc.sign,
            {"AccessKeyId": "STS.id", "SignatureMethod": "HMAC-SHA1", "SecurityToken": "to/ken+=="},
        ),
    ],
)
def test_a_signed_request_says_all_that_the_service_asks_for(unsigned, moment, credentials, sign, added):
    request = unsigned((("DagId", "15001"),))
    signed = dict(sign(request, credentials, **moment).query)
    signature = signed.pop("Signature")
    assert signed == {
        "DagId": "15001",
        "Action": "BackFill",
        "Version": "2018-11-01",
        "Format": "JSON",
        "Timestamp": "2022-10-01T08:30:15Z",
        "SignatureNonce": moment["nonce"],
        "SignatureVersion": "1.0",
        **added,
    }
    text = rpc.string_to_sign(sign(request, credentials, **moment))
    assert signature == rpc.signature(text, credentials.secret, signed["SignatureMethod"])
    assert request.query == (("DagId", "15001"),)  # a copy was signed


@given(query=parameters, form=parameters)
def test_what_is_sent_is_what_was_signed(unsigned, moment, query, form):
    headers = {"content-type": FORM} if form else {}
    request = unsigned(tuple(query.items()), headers=headers, body=encode_pairs(form.items()).encode())
    signed = rpc.sign(request, KEY, **moment)
    assert (signed.headers, signed.body) == (request.headers, request.body)
    assert dict(signed.query).items() >= query.items()
    assert signed.target == f"/?{encode_pairs(list(signed.query))}"
    assert dict(signed.query)["Signature"] == rpc.signature(rpc.string_to_sign(signed), KEY.secret)


def test_a_bearer_token_travels_without_a_signature(unsigned, moment):
    sent = dict(rpc.sign(unsigned(), BearerToken("tok"), **moment).query)
    assert (sent["SignatureType"], sent["BearerToken"]) == ("BEARERTOKEN", "tok")
    assert not sent.keys() & {"Signature", "SignatureMethod", "SignatureVersion", "AccessKeyId"}


@pytest.mark.parametrize("sign", [rpc.sign, rpc.sign_sha256])
def test_a_key_pair_signs_as_the_classic_sdk_does(unsigned, moment, pem, base64_key, sign):
    signed = sign(unsigned((("Name", "a b*~工"),)), RsaKeyPair("pair", pem), **moment)
    sent = dict(signed.query)
    assert sent["SignatureMethod"] == sha_hmac256.get_signer_name()
    assert sent["SignatureType"] == sha_hmac256.get_signer_type()
    meaning = {name: value for name, value in sent.items() if name != "Signature"}
    assert sent["Signature"] == sha_hmac256.get_sign_string(official_string_to_sign("POST", meaning), base64_key)

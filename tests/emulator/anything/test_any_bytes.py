"""Whatever comes in gets an answer of the service's shape: six thousand requests that nobody would send.

With those of its neighbour they are ten thousand. They are the same each time, so that what fails once fails again.
"""

import json
from functools import partial, reduce

from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dms_backfill_sdk import AccessKey, BearerToken, StsToken
from dms_backfill_sdk.http import FORM, HttpRequest, encode_pairs
from dms_backfill_sdk.operations import FAMILIES, request_class
from dms_backfill_sdk.wire import slots

repeatable = partial(
    settings, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

ACTIONS = [action for family in FAMILIES.values() for action in family]

# -- bytes that are hardly a request -------------------------------------------------------------------------------

names = st.sampled_from([
    *("Action", "Version", "Format", "Timestamp", "SignatureNonce", "SignatureMethod", "SignatureVersion", "Signature"),
    *("SignatureType", "AccessKeyId", "SecurityToken", "BearerToken", "DagId", "Tid", "Edges"),
])  # fmt: skip
header_names = st.sampled_from([
    *("host", "authorization", "content-type", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce"),
    *("x-acs-bearer-token", "x-acs-security-token", "x-acs-accesskey-id", "x-acs-content-sha256", "x-acs-new"),
])  # fmt: skip
likely = st.sampled_from([
    *("2018-11-01", "BackFill", "ListUserTenants", "JSON", "XML", "2022-10-01T00:00:00Z", "1.0", "HMAC-SHA1", "testid"),
    *("SHA256withRSA", "BEARERTOKEN", FORM, "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host,Signature=0a"),
    *("ACS3-RSA-SHA256 Credential=testid,SignedHeaders=host;x-acs-date,Signature=abc", "ACS3-", "", "é", "\x00"),
])  # fmt: skip
texts = st.text(max_size=20) | likely
pairs = st.lists(st.tuples(names | st.text(max_size=8), texts), max_size=8).map(tuple)
anything = st.builds(
    HttpRequest,
    method=st.sampled_from(["GET", "POST"]) | st.text(max_size=8),
    scheme=st.sampled_from(["http", "https"]),
    host=st.text(max_size=8),
    path=st.just("/") | st.text(max_size=8),
    query=pairs,
    headers=st.dictionaries(header_names | st.text(max_size=8), texts, max_size=8),
    body=st.binary(max_size=50) | pairs.map(lambda form: encode_pairs(form).encode()),
)

keys_and_tokens = st.sampled_from(
    [
        AccessKey("testid", "testsecret"),
        StsToken("testid", "testsecret", "token"),
        BearerToken("token"),
        AccessKey("x", "x"),
    ]
)


def without(headers, name):
    return {key: value for key, value in headers.items() if key != name}


# What may become of a good request: a pair or a header of another value, or of another name, or in the other place.
alterations = st.lists(
    st.builds(lambda name, text: lambda it: evolve(it, query=(*it.query, (name, text))), names, texts)
    | st.builds(lambda name: lambda it: evolve(it, query=tuple(p for p in it.query if p[0] != name)), names)
    | st.builds(lambda name, text: lambda it: evolve(it, headers={**it.headers, name: text}), header_names, texts)
    | st.builds(lambda name: lambda it: evolve(it, headers=without(it.headers, name)), header_names)
    | st.builds(lambda body: lambda it: evolve(it, body=body), st.binary(max_size=20))
    | st.just(lambda it: evolve(it, query=(), body=encode_pairs(it.query).encode()))
    | st.just(lambda it: evolve(it, method="GET")),
    max_size=3,
)


@repeatable(max_examples=500)
@given(st.lists(anything, min_size=2, max_size=2), keys_and_tokens, st.lists(alterations, min_size=3, max_size=3))
def test_bytes_that_are_hardly_a_request(new_victim, senseless, credentials, changes):
    victim = new_victim()
    good = [
        victim.signed("BackFill", {"DagId": "15001"}, form, how, credentials=credentials)
        for how, form in (("rpc", {}), ("rpc", {"Tid": "3001"}), ("acs3", {"Tid": "3001"}))
    ]
    altered = [reduce(lambda it, change: change(it), some, one) for one, some in zip(good, changes, strict=True)]
    for request in (*senseless, *altered):
        victim.handle(request)
    victim.emulator.close()


# -- requests that are signed and make no sense --------------------------------------------------------------------

ids = st.sampled_from([15001, 16001, 24001, 44001, 44002, 470001, 3001, 1, 2, 0, -1, 2**63 - 1, 2**63, 10**30])
numbers = ids | st.integers() | st.floats()
days = st.sampled_from([
    *("2022-01-14", "2022-01-20", "0001-01-01", "9999-12-31", "2022-02-30", "2022-1-1", "20220114", "٢٠٢٢-01-14"),
    *("2022-01-14 00:00:00", "2022-01-14T00:00:00Z"),
])  # fmt: skip
keys = st.sampled_from(["NodeFrom", "NodeEnd", "variables", "name", "pattern", "sql"])
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8) | days,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=4,
)
contents = st.sampled_from([
    '{"sql": "select ${bizdate}"}',
    '{"sql": "select \'${nothing}\'; drop table x"}',
    '{"sql": "\\u0000"}',
    '{"call": "nothing"}',
    '{"simulate": {"seconds": 0}}',
    '{"simulate": {"seconds": 3, "fails_first": 1}}',
    '{"simulate": {"fails_on": ["2022-01-14"]}}',
    '{"simulate": {"seconds": -1}}',
    '{"variables":[{"name":"x","pattern":"yyyy-MM-dd|-3d"}]}',
    '{"variables":[{"name":"x","pattern":"yyyy|+999999999y"}]}',
    '{"variables":[{"name":"x","pattern":"\'"}]}',
    "[" * 5000,
    "{" * 5000,
    "9" * 5000,
])  # fmt: skip
values = (
    ids.map(str)
    | numbers.map(str)
    | days
    | contents
    | st.text(max_size=30)
    | json_values.map(json.dumps)
    | json_values.map(json.dumps).map(lambda text: text[:-1])
    | st.sampled_from(["true", "False", "1", "[44001, 44002]", '[{"NodeFrom":44002,"NodeEnd":44001}]', "x" * 9000])
)


RIGHT = {
    "Tid": "3001",
    "DagId": "15001",
    "NodeId": "44001",
    "DagInstanceId": "470001",
    "PageIndex": "1",
    "PageSize": "10",
    "SpaceId": "1",
    "NodeName": "mail",
    "NodeType": "1",
    "BackFillDate": "2022-01-14",
    "Interval": "1",
    "IsTriggerSubTree": "True",
}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, str], dict[str, str], str]:
    action = draw(st.sampled_from(ACTIONS))
    parameters = slots(request_class(action))
    query = {}
    for name in (slot.wire for slot in parameters if slot.required or draw(st.booleans())):
        # Mostly right, or nothing behind the first parameter would ever be reached.
        query[name] = RIGHT[name] if name in RIGHT and draw(st.integers(0, 3)) else draw(values)
    in_form = [name for name in query if draw(st.integers(0, 9)) == 0]
    form = {name: query.pop(name) for name in in_form}
    return action, query, form, draw(st.sampled_from(["rpc", "acs3"]))


@repeatable(max_examples=700)
@given(st.lists(calls(), min_size=5, max_size=5))
def test_signed_requests_that_make_no_sense(new_victim, many):
    victim = new_victim()
    for call in many:
        victim.ask(*call)
    victim.emulator.close()

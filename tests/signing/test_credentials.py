"""Who is calling: values that hide their secrets, and the environment they can be read from."""

import pickle

import pytest

from dms_backfill_sdk import AccessKey, BearerToken, ConfigurationError, RsaKeyPair, StsToken
from dms_backfill_sdk.line import source
from dms_backfill_sdk.signing.credentials import from_environment

ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"


def test_no_secret_is_shown(pem):
    for credentials in (AccessKey("id", "hush"), StsToken("id", "hush", "hush"), BearerToken("hush")):
        assert "hush" not in f"{credentials!r} {credentials} {[credentials]}"
        assert pickle.loads(pickle.dumps(credentials)) == credentials
    assert repr(AccessKey("id", "hush")) == "AccessKey(id='id')"
    assert repr(RsaKeyPair("id", pem)) == "RsaKeyPair(id='id')"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: AccessKey("", "secret"), "AccessKey.id is empty"),
        (lambda: AccessKey("id", None), "AccessKey.secret is empty or no string"),
        (lambda: AccessKey(b"id", "secret"), "AccessKey.id is empty or no string"),
        (lambda: AccessKey("id", "hush\n"), "AccessKey.secret holds white space. Nothing was started. Remove it"),
        (lambda: AccessKey(" id", "hush"), "AccessKey.id holds white space"),
        (lambda: StsToken("id", "secret", "hush\r\nHost: x"), "StsToken.token holds white space"),
        (lambda: StsToken("id", "hush\u00a0", "token"), "StsToken.secret holds white space"),
        (lambda: BearerToken("hush\0"), "BearerToken.token holds what no key is made of"),
        (lambda: BearerToken("hush…"), "BearerToken.token holds what no key is made of"),
    ],
)
def test_what_cannot_be_a_key_is_refused_where_it_is_made_and_not_quoted(make, said):
    with pytest.raises(ConfigurationError) as raised:
        make()
    assert said in str(raised.value)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, None),
        ({ID: "", SECRET: "", TOKEN: ""}, None),
        ({TOKEN: "token"}, None),
        ({ID: "id", SECRET: "secret"}, AccessKey("id", "secret")),
        ({ID: "id", SECRET: "secret", TOKEN: ""}, AccessKey("id", "secret")),
        ({ID: "id", SECRET: "secret", TOKEN: "token"}, StsToken("id", "secret", "token")),
    ],
)
def test_the_environment_names_a_key_or_none(environ, found):
    assert from_environment(environ) == found


@pytest.mark.parametrize(("there", "missing"), [(ID, SECRET), (SECRET, ID)])
def test_half_a_key_is_refused_by_naming_the_other_half(there, missing):
    with pytest.raises(ConfigurationError, match=f"half a key: {missing} is not set"):
        from_environment({there: "value", TOKEN: "token"})


def test_the_environment_is_read_once_when_it_is_asked_for(monkeypatch):
    monkeypatch.setenv(ID, "first")
    monkeypatch.setenv(SECRET, "secret")
    monkeypatch.delenv(TOKEN, raising=False)
    found = source(None)
    monkeypatch.setenv(ID, "second")
    assert found == AccessKey("first", "secret")
    assert source(None) == AccessKey("second", "secret")


def test_a_source_is_asked_each_time(pem):
    pair = RsaKeyPair("pair", pem)
    turns = iter([AccessKey("id", "secret"), StsToken("id", "secret", "token"), BearerToken("token"), pair])
    ask = source(lambda: next(turns))
    assert [ask(), ask(), ask(), ask()] == [
        AccessKey("id", "secret"),
        StsToken("id", "secret", "token"),
        BearerToken("token"),
        pair,
    ]


@pytest.mark.parametrize("wrong", ["hush:hush", ("hush", "hush"), {"id": "hush"}, 7, AccessKey, RsaKeyPair])
def test_what_is_no_credential_is_refused_and_not_quoted(wrong):
    with pytest.raises(ConfigurationError, match=r"credentials= was given a .*Give AccessKey") as raised:
        source(wrong)
    assert "hush" not in str(raised.value)
    ask = source(lambda: wrong)
    with pytest.raises(ConfigurationError, match=r"The credential source returned a .*Give AccessKey"):
        ask()

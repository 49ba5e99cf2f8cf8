"""How to ask: which endpoints, timeouts, tenants and credentials a client can be made of."""

import pytest

from dms_backfill_sdk import AccessKey, Client, ConfigurationError

KEY = AccessKey("testid", "hush")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    monkeypatch.delenv("DMS_BACKFILL_ENDPOINT", raising=False)


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        (None, "https://dms-enterprise.aliyuncs.com"),
        ("dms-enterprise.aliyuncs.com", "https://dms-enterprise.aliyuncs.com"),
        ("https://DMS-Enterprise.aliyuncs.com/", "https://dms-enterprise.aliyuncs.com"),
        ("dms-enterprise-vpc.aliyuncs.com:8443", "https://dms-enterprise-vpc.aliyuncs.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("HTTP://LOCALHOST:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("127.0.0.1:8080", "https://127.0.0.1:8080"),
    ],
)
def test_an_endpoint_is_a_host_or_an_address(given, endpoint):
    assert Client(credentials=KEY, endpoint=given).endpoint == endpoint


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http://dms-enterprise.aliyuncs.com", "reached without encryption. Nothing was started. Use https"),
        ("http://127.0.0.1.example.com", "reached without encryption"),
        ("http://localhost.example.com:80", "reached without encryption"),
        ("https://user:hush@127.0.0.1", "holds a user name or a password"),
        ("https://user:hush@[::1", "holds a user name or a password"),
        ("https://host/api", "'https://host/api' is no endpoint. Nothing was started. Write a host"),
        ("https://host?Action=BackFill", "is no endpoint"),
        ("https://host#x", "is no endpoint"),
        ("ftp://host", "is no endpoint"),
        ("https://", "is no endpoint"),
        ("", "'' is no endpoint"),
        ("host name", "is no endpoint"),
        ("host\n", "is no endpoint"),
        ("höst", "is no endpoint"),
        ("host:port", "is no endpoint"),
        ("host:0", "is no endpoint"),
        ("host:99999", "is no endpoint"),
        ("http://[::1", "is no endpoint"),
        (8080, "8080 is no endpoint"),
    ],
)
def test_anything_else_is_refused_when_the_client_is_made(given, said):
    with pytest.raises(ConfigurationError) as raised:
        Client(credentials=KEY, endpoint=given)
    assert said in str(raised.value)
    assert "hush" not in str(raised.value)


def test_an_endpoint_in_the_environment_is_held_to_the_same_rules(monkeypatch):
    monkeypatch.setenv("DMS_BACKFILL_ENDPOINT", "http://dms.example")
    with pytest.raises(ConfigurationError, match="without encryption"):
        Client(credentials=KEY)
    monkeypatch.setenv("DMS_BACKFILL_ENDPOINT", "")
    assert Client(credentials=KEY).endpoint == "https://dms-enterprise.aliyuncs.com"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"signature": "v4"}, "There is no signature 'v4'. Nothing was started. Choose one of 'rpc'"),
        ({"signature": None}, "There is no signature None"),
        ({"credentials": "id:hush"}, "credentials= was given a str"),
        ({"timeout": 10}, "10 is no timeout. Nothing was started. Write two numbers of seconds"),
        ({"timeout": (5, 0)}, "(5, 0) is no timeout"),
        ({"timeout": (5, None)}, "(5, None) is no timeout"),
        ({"timeout": (float("inf"), 5)}, "(inf, 5) is no timeout"),
        ({"timeout": (float("nan"), 5)}, "(nan, 5) is no timeout"),
        ({"tid": 0}, "tid must be a positive integer; 0 is not"),
        ({"tid": "3001"}, "tid must be a positive integer; '3001' is not"),
        ({"tid": True}, "tid must be a positive integer; True is not"),
    ],
)
def test_what_it_cannot_be_made_of_is_refused_with_a_sentence(wrong, said):
    with pytest.raises(ConfigurationError) as raised:
        Client(**{"credentials": KEY, **wrong})
    assert said in str(raised.value)
    assert "hush" not in str(raised.value)

"""For how long a request is good, and what the gate remembers: a nonce is good once, and not remembered for ever."""

import itertools
from datetime import datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk import AccessKey, BearerToken, Key, ManualClock, Switches
from dms_backfill_sdk.emulator.gate import Gate
from dms_backfill_sdk.emulator.keyring import Keyring
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.http import HttpRequest
from dms_backfill_sdk.signing import mechanism

NOW = ManualClock().now()
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
NONCES = (f"nonce {number}" for number in itertools.count())

KEYS = (
    Key(id="testid", secret="testsecret"),
    Key(id="another", secret="testsecret"),
    Key(id="denied", secret="testsecret", policies=()),
    Key(id="role", token="bearer-token"),
)
TESTID = AccessKey("testid", "testsecret")
HOW = ["rpc", "acs3"]


def new_gate(window: int = 15) -> Gate:
    return Gate(Keyring.of(KEYS), Switches(timestamp_window=window))


@pytest.fixture
def gate() -> Gate:
    return new_gate()


def signed(how: str, at: datetime = NOW, *, nonce: str = "", credentials=TESTID) -> HttpRequest:
    headers = {"x-acs-action": "ListUserTenants", "x-acs-version": "2018-11-01"}
    unsigned = HttpRequest("POST", "http", "h", headers=headers)
    return mechanism(how).sign(unsigned, credentials, now=at, nonce=nonce or next(NONCES))


def outcome(gate: Gate, request: HttpRequest, at: datetime = NOW) -> tuple[str, int, str]:
    try:
        gate.admit(request, at)
    except Refusal as refused:
        return refused.code, refused.status, refused.message
    return LET_IN


LET_IN = ("", 200, "")
EXPIRED = ("InvalidTimeStamp.Expired", 400, "Specified time stamp or date value is expired.")
MALFORMED = ("InvalidTimeStamp.Format", 400, "Specified time stamp or date value is not well formatted.")
USED = ("SignatureNonceUsed", 400, "Specified signature nonce was used already.")


@pytest.mark.parametrize(
    ("how", "window", "minutes"), [("rpc", 15, 15), ("rpc", 31, 31), ("acs3", 15, 15), ("acs3", 31, 15)]
)
def test_a_request_is_good_for_its_window_before_and_after_it_was_signed(how: str, window: int, minutes: int):
    for early_or_late in (-1, 1):
        limit = early_or_late * minutes * MINUTE
        assert outcome(new_gate(window), signed(how, NOW - limit)) == LET_IN
        assert outcome(new_gate(window), signed(how, NOW - limit - early_or_late * SECOND)) == EXPIRED


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    "written",
    [
        "now",
        "2022-10-01",
        "2022-10-01 00:00:00",
        "2022-10-01T00:00:00",
        "2022-10-01T00:00:00+08:00",
        "2022-13-01T00:00:00Z",
        "2022-10-01T24:00:00Z",
        "0000-10-01T00:00:00Z",
        "٢٠٢٢-10-01T00:00:00Z",
        "2022-10-01T00:00:00Z\n",
        "1664582400",
    ],
)
def test_a_time_that_is_written_otherwise_is_malformed(gate: Gate, how: str, written: str):
    request = signed(how)
    query = tuple((name, written if name == "Timestamp" else value) for name, value in request.query)
    headers = request.headers | ({"x-acs-date": written} if how == "acs3" else {})
    assert outcome(gate, attrs.evolve(request, query=query, headers=headers)) == MALFORMED


@pytest.mark.parametrize("how", HOW)
def test_a_request_is_good_once(gate: Gate, how: str):
    request = signed(how)
    assert outcome(gate, request) == LET_IN
    assert outcome(gate, request) == USED
    assert outcome(gate, signed(how, nonce="one")) == LET_IN
    assert outcome(gate, signed(how, NOW + SECOND, nonce="one")) == USED


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("window", [15, 31])
def test_a_request_is_good_once_for_as_long_as_it_is_good(how: str, window: int):
    """Dated ahead as far as may be, it is fresh for the longest time."""
    gate = new_gate(window)
    ahead = (window if how == "rpc" else 15) * MINUTE
    request = signed(how, NOW + ahead)
    assert outcome(gate, request) == LET_IN
    for minute in range(1, 2 * ahead // MINUTE + 1):
        assert outcome(gate, signed(how, NOW + minute * MINUTE), NOW + minute * MINUTE) == LET_IN
        assert outcome(gate, request, NOW + minute * MINUTE) == USED
    assert outcome(gate, request, NOW + 2 * ahead + SECOND) == EXPIRED


def test_two_keys_may_have_the_same_nonce(gate: Gate):
    assert outcome(gate, signed("rpc", nonce="one")) == LET_IN
    assert outcome(gate, signed("rpc", nonce="one", credentials=AccessKey("another", "testsecret"))) == LET_IN


def test_nobody_can_spend_the_nonce_of_somebody_else(gate: Gate):
    guess = signed("rpc", nonce="one", credentials=AccessKey("testid", "guessed"))
    assert outcome(gate, guess)[0] == "SignatureDoesNotMatch"
    assert outcome(gate, signed("rpc", nonce="one")) == LET_IN


def test_a_denied_request_has_spent_its_nonce(gate: Gate):
    request = signed("rpc", credentials=AccessKey("denied", "testsecret"))
    assert [outcome(gate, request)[0] for _ in range(2)] == ["Forbidden.RAM", "SignatureNonceUsed"]


def test_what_the_gate_has_forgotten_is_good_again(gate: Gate):
    request = signed("rpc")
    assert outcome(gate, request) == LET_IN
    gate.forget()
    assert outcome(gate, request) == LET_IN


@given(
    st.sampled_from([15, 31]),
    # Bursts and quiet times: how many minutes until the next request, and in which form that one comes.
    st.lists(st.tuples(st.just(0) | st.integers(0, 90), st.sampled_from(HOW)), max_size=200),
)
def test_the_memory_never_holds_more_than_what_came_while_one_nonce_counts(window: int, requests):
    gate, now, times, most = new_gate(window), NOW, [], 0
    for minutes, how in requests:
        now += minutes * MINUTE
        times.append(now)
        assert outcome(gate, signed(how, now, credentials=BearerToken("bearer-token")), now) == LET_IN
        most = max(most, sum(now - time <= 2 * window * MINUTE for time in times))
        assert len(gate._nonces) <= most

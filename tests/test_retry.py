"""When to try again: rules that hold for every policy, error and chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk import (
    ConfigurationError,
    DmsError,
    InvalidParameterError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RetryPolicy,
    ServerFaultError,
    ServiceError,
    ThrottledError,
)
from dms_backfill_sdk.errors import AuthenticationError
from dms_backfill_sdk.retry import may_repeat


def throttled(retry_after: float | None = None) -> ThrottledError:
    error = ThrottledError("Slow down", code="Throttling.User", http_status=400)
    error.retry_after = retry_after
    return error


NEVER_STARTED = [
    NotSentError("refused"),
    throttled(),
    throttled(2.5),
    AuthenticationError("late", code="InvalidTimeStamp.Expired", http_status=400),
]
MAY_PASS = [
    OutcomeUnknownError("timed out"),
    ServerFaultError("down", code="ServiceUnavailable", http_status=503),
    # Our nonces are random: one that was used means that something on the way sent the very same request before.
    AuthenticationError("used", code="SignatureNonceUsed", http_status=400),
]
FINAL = [
    NotFoundError("no such flow", code="InvalidApi.NotFound", http_status=404),
    InvalidParameterError("bad", code="InvalidDagId", http_status=400),
    AuthenticationError("wrong", code="SignatureDoesNotMatch", http_status=400),
    ServiceError("no", code="Odd"),
    ConfigurationError("no key"),
    DmsError("something"),
]

seconds = st.floats(0, 1e6)
policies = st.builds(RetryPolicy, attempts=st.integers(1, 5000), total=seconds, base=seconds, cap=seconds)
failures = st.sampled_from(NEVER_STARTED + MAY_PASS + FINAL) | seconds.map(throttled)
chance = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("error", NEVER_STARTED, ids=repr)
def test_what_was_never_started_may_be_repeated_whatever_it_starts(error):
    assert may_repeat(error, repeatable=False)
    assert may_repeat(error, repeatable=True)


@pytest.mark.parametrize("error", MAY_PASS, ids=repr)
def test_what_may_have_started_is_repeated_only_if_that_is_harmless(error):
    assert not may_repeat(error, repeatable=False)
    assert may_repeat(error, repeatable=True)


@pytest.mark.parametrize("error", FINAL, ids=repr)
def test_a_plain_no_is_final(error):
    assert not may_repeat(error, repeatable=False)
    assert not may_repeat(error, repeatable=True)


@given(policies, failures, st.integers(1, 5000), seconds, st.booleans(), chance)
def test_a_wait_stays_within_every_limit(policy, error, attempt, elapsed, repeatable, luck):
    wait = policy.wait(error, attempt=attempt, elapsed=elapsed, repeatable=repeatable, random=lambda: luck)
    if wait is None:
        return
    asked = getattr(error, "retry_after", None) or 0
    assert attempt < policy.attempts
    assert elapsed + wait <= policy.total
    assert asked <= wait <= asked + min(policy.cap, policy.base * 2.0 ** min(attempt - 1, 1000))
    assert may_repeat(error, repeatable=repeatable)


@given(policies, failures, st.booleans(), chance)
def test_a_call_ends_after_its_attempts_and_within_its_time(policy, error, repeatable, luck):
    attempt, elapsed = 1, 0.0
    while (
        wait := policy.wait(error, attempt=attempt, elapsed=elapsed, repeatable=repeatable, random=lambda: luck)
    ) is not None:
        attempt, elapsed = attempt + 1, elapsed + wait
    assert attempt <= policy.attempts
    assert elapsed <= policy.total


@given(st.floats(0, 100))
def test_what_the_service_asks_for_is_waited_even_beyond_the_cap(asked):
    policy = RetryPolicy(cap=0.5)
    wait = policy.wait(throttled(asked), attempt=1, elapsed=0, repeatable=False, random=lambda: 0)
    assert wait == (asked if asked <= policy.total else None)


@pytest.mark.parametrize("luck", [0.0, 0.25, 0.5, 0.999])
def test_waits_are_random_up_to_a_limit_that_doubles_until_the_cap(luck):
    policy = RetryPolicy(attempts=10, total=1e9, base=0.2, cap=2)
    waits = [
        policy.wait(NotSentError("no"), attempt=attempt, elapsed=0, repeatable=False, random=lambda: luck)
        for attempt in range(1, 8)
    ]
    assert waits == [luck * limit for limit in (0.2, 0.4, 0.8, 1.6, 2, 2, 2)]


def test_one_attempt_never_repeats():
    assert RetryPolicy(attempts=1).wait(NotSentError("no"), attempt=1, elapsed=0, repeatable=True, random=float) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"attempts": 0}, "RetryPolicy.attempts must be an integer from 1 up; 0 is not."),
        ({"attempts": 2.5}, "RetryPolicy.attempts must be an integer from 1 up; 2.5 is not."),
        ({"attempts": True}, "RetryPolicy.attempts must be an integer from 1 up; True is not."),
        ({"total": -1}, "RetryPolicy.total must be a number from 0 up; -1 is not."),
        ({"base": "1"}, "RetryPolicy.base must be a number from 0 up; '1' is not."),
        ({"cap": float("nan")}, "RetryPolicy.cap must be a number from 0 up; nan is not."),
    ],
)
def test_a_policy_that_is_none_is_refused(wrong, said):
    with pytest.raises(ConfigurationError) as raised:
        RetryPolicy(**wrong)
    assert said in str(raised.value)

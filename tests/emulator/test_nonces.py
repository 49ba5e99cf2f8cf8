import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk import ManualClock
from dms_backfill_sdk.emulator.nonces import Nonces

NOW = ManualClock().now()
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
KEPT = 30 * MINUTE


def test_a_nonce_can_be_used_once():
    nonces = Nonces(KEPT)
    assert nonces.use("one", NOW)
    assert not nonces.use("one", NOW)
    assert nonces.use("another", NOW)


def test_all_are_good_again_when_they_are_cleared():
    nonces = Nonces(KEPT)
    nonces.use("one", NOW)
    nonces.clear()
    assert len(nonces) == 0
    assert nonces.use("one", NOW)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2 * 60 * 30)), max_size=100))
def test_one_is_remembered_for_as_long_as_it_must_be_and_a_second_more_at_most(uses: list[tuple[str, int]]):
    nonces, now, used = Nonces(KEPT), NOW, {}
    for nonce, half_seconds in uses:
        now += half_seconds * SECOND / 2
        good = nonces.use(nonce, now)
        if nonce not in used or now - used[nonce] > KEPT + SECOND:
            assert good
        elif now - used[nonce] <= KEPT:
            assert not good
        if good:
            used[nonce] = now
        assert len(nonces) <= sum(now - time <= KEPT + SECOND for time in used.values())


def test_a_clock_that_is_set_back_brings_none_back():
    nonces = Nonces(KEPT)
    nonces.use("one", NOW)
    assert nonces.use("two", NOW - MINUTE)
    assert not nonces.use("one", NOW - MINUTE)
    for nonce in ("one", "two"):
        assert not nonces.use(nonce, NOW + KEPT - MINUTE)


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_their_memory_levels_off(traced):
    """Ten in each second, for five times as long as one is kept."""
    nonces, now, held = Nonces(KEPT), NOW, []
    window = 10 * KEPT // SECOND
    for number in range(5 * window):
        now += SECOND / 10
        nonces.use(f"the key\n{number:036}", now)
        if number % window == window - 1:
            assert window - 10 <= len(nonces) <= window + 10
            held.append(tracemalloc.get_traced_memory()[0])
    assert max(held) < 1.02 * held[1]
    assert held[-1] / len(nonces) < 250  # bytes for each; its text has 93 of them

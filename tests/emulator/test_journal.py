import sys
from datetime import timedelta
from threading import Thread

import pytest

from dms_backfill_sdk import ManualClock
from dms_backfill_sdk.emulator.journal import KEPT, Entry, Journal, shown

NOW = ManualClock().now()


def entry(action: str = "BackFill", *, key: str = "testid", acted: bool = True, code: str = "", at: int = 0) -> Entry:
    return Entry(NOW + timedelta(seconds=at), f"id {at}", action, {"DagId": "1"}, key, 200, code, acted)


REFUSED = entry("BackFill", key="", acted=False, code="SignatureDoesNotMatch")


def test_it_counts_what_was_carried_out_not_what_was_asked():
    journal = Journal()
    for one in (entry(), entry(acted=False), REFUSED, entry("GetTask"), entry()):
        journal.write(one)
    assert [journal.acted(action) for action in ("BackFill", "GetTask", "DeleteTask")] == [2, 1, 0]
    assert len(journal.of("BackFill")) == 4
    assert [one.action for one in journal.entries] == ["BackFill", "BackFill", "BackFill", "GetTask", "BackFill"]


def test_a_refusal_is_unseen_until_somebody_asks_for_refusals():
    journal = Journal()
    journal.write(REFUSED)
    assert journal.refused_unseen == [REFUSED]
    assert journal.refused_unseen == [REFUSED]
    assert journal.refused() == [REFUSED]
    assert journal.refused_unseen == []
    later = entry("GetTask", key="", acted=False, code="SignatureNonceUsed")
    journal.write(later)
    assert journal.refused_unseen == [later]
    assert journal.refused() == [REFUSED, later]


def test_it_keeps_the_last_ten_thousand_and_counts_them_all():
    journal = Journal()
    for number in range(KEPT + 5):
        journal.write(entry(at=number))
    assert (len(journal.entries), journal.entries[0].request_id) == (10_000, "id 5")
    assert (journal.total, journal.acted("BackFill")) == (10_005, 10_005)


def test_operations_that_do_not_exist_leave_nothing_behind():
    journal = Journal()
    for number in range(KEPT + 5):
        journal.write(entry(f"Made{number}Up", acted=False))
    assert not journal._acted


def test_it_forgets_everything_when_cleared():
    journal = Journal()
    journal.write(REFUSED)
    journal.write(entry())
    journal.clear()
    assert (list(journal.entries), journal.total, journal.acted("BackFill"), journal.refused_unseen) == ([], 0, 0, [])


@pytest.mark.parametrize("secret", ["Signature", "SecurityToken", "BearerToken"])
def test_tokens_and_signatures_stay_out_of_it(secret: str):
    assert shown((("DagId", "1"), (secret, "hush"))) == {"DagId": "1"}


def test_an_entry_can_be_written_as_json():
    assert REFUSED.as_dict() == {
        "at": "2022-10-01T00:00:00+00:00",
        "request_id": "id 0",
        "action": "BackFill",
        "parameters": {"DagId": "1"},
        "key": "",
        "status": 200,
        "code": "SignatureDoesNotMatch",
        "acted": False,
    }


@pytest.fixture
def hasty_threads():
    """Let threads take turns so often that they are sure to disturb each other."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_it_can_be_read_while_it_is_written(hasty_threads):
    journal = Journal()
    for _ in range(KEPT):
        journal.write(REFUSED)
    written = Thread(target=lambda: [journal.write(REFUSED) for _ in range(50_000)])
    written.start()
    while written.is_alive():
        assert len(journal.of("BackFill")) == KEPT
        assert len(journal.refused()) == KEPT
    written.join()

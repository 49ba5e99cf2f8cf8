"""What can be planned to go wrong, and how often it does."""

import json
import random
import re
from typing import Any

import pytest

from dms_backfill_sdk import Fault
from dms_backfill_sdk.emulator.answers import Style, answer
from dms_backfill_sdk.emulator.faults import Disturbed, Faults

STYLE = Style("JSON", "BackFill", "7FAD400F-7A5C-4193-8F9A-39D86C4F0231")
TRUE = answer(STYLE, {"DagInstanceId": 470001})


def planned(*faults: Fault, seed: int = 0) -> Faults:
    plan = Faults(random.Random(seed))
    for fault in faults:
        plan.plan(fault)
    return plan


# -- what ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("true", [TRUE, None], ids=["after the handler acted", "before"])
@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (Fault(code="Throttling.User"), 400, "Request was denied due to user flow control."),
        (Fault(code="ServiceUnavailable"), 503, "The request has failed due to a temporary failure of the server."),
        (Fault(code="TenantNotExist"), 404, "The specified tenant does not exist."),
        (Fault(code="MissingDagId"), 400, "DagId is mandatory for this action."),
        (Fault(code="SomethingNew"), 400, "Planned by the test."),
        (Fault(code="SomethingNew", status=418), 418, "Planned by the test."),
        (Fault(code="Throttling", status=429), 429, "Request was denied due to request throttling."),
    ],
)
def test_an_error_code_comes_with_its_status_and_text(fault: Fault, true, status: int, text: str):
    response = fault.disturb(STYLE, true)
    assert (response.status, json.loads(response.body)["Code"]) == (status, fault.code)
    assert json.loads(response.body)["Message"] == text
    assert "x-acs-retry-after" not in response.headers


@pytest.mark.parametrize(("seconds", "written"), [(2, "2000"), (0.25, "250"), (0, "0"), (0.0004, "0")])
def test_throttling_says_how_long_to_wait_in_milliseconds(seconds: float, written: str):
    assert Fault(code="Throttling", retry_after=seconds).disturb(STYLE, None).headers["x-acs-retry-after"] == written


def test_a_body_of_somebody_elses_comes_as_html():
    for status in (None, 502):
        response = Fault(body=b"<html>", status=status).disturb(STYLE, TRUE)
        assert (response.status, response.body) == (status or 200, b"<html>")
        assert response.headers == {"content-type": "text/html"}


def test_a_disturbed_answer_is_the_true_one_that_does_not_arrive_as_it_should():
    assert Fault(drop=True).disturb(STYLE, TRUE) == Disturbed(200, dropped=True)
    assert Fault(delay=3).disturb(STYLE, TRUE) == Disturbed(200, TRUE.headers, TRUE.body, delay=3)
    cut = Fault(truncate=True).disturb(STYLE, TRUE)
    assert cut == Disturbed(200, TRUE.headers, TRUE.body, cut=len(TRUE.body) // 2)
    cut = Fault(truncate=True).disturb(STYLE, None)
    assert isinstance(cut, Disturbed)
    assert cut.cut is not None
    assert 0 < cut.cut < len(cut.body)


def test_a_late_answer_is_that_of_a_handler_that_acted():
    assert Fault(delay=3).when == Fault(delay=3, when="before").when == "after"


# -- when and how often --------------------------------------------------------------------------------------------


def test_a_fault_befalls_its_operation_only():
    faults = planned(Fault(action="BackFill", drop=True))
    assert faults.next("GetTask") is None
    assert faults.next("BackFill") == Fault(action="BackFill", drop=True)
    assert faults.next("BackFill") is None


def test_a_fault_of_any_operation_befalls_the_first_that_comes():
    faults = planned(Fault(drop=True))
    assert [faults.next(action) is not None for action in ("GetTask", "BackFill")] == [True, False]


@pytest.mark.parametrize(("times", "happens"), [(1, 1), (3, 3), (None, 10)])
def test_a_fault_happens_so_many_times(times: int | None, happens: int):
    faults = planned(Fault(drop=True, times=times))
    assert sum(faults.next("BackFill") is not None for _ in range(10)) == happens


def test_faults_happen_in_the_order_in_which_they_were_planned():
    first, second, third = Fault(code="A", times=2), Fault(action="BackFill", code="B"), Fault(code="C")
    faults = planned(first, second, third)
    assert [faults.next(action) for action in ("BackFill", "GetTask", "GetTask", "BackFill", "GetTask")] == [
        first, first, third, second, None,
    ]  # fmt: skip


def draws(seed: int) -> list[bool]:
    faults = planned(Fault(drop=True, times=None, probability=0.3), seed=seed)
    return [faults.next("BackFill") is not None for _ in range(1000)]


def test_what_is_left_to_chance_is_the_same_for_the_same_seed():
    assert draws(1) == draws(1)
    assert draws(1) != draws(2)
    assert 250 < sum(draws(1)) < 350


def test_chance_counts_only_what_happened():
    faults = planned(Fault(drop=True, times=2, probability=0.5))
    assert sum(faults.next("BackFill") is not None for _ in range(100)) == 2


def test_what_never_happened_is_known():
    faults = planned(Fault(action="BackFill", drop=True), Fault(action="GetTask", drop=True, times=3))
    assert faults.next("GetTask")
    assert faults.unfired == [Fault(action="BackFill", drop=True)]
    faults.clear()
    assert faults.unfired == []
    assert faults.next("BackFill") is None


# -- refused -------------------------------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
EXACTLY_ONE = "A fault is one of code=, delay=, drop=True, truncate=True and body=; give exactly one."
SECONDS = "a number of seconds from 0 to 1000000"
STATUS = "an HTTP status from 200 to 599 that has a body"
TIMES = "a whole number from 1 up, or None for always"
PROBABILITY = "a number above 0 and up to 1"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({}, EXACTLY_ONE),
        ({"action": "BackFill"}, EXACTLY_ONE),
        ({"drop": True, "truncate": True}, EXACTLY_ONE),
        ({"code": "Throttling", "delay": 1}, EXACTLY_ONE),
        ({"drop": True, "retry_after": 1}, "retry_after is sent with an error; give code= too."),
        ({"drop": True, "status": 500}, "status is that of an error or of a body; give code= or body= too."),
        ({"drop": True, "when": "during"}, "when must be 'before' or 'after'; 'during' is not."),
        ({"drop": True, "when": None}, "when must be 'before' or 'after'; None is not."),
        ({"drop": True, "action": 5}, "action must be the name of an operation, or '*'; 5 is not."),
        ({"drop": True, "action": ""}, "action must be the name of an operation, or '*'; '' is not."),
        ({"drop": "yes"}, "drop must be True or False; 'yes' is not."),
        ({"truncate": 1}, "truncate must be True or False; 1 is not."),
        ({"code": 400}, "code must be an error code such as 'Throttling.User'; 400 is not."),
        ({"code": ""}, "code must be an error code such as 'Throttling.User'; '' is not."),
        ({"body": "<html>"}, "body must be bytes; '<html>' is not."),
        *(({"delay": it}, f"delay must be {SECONDS}; {it!r} is not.") for it in ("1", -1, 1e7, NAN, INF, True)),
        ({"code": "Throttling", "retry_after": "soon"}, f"retry_after must be {SECONDS}; 'soon' is not."),
        *(({"body": b"", "status": it}, f"status must be {STATUS}; {it!r} is not.") for it in ("502", 100, 204, 600)),
        *(({"drop": True, "times": it}, f"times must be {TIMES}; {it!r} is not.") for it in (0, 1.5, "1", True)),
        *(
            ({"drop": True, "probability": it}, f"probability must be {PROBABILITY}; {it!r} is not.")
            for it in (0, 1.1, "1", None)
        ),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_a_sentence(fault: dict[str, Any], sentence: str):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Fault(**fault)

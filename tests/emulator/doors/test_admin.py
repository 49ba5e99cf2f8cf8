"""The admin door: what a test in another process may see and do."""

import json
from typing import Any

import pytest
import requests

from dms_backfill_sdk import (
    CreateTaskFlowRequest,
    Emulator,
    Fault,
    ListUserTenantsRequest,
    OutcomeUnknownError,
    ServerFaultError,
    ThrottledError,
)

LONG = 15


@pytest.fixture
def get(served):
    return lambda page: requests.get(f"{served.address}/_emulator/{page}", timeout=LONG)


@pytest.fixture
def post(served):
    def post(page: str, body: Any = None) -> requests.Response:
        written = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(f"{served.address}/_emulator/{page}", data=written, timeout=LONG)

    return post


def test_the_journal_can_be_read(served, get):
    served.client().create_task_flow(CreateTaskFlowRequest(dag_name="daily"))
    served.client().list_user_tenants(ListUserTenantsRequest())
    assert get("journal").json() == [entry.as_dict() for entry in served.emulator.journal.entries]
    assert [entry["action"] for entry in get("journal").json()] == ["CreateTaskFlow", "ListUserTenants"]
    [entry] = get("journal?action=CreateTaskFlow").json()
    assert (entry["key"], entry["status"], entry["acted"]) == ("testid", 200, True)
    assert entry["parameters"]["DagName"] == "daily"
    assert get("journal?action=BackFill").json() == []


def test_what_is_asked_of_the_admin_door_is_not_in_the_journal(served, get):
    get("state")
    assert get("journal").json() == []


def test_the_state_can_be_read(served, get):
    served.client().create_task_flow(CreateTaskFlowRequest(dag_name="daily"))
    assert get("state").json() == served.emulator.state()
    assert get("state").json()["flows"][0]["name"] == "daily"


def test_everything_can_be_forgotten(served, get, post):
    served.client().create_task_flow(CreateTaskFlowRequest(dag_name="daily"))
    assert post("faults", {"drop": True}).json() == {"planned": True}
    assert post("reset").json() == {"reset": True}
    assert (get("state").json()["flows"], get("journal").json(), get("state").json()["unfired_faults"]) == ([], [], 0)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"code": "Throttling.User", "retry_after": 1.5}, ThrottledError),
        ({"action": "ListUserTenants", "when": "after", "code": "InternalError"}, ServerFaultError),
        ({"body": "<html>é", "status": 200}, OutcomeUnknownError),
        ({"drop": True}, OutcomeUnknownError),
        ({"truncate": True, "times": None, "probability": 1}, OutcomeUnknownError),
    ],
)
def test_a_fault_can_be_planned(served, post, fault: dict[str, Any], error: type[Exception]):
    assert post("faults", fault).json() == {"planned": True}
    with pytest.raises(error):
        served.client().list_user_tenants(ListUserTenantsRequest())


def test_a_clock_that_is_moved_by_hand_can_be_moved(served, post):
    began = served.clock.now()
    assert post("clock", {"advance": 3600}).json() == {"now": served.clock.now().isoformat()}
    assert post("clock", {"advance": 0.5}).status_code == 200
    assert (served.clock.now() - began).total_seconds() == 3600.5


def test_a_clock_that_moves_by_itself_cannot():
    emulator = Emulator()
    with emulator.serve() as server:
        response = requests.post(f"{server.url}/_emulator/clock", data=b'{"advance": 1}', timeout=LONG)
    emulator.close()
    assert (response.status_code, response.json()) == (400, {"error": "This emulator's clock moves by itself."})


DEEP = b"[" * 100_000
FAULT = 'A fault is an object such as {"action": "BackFill", "code": "Throttling.User"}.'
ONE = "A fault is one of code=, delay=, drop=True, truncate=True and body=; give exactly one."
ADVANCE = 'Write how many seconds to move on, such as {"advance": 3600}.'


@pytest.mark.parametrize(
    ("page", "body", "sentence"),
    [
        *(("faults", body, FAULT) for body in (b"", b"{", b"\xff", DEEP, b"5", b"null", b"[]", b'["drop"]', b'"drop"')),
        ("faults", {}, FAULT),
        ("faults", {"action": "BackFill"}, ONE),
        ("faults", {"drop": "yes"}, "drop must be True or False; 'yes' is not."),
        ("faults", {"code": 5}, "code must be an error code such as 'Throttling.User'; 5 is not."),
        ("faults", {"delay": "x"}, "delay must be a number of seconds from 0 to 1000000; 'x' is not."),
        ("faults", b'{"delay": NaN}', "delay must be a number of seconds from 0 to 1000000; nan is not."),
        ("faults", {"body": 5}, "body must be text; 5 is not."),
        ("faults", {"body": "\ud800"}, "body must be text; '\\ud800' is not."),
        ("faults", {"drop": True, "dealy": 1}, "In a fault, there is no key 'dealy'; did you mean 'delay'?"),
        *(("clock", body, ADVANCE) for body in (b"", b"{", b"\xff", DEEP, b"5", b"[]", b"{}", b'{"advance": "1"}')),
        *(("clock", body, ADVANCE) for body in (b'{"advance": NaN}', b'{"advance": Infinity}', b'{"advance": true}')),
        *(("clock", {"advance": advance}, ADVANCE) for advance in (-1, 1e300, 10**400, 1e12, None, [1])),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_that_makes_no_sense_is_answered_with_a_sentence(served, post, page: str, body: Any, sentence: str):
    before = served.clock.now()
    response = post(page, body)
    assert (response.status_code, response.json()) == (400, {"error": sentence})
    assert served.emulator.faults.unfired == []
    assert served.clock.now() == before


@pytest.mark.parametrize(
    ("method", "page", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "", 404),
        ("GET", "journal/x", 404),
        ("POST", "journal", 405),
        ("GET", "reset", 405),
    ],
)
def test_a_page_that_is_not_there_is_answered_with_a_sentence(served, method: str, page: str, status: int):
    response = requests.request(method, f"{served.address}/_emulator/{page}", timeout=LONG)
    assert response.status_code == status
    assert response.json() == {
        "error": "There is GET journal, GET state, POST reset, POST faults and POST clock, below /_emulator/."
    }


def test_only_what_lies_below_the_prefix_is_the_admin_door(served):
    for path in ("/_emulator", "/_emulatorx/state", "/x/_emulator/state", "//_emulator/state"):
        assert "MissingAction" in requests.get(served.address + path, timeout=LONG).text


def test_a_fault_planned_here_can_be_seen_by_the_one_who_runs_the_emulator(served, post):
    post("faults", {"action": "BackFill", "code": "Throttling", "times": 2})
    assert served.emulator.faults.unfired == [Fault(action="BackFill", code="Throttling", times=2)]

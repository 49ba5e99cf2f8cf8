"""What all tests of senseless requests share: somebody to send them to, and what every answer must be like."""

import itertools
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dms_backfill_sdk import AccessKey, Emulator, ManualClock, Switches
from dms_backfill_sdk.http import FORM, HttpRequest, HttpResponse, encode_pairs
from dms_backfill_sdk.signing import mechanism
from dms_backfill_sdk.signing.credentials import Credentials

TESTID = AccessKey("testid", "testsecret")
BEGINNING = ManualClock().now()
NONCES = (f"nonce {number}" for number in itertools.count())


@pytest.fixture(scope="module", autouse=True)
def logged() -> Iterator[None]:
    """Nothing may be logged as a failure of the emulator."""
    records: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: records.append(record.getMessage())
    log = logging.getLogger("dms_backfill_sdk")
    log.addHandler(handler)
    yield
    log.removeHandler(handler)
    assert records == []


class Victim:
    """An emulator with a flow (15001) of two nodes (44001, 44002), of which a run (470001) runs."""

    def __init__(self, **switches: Any) -> None:
        self.clock = ManualClock()
        self.emulator = Emulator(clock=self.clock, switches=Switches(**switches))
        for action, query in (
            ("CreateTaskFlow", {"DagName": "daily"}),
            ("CreateTask", {"DagId": "15001", "NodeName": "load", "NodeType": "1"}),
            ("CreateTask", {"DagId": "15001", "NodeName": "sum", "NodeType": "NORMAL_SQL"}),
            ("AddTaskFlowEdges", {"DagId": "15001", "Edges": '[{"NodeFrom":44001,"NodeEnd":44002}]'}),
            ("PublishAndDeployTaskFlow", {"DagId": "15001"}),
            ("BackFill", {"DagId": "15001", "BackFillDate": "2022-01-14"}),
        ):
            assert self.ask(action, query)["Success"]

    @staticmethod
    def signed(
        action: str,
        query: Mapping[str, str],
        form: Mapping[str, str],
        how: str,
        *,
        now: datetime = BEGINNING,
        credentials: Credentials = TESTID,
    ) -> HttpRequest:
        headers = {"x-acs-action": action, "x-acs-version": "2018-11-01"} | ({"content-type": FORM} if form else {})
        body = encode_pairs(form.items()).encode()
        unsigned = HttpRequest("POST", "http", "127.0.0.1", "/", tuple(query.items()), headers, body)
        return mechanism(how).sign(unsigned, credentials, now=now, nonce=next(NONCES))

    def ask(
        self, action: str, query: Mapping[str, str], form: Mapping[str, str] | None = None, how: str = "rpc"
    ) -> dict[str, Any]:
        return self.handle(self.signed(action, query, form or {}, how, now=self.clock.now()))

    def handle(self, request: HttpRequest) -> dict[str, Any]:
        """What the answer says. Whatever that is, it is said as the service would."""
        response = self.emulator.handle(request)
        assert response.status in (200, 400, 403, 404), response.body
        body = read(response)
        assert body["RequestId"] == response.headers["x-acs-request-id"]
        assert len(body["RequestId"]) == 36
        if response.status >= 400:
            assert body["Code"]
            assert body["Message"]
        elif body["Success"] in (False, "false"):
            assert body["ErrorCode"]
            assert body["ErrorMessage"]
        return body


def read(response: HttpResponse) -> dict[str, Any]:
    if response.headers["content-type"] == "application/json;charset=utf-8":
        return json.loads(response.body)
    assert response.headers["content-type"] == "text/xml;charset=utf-8"
    return {child.tag: child.text for child in ET.fromstring(response.body)}


@pytest.fixture(scope="session")
def new_victim() -> type[Victim]:
    return Victim

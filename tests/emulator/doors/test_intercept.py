"""The in-process door: other clients that are built on requests come through it too."""

import gc
import http.server
import threading
import weakref

import pytest
import requests

from dms_backfill_sdk import AccessKey, Client, Emulator, Fault, ListUserTenantsRequest, ManualClock
from dms_backfill_sdk.signing import mechanism

SERVICE = "https://dms-enterprise.aliyuncs.com"


def test_whatever_the_process_sends_to_the_service_is_answered_here(intercepted):
    response = requests.get(f"{SERVICE}/?Format=JSON", timeout=1)
    assert (response.status_code, response.json()["Code"]) == (400, "MissingAction")
    # Exactly so: the official client looks for exactly this, to know XML.
    assert requests.get(SERVICE, timeout=1).headers["content-type"] == "text/xml;charset=utf-8"


def test_outside_of_the_block_nothing_is_caught(emulator: Emulator):
    with emulator.intercept("http://127.0.0.1:1"):
        assert requests.get("http://127.0.0.1:1", timeout=1).status_code == 400
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:1", timeout=1)


def test_what_was_sent_and_answered_is_not_kept(intercepted):
    answers = [weakref.ref(requests.get(SERVICE, timeout=1)) for _ in range(20)]
    gc.collect()
    assert sum(answer() is not None for answer in answers) <= 1


class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_other_addresses_are_reached_as_ever(emulator: Emulator):
    with http.server.HTTPServer(("127.0.0.1", 0), Echo) as elsewhere:
        thread = threading.Thread(target=elsewhere.serve_forever, args=(0.01,))
        thread.start()
        address = f"http://127.0.0.1:{elsewhere.server_port}"
        with emulator.intercept(), emulator.intercept(f"http://127.0.0.1:{elsewhere.server_port}9"):
            assert requests.get(f"{address}/here?a=1", timeout=5).text == "/here?a=1"
        elsewhere.shutdown()
        thread.join()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_no_method_gets_past_it(intercepted, method: str):
    assert requests.request(method, SERVICE, timeout=1).status_code == 400


def test_two_emulators_can_answer_for_two_addresses():
    clock = ManualClock()
    here, there = Emulator(clock=clock, seed=1), Emulator(clock=clock, seed=2)
    key = AccessKey("testid", "testsecret")
    with here.intercept("https://here.example"), there.intercept("https://there.example"):
        for name in ("here", "there", "there"):
            with Client(credentials=key, endpoint=f"https://{name}.example", clock=clock) as client:
                client.list_user_tenants(ListUserTenantsRequest())
    assert [emulator.journal.acted("ListUserTenants") for emulator in (here, there)] == [1, 2]
    for emulator in (here, there):
        emulator.close()


def test_a_body_may_be_text_and_a_header_bytes(intercepted):
    requests.post(
        SERVICE,
        data="Action=é&Version=2018-11-01",
        headers={"Content-Type": b"application/x-www-form-urlencoded"},
        timeout=1,
    )
    assert intercepted.emulator.journal.entries[-1].parameters == {"Action": "é", "Version": "2018-11-01"}


@pytest.mark.parametrize(
    ("fault", "timeout", "error"),
    [
        (Fault(drop=True), 1, requests.ConnectionError),
        (Fault(truncate=True), 1, requests.ConnectionError),
        (Fault(delay=60), 1, requests.ReadTimeout),
        (Fault(delay=60), (90, 1), requests.ReadTimeout),
        (Fault(delay=60), (1, 90), None),
        (Fault(delay=60), (1, None), None),
        (Fault(delay=60), None, None),
    ],
)
def test_clients_that_never_heard_of_this_package_find_the_errors_they_know(intercepted, fault, timeout, error):
    unsigned = intercepted.request(headers={"x-acs-action": "ListUserTenants", "x-acs-version": "2018-11-01"})
    key = AccessKey("testid", "testsecret")
    signed = mechanism("rpc").sign(unsigned, key, now=intercepted.clock.now(), nonce="once")
    intercepted.emulator.plan_fault(fault)
    if error is None:
        assert requests.post(signed.url, timeout=timeout).status_code == 200
    else:
        with pytest.raises(error):
            requests.post(signed.url, timeout=timeout)
    assert intercepted.emulator.faults.unfired == []

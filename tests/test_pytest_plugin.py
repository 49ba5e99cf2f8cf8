"""The fixtures that users get, as pytest gives them."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

# Loaded now, so that the tests that run here do not load them each anew.
import dms_backfill_sdk.client
import dms_backfill_sdk.emulator  # noqa: F401

PLUGIN = "dms_backfill_sdk.pytest_plugin"

#: Installed, the package brings its plugin along; otherwise it has to be named.
NAMED = () if any(one.value == PLUGIN for one in entry_points(group="pytest11")) else ("-p", PLUGIN)

BEGINNING = """
from datetime import UTC, datetime, timedelta

import pytest

from dms_backfill_sdk import *

def a_flow(dms):
    flow = dms.client.create_task_flow(CreateTaskFlowRequest(dag_name="daily")).dag_id
    dms.client.create_task(CreateTaskRequest(dag_id=flow, node_name="load", node_type="NORMAL_SQL"))
    dms.client.publish_and_deploy_task_flow(PublishAndDeployTaskFlowRequest(dag_id=flow))
    return flow

def status_of(dms, flow):
    found = dms.client.list_task_flow_instance(ListTaskFlowInstanceRequest(dag_id=flow, page_index=1, page_size=1))
    return found.daginstance_list[0].status

def stranger(dms):
    how = {"transport": dms.emulator.transport()} if not dms.url else {"endpoint": dms.url}
    return Client(credentials=AccessKey("testid", "guessed"), clock=dms.clock, **{"endpoint": "http://127.0.0.1"} | how)
"""


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run a test file of a user's."""

    def run(test: str, *arguments: str, apart: bool = False) -> pytest.RunResult:
        pytester.makepyfile(BEGINNING + test)
        how = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return how("-W", "error", "-p", "no:cacheprovider", *NAMED, *arguments)

    return run


def test_a_backfill_can_be_tested_without_waiting_for_it(run):
    """In a process of its own, as a user would."""
    test = """
@pytest.mark.parametrize("name", ["dms", "dms_server"])
def test_it(request, name):
    dms = request.getfixturevalue(name)
    flow = a_flow(dms)
    dms.client.back_fill(BackFillRequest.between(flow, "2022-01-01", "2022-01-10"))
    assert status_of(dms, flow) is RunStatus.WAITING
    dms.clock.advance(timedelta(hours=1))
    assert status_of(dms, flow) is RunStatus.SUCCESS
    assert dms.emulator.journal.acted("BackFill") == 1
"""
    run(test, apart=True).assert_outcomes(passed=2)


def test_the_clock_stands_at_a_known_time_or_over_http_at_the_time_of_the_test(run):
    run("""
def test_it(dms, dms_server):
    assert dms.clock.now() == datetime(2022, 10, 1, tzinfo=UTC)
    assert abs(dms_server.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert dms.url == ""
    assert dms_server.url.startswith("http://127.0.0.1:")
    # Somebody who goes by the time of the machine is let in.
    client = Client(credentials=AccessKey("testid", "testsecret"), endpoint=dms_server.url)
    assert client.list_user_tenants(ListUserTenantsRequest()).tenant_list
    client.close()
""").assert_outcomes(passed=1)


@pytest.mark.parametrize("fixture", ["dms", "dms_server"])
def test_every_test_finds_it_empty(run, fixture: str):
    run(f"""
@pytest.mark.parametrize("number", range(3))
def test_it({fixture}, number):
    assert {fixture}.client.list_task_flow(ListTaskFlowRequest()).task_flow_list == []
    assert len({fixture}.emulator.journal.entries) == 1
    assert a_flow({fixture}) == 15001
    {fixture}.clock.advance(timedelta(days=1))
""").assert_outcomes(passed=3)


@pytest.mark.parametrize("fixture", ["dms", "dms_server"])
def test_a_fault_that_was_planned_and_never_happened_fails_the_test(run, fixture: str):
    result = run(f"""
def test_it({fixture}):
    {fixture}.plan_fault(Fault(action="BackFill", drop=True))
    {fixture}.client.list_user_tenants(ListUserTenantsRequest())
""")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["This fault was planned and never happened: Fault(action='BackFill'*"])


def test_a_fault_that_happened_does_not(run):
    run("""
def test_it(dms):
    dms.plan_fault(Fault(action="ListUserTenants", code="InternalError", times=5))
    with pytest.raises(ServerFaultError):
        dms.client.list_user_tenants(ListUserTenantsRequest())
""").assert_outcomes(passed=1)


@pytest.mark.parametrize("fixture", ["dms", "dms_server"])
def test_a_request_that_was_refused_unseen_fails_the_test(run, fixture: str):
    result = run(f"""
def test_it({fixture}):
    with stranger({fixture}) as client:
        try:
            client.list_user_tenants(ListUserTenantsRequest())
        except DmsError:
            pass  # as code under test might
""")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["ListUserTenants was refused at the gate (SignatureDoesNotMatch) and the test *"])


def test_a_request_that_names_no_operation_is_spoken_of_all_the_same(run):
    result = run("""
import requests

def test_it(dms_server):
    requests.get(dms_server.url, timeout=10)
""")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["A request without an action was refused at the gate (MissingAction) *"])


def test_a_request_that_was_seen_to_be_refused_does_not(run):
    run("""
def test_it(dms):
    with stranger(dms) as client, pytest.raises(SignatureMismatchError):
        client.list_user_tenants(ListUserTenantsRequest())
    assert [entry.code for entry in dms.emulator.journal.refused()] == ["SignatureDoesNotMatch"]
""").assert_outcomes(passed=1)


def test_what_starts_no_backfill_may_fail_as_in_production(run):
    """A no of the service itself is for the code under test to deal with."""
    run("""
def test_it(dms):
    with pytest.raises(InvalidParameterError):
        dms.client.back_fill(BackFillRequest.on(99, "2022-01-01"))
""").assert_outcomes(passed=1)


def test_the_fixtures_are_described(run):
    result = run("", "--fixtures")
    result.stdout.fnmatch_lines(["dms -- *pytest_plugin.py:*", "    A local DMS in this process, new for each test*"])
    result.stdout.fnmatch_lines(["dms_server -- *pytest_plugin.py:*", "    A local DMS over HTTP on a free *"])


def test_projects_that_never_use_it_do_not_pay_for_it():
    """Pytest imports it at every start, in every project of the environment."""
    program = f"import sys, pytest; before = {{*sys.modules}}; import {PLUGIN}; print(*{{*sys.modules}} - before)"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert {*printed.split()} == {"dms_backfill_sdk", "dms_backfill_sdk.version", PLUGIN}

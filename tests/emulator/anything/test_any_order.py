"""Requests that make sense, in no sensible order: four thousand of them, and more."""

import json
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dms_backfill_sdk import RunStatus
from dms_backfill_sdk.operations import FAMILIES


def near(first: int) -> st.SearchStrategy[str]:
    """Ids of which some exist by now."""
    return st.integers(first, first + 4).map(str)


def several(first: int) -> st.SearchStrategy[str]:
    return st.lists(st.integers(first, first + 4), min_size=1, max_size=3).map(json.dumps)


contents = st.sampled_from(
    [
        '{"sql": "select ${bizdate}"}',
        '{"sql": "no SQL"}',
        '{"call": "nothing"}',
        '{"simulate": {"seconds": 0}}',
        '{"simulate": {"seconds": 3, "fails_first": 1}}',
        '{"simulate": {"fails_on": ["2022-01-14"]}}',
        '{"variables":[{"name":"x","pattern":"yyyy-MM-dd|-3d"}]}',
    ]
)
words = st.text(min_size=1, max_size=8)
flags = st.sampled_from(["true", "false"])
dates = st.dates(date(2022, 1, 1), date(2022, 1, 20)).map(str)
statuses = st.integers(0, 5).map(str)
ends = st.fixed_dictionaries({"NodeFrom": st.integers(44001, 44005), "NodeEnd": st.integers(44001, 44005)})
edges = st.lists(ends, min_size=1, max_size=3).map(json.dumps)

flow, node = {"DagId": near(15001)}, {"NodeId": near(44001)}
run = flow | {"DagInstanceId": near(470001)}
edge = {"Id": near(24001), "NodeFrom": near(44001), "NodeEnd": near(44001)}
page = {"PageIndex": near(1), "PageSize": near(1)}
period = {"StartTimeBegin": dates, "StartTimeEnd": dates, "UseBizDate": flags}
some_runs = period | {"Status": statuses, "TriggerType": near(0)}
part = {"StartNodeIds": several(44001), "FilterNodeIds": several(44001), "IsTriggerSubTree": flags}

written = {"NodeContent": contents, "TimeVariables": contents}
span = {"BackFillDateBegin": dates, "BackFillDateEnd": dates}

#: What each call needs, and what it may have besides.
SENSIBLE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("CreateTaskFlow", {"DagName": words}, {"ScenarioId": near(1), "Description": words}),
    ("CreateTask", flow | {"NodeName": words, "NodeType": near(1)}, written),
    ("AddTaskFlowEdges", flow | {"Edges": edges}, {}),
    ("DeleteTaskFlowEdgesByCondition", flow, edge),
    ("ListTaskFlowEdgesByCondition", flow, edge),
    ("UpdateTaskContent", node, {"NodeContent": contents}),
    ("UpdateTaskContentV2", node, {"NodeContent": contents}),
    ("UpdateTaskFlowTimeVariables", flow | {"TimeVariables": contents}, {}),
    ("PublishAndDeployTaskFlow", flow, {"VersionComments": words}),
    ("ReDeployLhDagVersion", flow, {"DagVersion": near(16001)}),
    ("OfflineTaskFlow", flow, {}),
    ("DeleteTask", node, {}),
    ("DeleteTaskFlow", flow, {}),
    ("TryRunTaskFlow", flow, {}),
    ("BackFill", flow | {"BackFillDate": dates}, part | {"HistoryDagId": near(16001)}),
    ("BackFill", flow | span, part | {"Interval": near(23), "Asc": flags}),
    ("ListTaskFlowInstance", flow | page, some_runs),
    *((action, run, {}) for action in FAMILIES["control"][1:]),
    ("ListTaskFlow", {}, {}),
    ("ListTaskFlowsByPage", {}, page | {"SearchKey": words, "ScenarioId": near(1), "DagIdList": several(15001)}),
    ("ListLhTaskFlowAndScenario", {"SpaceId": near(1)}, {"UserId": near(510001)}),
    ("GetLhSpaceByName", {"SpaceName": words | st.just("test_space")}, {}),
    ("GetTaskFlowGraph", flow, {}),
    ("ListTasksInTaskFlow", flow, {}),
    ("GetTask", node, {}),
    ("ListDAGVersions", flow | page, {}),
    ("GetUserActiveTenant", {}, {"Tid": near(3001)}),
    ("ListUserTenants", {}, {}),
]

steps = st.sampled_from(SENSIBLE).flatmap(
    lambda call: st.tuples(st.just(call[0]), st.fixed_dictionaries(call[1], optional=call[2]), st.integers(0, 5))
)
switches = st.fixed_dictionaries(
    {
        "range_creates": st.sampled_from(["runs", "parent"]),
        "after_failure": st.sampled_from(["stop", "continue"]),
        "filtered": st.sampled_from(["succeed", "absent"]),
        "refusals": st.sampled_from(["body", "http"]),
    }
)


def test_there_is_a_sensible_request_for_every_operation():
    assert {action for action, _, _ in SENSIBLE} == {action for family in FAMILIES.values() for action in family}


@settings(
    max_examples=250, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(switches, st.lists(steps, min_size=16, max_size=40))
def test_requests_that_make_sense_in_no_sensible_order(new_victim, chosen, sequence):
    victim = new_victim(**chosen)
    for action, query, seconds in sequence:
        # Made as the service would have it, so each is understood.
        assert not victim.ask(action, query).get("Code", "").startswith(("Missing", "InvalidApi"))
        victim.clock.advance(timedelta(seconds=seconds))
    victim.clock.advance(timedelta(days=2))
    for flow in victim.emulator.state()["flows"]:
        assert flow["runs"].keys() <= {status.name for status in RunStatus}
    victim.emulator.close()

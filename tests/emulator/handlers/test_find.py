import json

import pytest

from dms_backfill_sdk.emulator.world import Tenant
from dms_backfill_sdk.operations import catalogue
from dms_backfill_sdk.operations.find import (
    GetLhSpaceByNameRequest,
    GetUserActiveTenantRequest,
    ListLhTaskFlowAndScenarioRequest,
    ListTaskFlowRequest,
    ListTaskFlowsByPageRequest,
    ListUserTenantsRequest,
)


def test_a_flow_says_how_its_newest_run_that_began_stands(lab):
    fresh, busy = lab.flow("fresh", publish=False), lab.flow("busy", load={"seconds": 10})
    lab.back_fill(busy, "2022-01-14", "2022-01-20")
    lab.wait(15)
    first, second = lab.ask(ListTaskFlowRequest()).task_flow_list
    assert first == catalogue.Flow(
        id=fresh.id,
        creator_id="510001",
        creator_nick_name="Owner_NickName",
        dag_owner_nick_name="Owner_NickName",
        status=0,
    )
    assert (second.id, second.deploy_id, second.status) == (busy.id, 65001, 1)
    assert (second.latest_instance_status, second.latest_instance_time) == (1, "2022-10-01")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({}, ["daily_sales", "daily_costs", "Weekly_Sales"]),
        ({"search_key": "sales"}, ["daily_sales", "Weekly_Sales"]),
        ({"scenario_id": 7}, ["Weekly_Sales"]),
        ({"dag_id_list": [15002, 15003, 1]}, ["daily_costs", "Weekly_Sales"]),
        ({"search_key": "nothing"}, []),
        ({"page_index": 1, "page_size": 2}, ["daily_sales", "daily_costs"]),
        ({"page_index": 2, "page_size": 2}, ["Weekly_Sales"]),
        ({"page_index": 3, "page_size": 2}, []),
        ({"page_index": 2**62, "page_size": 2**62}, []),
    ],
)
def test_flows_are_searched_page_by_page(lab, search, found):
    lab.flow("daily_sales")
    lab.flow("daily_costs")
    lab.world.create_flow("Weekly_Sales", scenario_id=7, description="weeks")
    answer = lab.ask(ListTaskFlowsByPageRequest(**search))
    assert [flow.dag_name for flow in answer.task_flow_list] == found
    assert answer.total_count == (3 if "page_index" in search else len(found))
    assert all(flow.scenario_id == (7 if flow.description else None) for flow in answer.task_flow_list)


def test_without_a_page_the_first_ten_flows_come(lab):
    for number in range(11):
        lab.flow(f"flow {number}")
    answer = lab.ask(ListTaskFlowsByPageRequest())
    assert (len(answer.task_flow_list), answer.total_count) == (10, 11)


def test_flows_of_a_space_come_by_scenario(lab):
    plain, filed = lab.flow("plain", load={}), lab.world.create_flow("filed", scenario_id=7)
    lab.run(plain)
    space = lab.ask(GetLhSpaceByNameRequest(space_name="test_space")).lakehouse_space
    assert (space.id, space.tenant_id, json.loads(space.space_config)["skipPublishApprove"]) == (1, 3001, True)
    answer = lab.ask(ListLhTaskFlowAndScenarioRequest(space_id=space.id))
    (raw,) = answer.raw_daglist
    assert (raw.id, raw.dag_name, raw.space_id, raw.latest_instance_time) == (plain.id, "plain", 1, "2022-10-01")
    (scenario,) = answer.scenario_daglist
    assert (scenario.scenario.scenario_name, [flow.id for flow in scenario.dag_list]) == ("7", [filed.id])
    mine = lab.ask(ListLhTaskFlowAndScenarioRequest(space_id=1, user_id=510001))
    assert mine == answer
    others = lab.ask(ListLhTaskFlowAndScenarioRequest(space_id=1, user_id=1))
    assert (others.raw_daglist, others.scenario_daglist) == ([], [])


def test_the_first_tenant_is_the_active_one(lab):
    lab.world.tenants[3002] = Tenant(3002, "other")
    assert lab.ask(GetUserActiveTenantRequest()).tenant == catalogue.Tenant(
        tid=3001, tenant_name="test_name", status="ACTIVE"
    )
    tenants = lab.ask(ListUserTenantsRequest()).tenant_list
    assert [(tenant.tid, tenant.status) for tenant in tenants] == [(3001, "ACTIVE"), (3002, "IN_ACTIVE")]

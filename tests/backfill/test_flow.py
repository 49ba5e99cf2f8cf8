"""A task flow, looked up once."""

import pytest

from dms_backfill_sdk import CreateTaskFlowRequest, InvalidRequestError, ServiceError, TaskFlow


@pytest.mark.parametrize("how", ["name", "id", "digits"])
def test_a_flow_is_found_by_its_name_or_its_id(lab, how):
    lab.flow("weekly_sales")
    flow = lab.flow("daily_sales")
    found = lab.client.task_flow({"name": "daily_sales", "id": flow.id, "digits": str(flow.id)}[how])
    assert (found.id, found.name, found.version) == (flow.id, "daily_sales", flow.versions[-1].id)
    assert list(found.node_names.values()) == ["load", "sum", "mail"]
    load, total, mail = found.node_names
    assert found.graph.edges == ((load, total), (total, mail))


def test_a_flow_shows_what_it_is(lab):
    flow = lab.flow()
    assert repr(lab.client.task_flow(flow.id)) == (
        f"TaskFlow(id={flow.id}, name='daily_sales', version={flow.versions[0].id}, tid=None)"
    )


def test_a_name_of_digits_is_a_name_first(lab):
    first = lab.flow("daily_sales")
    second = lab.flow(str(first.id))
    assert lab.client.task_flow(str(first.id)).id == second.id
    assert lab.client.task_flow(first.id).id == first.id


def test_a_name_within_others_is_the_one_that_is_meant(lab):
    lab.flow("daily_sales_2")
    flow = lab.flow("daily_sales")
    assert lab.client.task_flow("daily_sales").id == flow.id


def test_a_name_that_several_have_lists_their_ids(lab):
    ids = [lab.flow("daily_sales").id for _ in range(2)]
    with pytest.raises(InvalidRequestError) as refused:
        lab.client.task_flow("daily_sales")
    assert str(refused.value) == (f"2 task flows are named 'daily_sales'; write the id of one: {ids[0]}, {ids[1]}.")


UNKNOWN = [
    (["daily_sales", "weekly_sales", "users"], "daly_sales", "near ones are 'daily_sales', 'weekly_sales'."),
    (["b", "a", "c", "d", "e", "f"], "zzzzzz", "near ones are 'a', 'b', 'c', 'd', 'e'."),
    ([], "daily_sales", "there is none at all."),
    (["daily_sales"], "", "near ones are 'daily_sales'."),
]


@pytest.mark.parametrize(("names", "written", "hint"), UNKNOWN)
def test_a_name_that_none_has_lists_the_near_ones(lab, names, written, hint):
    for name in names:
        lab.flow(name)
    with pytest.raises(InvalidRequestError) as refused:
        lab.client.task_flow(written)
    assert str(refused.value) == f"There is no task flow {written!r}; {hint}"


def test_an_id_that_none_has_is_refused_by_the_service(lab):
    with pytest.raises(ServiceError, match="does not exist or you have no permission"):
        lab.client.task_flow(99_999)


def test_a_flow_is_found_among_many_pages_of_them(lab):
    for place in range(250):
        lab.emulator.world.create_flow(f"daily_sales {place}")
    flow = lab.flow("daily_sales")
    assert lab.client.task_flow("daily_sales").id == flow.id


def test_a_search_that_does_not_find_the_name_is_no_proof_that_there_is_none(lab):
    flow = lab.flow()

    def fussy(action, parameters, body):
        if action == "ListTaskFlowsByPage" and "SearchKey" in parameters:
            body |= {"TaskFlowList": {"TaskFlow": []}, "TotalCount": 0}

    lab.wire.change = fussy
    assert lab.client.task_flow("daily_sales").id == flow.id


@pytest.mark.parametrize("oldest_first", [True, False])
def test_the_newest_of_many_versions_is_the_flows(lab, oldest_first):
    flow = lab.flow()
    for _ in range(150):
        lab.emulator.world.publish(flow)

    def ordered(action, parameters, body):
        if action == "ListDAGVersions" and oldest_first:
            versions = [{"VersionId": version.id} for version in flow.versions]
            index = int(parameters["PageIndex"])
            body["DagVersionList"]["DagVersion"] = versions[20 * (index - 1) : 20 * index]

    lab.wire.change = ordered
    assert lab.client.task_flow(flow.id).version == flow.versions[-1].id


def test_a_flow_that_was_never_published_has_no_version(lab):
    assert lab.client.task_flow(lab.flow(publish=False).id).version is None


def test_a_flow_without_nodes_is_a_flow(lab):
    flow = lab.client.task_flow(lab.client.create_task_flow(CreateTaskFlowRequest(dag_name="empty")).dag_id)
    assert flow.plan(on="2022-01-01").nodes() == {}


def test_a_client_finds_flows_as_the_class_does(lab):
    flow = lab.flow()
    assert TaskFlow.find(lab.client, "daily_sales").id == lab.client.task_flow("daily_sales").id == flow.id


# -- nodes -----------------------------------------------------------------------------------------------------------


def test_nodes_are_named_by_name_or_id(lab):
    flow = lab.client.task_flow(lab.flow().id)
    load = next(iter(flow.node_names))
    assert flow.node_id("load") == flow.node_id(load) == flow.node_id(str(load)) == load


UNKNOWN_NODES = [("lod", "near ones are 'load'."), (7, "near ones are 'load', 'mail', 'sum'.")]


@pytest.mark.parametrize(("written", "hint"), UNKNOWN_NODES)
@pytest.mark.parametrize("argument", ["start", "skip"])
def test_a_node_that_there_is_not_lists_the_near_ones(lab, argument, written, hint):
    flow = lab.client.task_flow(lab.flow().id)
    with pytest.raises(InvalidRequestError) as refused:
        flow.plan(on="2022-01-01", **{argument: [written]})
    assert str(refused.value) == f"There is no node '{written}' in daily_sales; {hint}"


def test_a_node_name_that_several_have_lists_their_ids(lab):
    flow = lab.flow(nodes={"load": {}})
    twin = lab.emulator.world.add_node(flow, "load").id
    found = lab.client.task_flow(flow.id)
    with pytest.raises(InvalidRequestError) as refused:
        found.plan(on="2022-01-01", start=["load"])
    assert str(refused.value) == f"2 nodes are named 'load'; write the id of one: {twin - 1}, {twin}."
    # Each stands in the plan, under its id.
    assert list(found.plan(on="2022-01-01", start=[twin]).nodes()) == [f"load ({twin - 1})", f"load ({twin})"]


@pytest.mark.parametrize("argument", ["start", "skip"])
def test_one_node_alone_is_still_a_list(lab, argument):
    flow = lab.client.task_flow(lab.flow().id)
    with pytest.raises(InvalidRequestError) as refused:
        flow.plan(on="2022-01-01", **{argument: "load"})
    assert str(refused.value) == f"{argument}= takes several nodes; write {argument}=['load']."


# -- recent runs -----------------------------------------------------------------------------------------------------


def test_the_latest_runs_come_newest_first(lab):
    flow = lab.flow(nodes={"load": {"seconds": 60}})
    lab.ran(flow, "2022-01-01", "2022-01-03")
    lab.start(flow, "2022-01-07", "2022-01-08")
    lab.wait(1)
    found = lab.client.task_flow(flow.id)
    # What has not begun is the newest of all.
    assert [run.business_time.day for run in found.recent_runs()] == [8, 7, 3, 2, 1]
    assert [run.business_time.day for run in found.recent_runs(2)] == [8, 7]


def test_more_runs_than_a_page_holds_are_fetched_page_by_page(lab, paged):
    flow = lab.flow(nodes={"load": {"seconds": 0}})
    lab.ran(flow, "2022-01-01", "2022-03-01")
    found = lab.client.task_flow(flow.id)
    lab.wire.change = paged(20, oldest_first=False)
    asked = lab.asked("ListTaskFlowInstance")
    assert len({run.id for run in found.recent_runs(50)}) == 50
    assert lab.asked("ListTaskFlowInstance") == asked + 3

import pickle
from datetime import datetime

import pytest

from dms_backfill_sdk.dates import CHINA, BusinessTimes, business_date
from dms_backfill_sdk.emulator.flows import Flow, Node
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.emulator.runs import shape_of
from dms_backfill_sdk.emulator.world import Tenant, World
from dms_backfill_sdk.operations.terms import FlowStatus


@pytest.fixture
def world() -> World:
    return World(datetime(2022, 10, 1, tzinfo=CHINA))


@pytest.fixture
def flow(world: World) -> Flow:
    """a → b → c, and d by itself."""
    flow = world.create_flow("daily_sales")
    for name in "abcd":
        world.add_node(flow, name)
    a, b, c, _ = flow.nodes
    world.add_edges(flow, [(a, b), (b, c)])
    return flow


def pairs(flow: Flow) -> list[str]:
    names = {node.id: node.name for node in flow.nodes.values()}
    return [names[edge.start] + names[edge.end] for edge in flow.edges.values()]


# ---------------------------------------------------------------------------------------------------------------
# Finding


def test_ids_tell_what_they_are_of(world: World, flow: Flow):
    version = world.publish(flow)
    assert (flow.id, next(iter(flow.nodes)), next(iter(flow.edges))) == (15001, 44001, 24001)
    assert (version.id, flow.deploy_id) == (16001, 65001)


def test_a_flow_that_there_is_not_is_refused(world: World):
    with pytest.raises(Refusal) as refusal:
        world.flow(15001)
    assert refusal.value.code == "InvalidParameterValid"
    assert str(refusal.value) == "The task flow does not exist or you have no permission."


def test_a_tenant_that_there_is_not_is_refused(world: World):
    with pytest.raises(Refusal, match=r"The specified tenant does not exist\.") as refusal:
        world.flows_of(3002)
    assert refusal.value.code == "TenantNotExist"


def test_what_is_in_one_tenant_is_not_in_another(world: World, flow: Flow):
    world.tenants[3002] = Tenant(3002, "other")
    other = world.create_flow("other", tenant=3002)
    node = world.add_node(other, "a")
    assert (world.flows_of(), world.flows_of(3001), world.flows_of(3002)) == ([flow], [flow], [other])
    assert world.flow(other.id, 3002) is other
    for find in (
        lambda: world.flow(other.id),
        lambda: world.flow(flow.id, 3002),
        lambda: world.node(node.id),
        lambda: world.space("test_space", 3002),
    ):
        with pytest.raises(Refusal):
            find()


def test_a_space_is_found_by_id_and_by_name(world: World):
    assert world.space(1) is world.space("test_space")
    with pytest.raises(Refusal, match=r"There is no workspace 'tset_space' in the tenant; it may be misspelt\."):
        world.space("tset_space")


# ---------------------------------------------------------------------------------------------------------------
# Authoring


def test_a_tenant_holds_five_thousand_flows(world: World):
    for number in range(5000):
        world.create_flow(f"flow {number}")
    with pytest.raises(Refusal, match="The tenant has 5000 task flows, and that is the most it can have"):
        world.create_flow("one more")
    world.tenants[3002] = Tenant(3002, "other")
    world.create_flow("one more", tenant=3002)
    world.delete_flow(world.flows_of()[0])
    world.create_flow("one more")


def test_a_flow_holds_a_hundred_nodes(world: World):
    flow = world.create_flow("large")
    nodes = [world.add_node(flow, f"node {number}") for number in range(100)]
    with pytest.raises(Refusal, match="The task flow has 100 nodes, and that is the most it can have"):
        world.add_node(flow, "one more")
    world.delete_node(flow, nodes[0])
    world.add_node(flow, "one more")


@pytest.mark.parametrize(
    ("given", "name", "number"),
    [
        ("1", "NORMAL_SQL", 1),
        ("36", "SPARK_SQL", 36),
        ("SPARK_SQL", "SPARK_SQL", 36),
        ("DTS_FULL_SYNC", "DTS_FULL_SYNC", None),
        ("99", "99", 99),
    ],
)
def test_a_node_type_is_given_by_number_or_by_name(given: str, name: str, number: int | None):
    node = Node(id=1, name="a", type=given)
    assert (node.type, node.type_number) == (name, number)


@pytest.mark.parametrize("given", ["", "SQL", "spark_sql", "-1", "1.5", "٣", "9" * 5000])
def test_a_node_type_that_there_is_not_is_refused(given: str):
    with pytest.raises(Refusal, match="is no node type; write a number such as '1', or a name such as 'NORMAL_SQL'"):
        Node(id=1, name="a", type=given)


def test_time_variables_that_cannot_be_read_are_refused(world: World, flow: Flow):
    with pytest.raises(Refusal, match="TimeVariables cannot be read"):
        world.add_node(flow, "e", time_variables="yesterday")
    with pytest.raises(Refusal, match="TimeVariables cannot be read"):
        flow.time_variables = "yesterday"
    assert len(flow.nodes) == 4
    assert flow.time_variables == ""


@pytest.mark.parametrize(
    ("edges", "sentence"),
    [
        ("da ca", "The edges form a ring: "),
        ("da dd", "The edges form a ring: "),
        ("da ab", "There is an edge from node 44001 to node 44002 already."),
        ("da cd cd", "There is an edge from node 44003 to node 44004 already."),
        ("da xa", "Node 1 is not in the task flow; an edge joins two of its nodes."),
        ("da ax", "Node 1 is not in the task flow; an edge joins two of its nodes."),
    ],
)
def test_edges_are_added_all_or_none(world: World, flow: Flow, edges: str, sentence: str):
    ids = {"x": 1} | {node.name: node.id for node in flow.nodes.values()}
    with pytest.raises(Refusal) as refusal:
        world.add_edges(flow, [(ids[start], ids[end]) for start, end in edges.split()])
    assert sentence in str(refusal.value)
    assert pairs(flow) == ["ab", "bc"]


def test_a_node_takes_its_edges_along(world: World, flow: Flow):
    b = list(flow.nodes.values())[1]
    world.delete_node(flow, b)
    assert pairs(flow) == []
    with pytest.raises(Refusal, match="The node does not exist"):
        world.node(b.id)


def test_edges_are_found_by_what_is_given(flow: Flow):
    a, b, c, _ = flow.nodes
    ab, bc = flow.edges.values()
    assert flow.edges_where() == [ab, bc]
    assert flow.edges_where(edge_id=bc.id) == flow.edges_where(start=b) == flow.edges_where(end=c) == [bc]
    assert flow.edges_where(start=a, end=b) == [ab]
    assert flow.edges_where(edge_id=ab.id, end=c) == []


# ---------------------------------------------------------------------------------------------------------------
# Versions


def test_a_version_stays_as_it_was_published(world: World, flow: Flow):
    a, *_, d = flow.nodes
    before = world.publish(flow, "first")
    world.write_content(flow, flow.nodes[a], '{"sql": "select 2"}')
    world.delete_node(flow, flow.nodes[d])
    flow.time_variables = '{"variables":[{"name":"day","pattern":"dd"}]}'
    after = world.publish(flow)
    assert (before.nodes[a].content, len(before.nodes), before.time_variables) == ("", 4, "")
    assert (after.nodes[a].content, len(after.nodes)) == ('{"sql": "select 2"}', 3)
    assert (before.id, before.last_id, before.comments) == (16001, None, "first")
    assert (after.id, after.last_id, after.comments) == (16002, 16001, "")


def test_the_version_that_was_deployed_last_runs_when_none_is_named(world: World, flow: Flow):
    old, new = world.publish(flow), world.publish(flow)
    assert flow.version(None) is new
    assert flow.version(old.id) is old
    world.redeploy(flow, old.id)
    assert flow.version(None) is old
    world.redeploy(flow)
    assert flow.version(None) is new
    assert flow.deploy_id == 65004


@pytest.mark.parametrize("version", [None, 16001])
def test_a_flow_runs_only_while_it_is_published_and_online(world: World, flow: Flow, version: int | None):
    def refused() -> bool:
        with pytest.raises(Refusal, match="The task flow is not published, or it is offline; publish it with"):
            flow.version(version)
        return flow.status is FlowStatus.INVALID

    assert refused()
    world.publish(flow)
    assert flow.version(version).id == 16001
    assert flow.status is FlowStatus.NOT_SCHEDULED
    world.take_offline(flow)
    assert refused()
    world.redeploy(flow)
    assert flow.version(version).id == 16001


def test_a_version_that_there_is_not_is_refused(world: World, flow: Flow):
    with pytest.raises(Refusal, match="The task flow has no such version"):
        world.redeploy(flow)
    world.publish(flow)
    with pytest.raises(Refusal, match="The task flow has no version 16002; ListDAGVersions lists those it has"):
        flow.version(16002)
    with pytest.raises(Refusal, match="The task flow has no such version"):
        world.redeploy(flow, 16002)


def test_a_flow_that_is_offline_cannot_be_taken_offline(world: World, flow: Flow):
    with pytest.raises(Refusal, match="it is offline already"):
        world.take_offline(flow)


# ---------------------------------------------------------------------------------------------------------------
# Runs


def test_the_runs_of_a_flow_go_with_it(world: World, flow: Flow):
    keeps = world.create_flow("keeps")
    times = BusinessTimes(business_date("2022-01-14"), business_date("2022-01-16"))
    for one in (flow, keeps):
        world.record_series(one, shape_of(world.publish(one)), times, parent=None)
    run = world.runs_of(flow)[0]
    world.delete_flow(flow)
    assert len(world.runs) == 3
    with pytest.raises(Refusal, match=f"The task flow has no run {run.id}; ListTaskFlowInstance lists those it has"):
        world.run(keeps, run.id)


def test_a_run_is_found_only_in_its_own_flow(world: World, flow: Flow):
    other = world.create_flow("other")
    shape = shape_of(world.publish(flow))
    run = world.record_series(flow, shape, [world.now], parent=None).runs[0]
    assert world.run(flow, run.id) is run
    with pytest.raises(Refusal, match="The task flow has no run"):
        world.run(other, run.id)


def test_a_node_that_a_version_lacks_is_refused(world: World, flow: Flow):
    version = world.publish(flow)
    added = world.add_node(flow, "too late")
    for choice in ({"start": [added.id]}, {"skip": [added.id]}):
        with pytest.raises(Refusal, match=f"Node {added.id} is not in version 16001 of the task flow"):
            shape_of(version, **choice)


def test_the_whole_world_survives_pickling(new_lab):
    lab = new_lab()
    flow = lab.flow(a={"sql": "select 1"}, b={"simulate": {"fails_first": 1}, "after": ["a"]})
    series = lab.back_fill(flow, "2022-01-14", "2022-01-20")
    lab.wait(5)
    lab.engine.world = lab.world = pickle.loads(pickle.dumps(lab.world))
    again = lab.world.runs[series.runs[0].id]
    assert lab.statuses(again) == {"a": "SUCCESS", "b": "FAILED"}
    lab.engine.rerun(again)
    lab.wait(2)
    assert again.status.name == "SUCCESS"
    assert lab.world.runs_of(lab.world.flow(flow.id))[1].status.name == "RUNNING"
    lab.workshop.database.close()

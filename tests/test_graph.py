from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.graph import Part, Selection, TaskGraph

#     1
#    / \
#   2   3   5
#    \ /
#     4
DIAMOND = TaskGraph(nodes=[1, 2, 3, 4, 5], edges=[(1, 2), (1, 3), (2, 4), (3, 4)])
CHAIN = TaskGraph(nodes=[1, 2, 3, 4], edges=[(1, 2), (2, 3), (3, 4)])


@st.composite
def graphs(draw: st.DrawFn) -> TaskGraph:
    """A graph without rings: edges lead from small to big, and then the names are shuffled."""
    size = draw(st.integers(0, 8))
    pairs = [(start, end) for end in range(size) for start in range(end)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    names = draw(st.permutations(range(1, size + 1)))
    return TaskGraph([*sorted(names)], [(names[start], names[end]) for start, end in edges])


@st.composite
def selections(draw: st.DrawFn) -> Selection:
    graph = draw(graphs())
    some = st.sets(st.sampled_from(graph.nodes)) if graph.nodes else st.just(set())
    return graph.select(draw(st.none() | some), downstream=draw(st.booleans()), skip=draw(some))


def reachable(graph: TaskGraph, start: int, end: int) -> bool:
    """Whether a way of edges leads from one to the other: the definition, slowly."""
    return any(child == end or reachable(graph, child, end) for child in graph.children[start])


# ---------------------------------------------------------------------------------------------------------------
# The graph


def test_neighbours_are_known_in_both_directions():
    assert DIAMOND.children == {1: (2, 3), 2: (4,), 3: (4,), 4: (), 5: ()}
    assert DIAMOND.parents == {1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: ()}


def test_a_graph_without_nodes_has_nothing_to_do():
    empty = TaskGraph(())
    assert empty.order == ()
    assert empty.select().running == ()
    assert empty.longest_path({}) == 0


@given(graphs())
def test_the_order_has_every_node_once_and_keeps_every_edge(graph: TaskGraph):
    assert sorted(graph.order) == sorted(graph.nodes)
    place = {node: place for place, node in enumerate(graph.order)}
    assert all(place[start] < place[end] for start, end in graph.edges)


@pytest.mark.parametrize(
    "edges",
    [[(1, 1)], [(1, 2), (2, 1)], [(1, 2), (2, 3), (3, 4), (4, 2)]],
    ids=["to itself", "there and back", "around three, off the start"],
)
def test_a_ring_has_no_order(edges: list[tuple[int, int]]):
    with pytest.raises(ValueError, match=r"The edges form a ring: \d( → \d)+\.") as ring:
        _ = TaskGraph([1, 2, 3, 4], edges).order
    around = [int(name) for name in str(ring.value).split(": ")[1].rstrip(".").split(" → ")]
    assert around[0] == around[-1]
    assert all(step in edges for step in pairwise(around))


@given(st.data())
def test_below_a_node_is_all_that_waits_for_it_near_or_far(data: st.DataObject):
    graph = data.draw(graphs().filter(lambda graph: graph.nodes))
    starts = data.draw(st.sets(st.sampled_from(graph.nodes)))
    expected = {node for node in graph.nodes if node in starts or any(reachable(graph, one, node) for one in starts)}
    assert graph.below(starts) == expected


def test_a_graph_ten_thousand_nodes_deep_is_no_deeper_than_memory():
    deep = TaskGraph(range(10_000), pairwise(range(10_000)))
    assert len(deep.below([0])) == 10_000
    assert deep.longest_path(dict.fromkeys(range(10_000), 1)) == 10_000


# ---------------------------------------------------------------------------------------------------------------
# What a request means


@pytest.mark.parametrize(
    ("start", "downstream", "skip", "running"),
    [
        (None, True, (), {1, 2, 3, 4, 5}),
        (None, False, (), {1, 2, 3, 4, 5}),
        ([1], True, (), {1, 2, 3, 4}),
        ([2], True, (), {2, 4}),
        ([2, 5], True, (), {2, 4, 5}),
        ([2], False, (), {2}),
        ([1, 4], False, (), {1, 4}),
        (None, True, [1], {2, 3, 4, 5}),
        ([1], True, [2], {1, 3, 4}),
        ([5], True, [1], {5}),
        (None, True, [1, 2, 3, 4, 5], set()),
        ([], True, (), set()),
    ],
)
def test_which_nodes_a_request_runs(start, downstream, skip, running):
    assert set(DIAMOND.select(start, downstream=downstream, skip=skip).running) == running


def test_every_node_has_its_part():
    parts = CHAIN.select([2], skip=[3]).parts
    assert parts == {1: Part.OUTSIDE, 2: Part.RUNS, 3: Part.FILTERED, 4: Part.RUNS}


@pytest.mark.parametrize("request_", [{"start": [9]}, {"skip": [9]}, {"start": [1, 9], "skip": [2]}])
def test_a_node_that_is_not_in_the_graph_is_named(request_):
    with pytest.raises(KeyError) as unknown:
        DIAMOND.select(**request_)
    assert unknown.value.args == (9,)


def test_a_node_that_does_not_run_hands_on_what_it_waits_for():
    assert CHAIN.select(skip=[2, 3]).waits_for == {1: (), 4: (1,)}
    assert CHAIN.select([1, 4], downstream=False).waits_for == {1: (), 4: (1,)}
    assert DIAMOND.select(skip=[2, 3]).waits_for == {1: (), 4: (1,), 5: ()}


def test_nobody_waits_for_what_does_not_run():
    assert CHAIN.select([3]).waits_for == {3: (), 4: (3,)}


@given(selections())
def test_running_nodes_wait_for_running_nodes_only_and_keep_the_order_of_the_graph(selection: Selection):
    running = set(selection.running)
    assert selection.waits_for.keys() == running
    for node in running:
        ahead = selection.waits_for[node]
        assert running.issuperset(ahead)
        assert len(set(ahead)) == len(ahead)
        # Whatever runs and stands above it comes before it, through any number of nodes that do not run.
        assert above(selection, node) == {one for one in running if reachable(selection.graph, one, node)}


def above(selection: Selection, node: int) -> set[int]:
    """All that a running node waits for, near or far."""
    found: set[int] = set()
    ahead = list(selection.waits_for[node])
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead.extend(selection.waits_for[one])
    return found


# ---------------------------------------------------------------------------------------------------------------
# How long it takes


@pytest.mark.parametrize(
    ("weights", "longest"),
    [
        ({1: 1, 2: 10, 3: 2, 4: 1}, 12),
        ({1: 1, 2: 1, 3: 2, 4: 1, 5: 100}, 100),
        ({}, 0),
        ({4: 2.5}, 2.5),
    ],
)
def test_the_longest_path_is_the_least_time_a_run_takes(weights: dict[int, float], longest: float):
    assert DIAMOND.longest_path(weights) == longest

"""Where the nodes of a drawing stand."""

from collections import defaultdict
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.graph import TaskGraph
from dms_backfill_sdk.render.layers import layered, layers


@st.composite
def graphs(draw, most=30):
    """Graphs without rings: edges lead from earlier nodes to later ones, in an order that the ids do not have."""
    count = draw(st.integers(0, most))
    nodes = draw(st.permutations(range(1, count + 1)))
    pairs = st.tuples(st.integers(0, max(count - 1, 0)), st.integers(0, max(count - 1, 0)))
    drawn = draw(st.lists(pairs, max_size=2 * count)) if count else []
    edges = [(nodes[min(pair)], nodes[max(pair)]) for pair in drawn if pair[0] != pair[1]]
    return TaskGraph(draw(st.permutations(nodes)), edges)


def laid_out(graph, room=38):
    return layered(graph, lambda node: room + node % 3, passing=14)


def slots(graph, layout, room=38):
    """For each layer, what stands in it: its middle and the room that it needs."""
    found = defaultdict(list)
    for node in graph.nodes:
        found[layout.layer[node]].append((layout.place[node], room + node % 3))
    for (start, _), bends in layout.bends.items():
        for number, bend in enumerate(bends, layout.layer[start] + 1):
            found[number].append((bend, 14))
    return found


@given(graphs())
def test_every_edge_leads_to_a_later_layer(graph):
    layer = layers(graph)
    assert set(layer) == set(graph.nodes)
    assert min(layer.values(), default=0) == 0
    assert all(layer[start] < layer[end] for start, end in graph.edges)


@given(graphs())
def test_nothing_overlaps_and_no_edge_runs_through_a_node(graph):
    layout = laid_out(graph)
    for there in slots(graph, layout).values():
        for (one, its_room), (other, others_room) in combinations(there, 2):
            assert abs(one - other) >= (its_room + others_room) / 2 - 1e-6
        assert min(middle - need / 2 for middle, need in there) >= -1e-6
        assert max(middle + need / 2 for middle, need in there) <= layout.extent + 1e-6


@given(graphs())
def test_an_edge_passes_every_layer_on_its_way(graph):
    layout = laid_out(graph)
    assert set(layout.bends) == set(graph.edges)
    for (start, end), bends in layout.bends.items():
        assert len(bends) == layout.layer[end] - layout.layer[start] - 1


@given(graphs())
def test_the_same_graph_is_drawn_the_same_again(graph):
    assert laid_out(graph) == laid_out(TaskGraph(graph.nodes, graph.edges))


@given(st.data())
def test_a_tree_is_drawn_without_a_crossing(data):
    count = data.draw(st.integers(2, 25))
    nodes = data.draw(st.permutations(range(1, count + 1)))
    edges = [(nodes[data.draw(st.integers(0, number - 1))], nodes[number]) for number in range(1, count)]
    layout = laid_out(TaskGraph(nodes, edges))
    ends = [(layout.layer[start], layout.place[start], layout.place[end]) for start, end in layout.bends]
    for (layer, start, end), (other_layer, other_start, other_end) in combinations(ends, 2):
        if layer == other_layer and start != other_start:
            assert (start < other_start) == (end < other_end)


def test_a_chain_is_one_straight_line():
    nodes = range(1, 40)
    layout = laid_out(TaskGraph(nodes, list(pairwise(nodes))))
    assert len({round(place, 6) for place in layout.place.values()}) == 1


def test_a_crossing_that_need_not_be_is_removed():
    # As they are given, the lines cross three times.
    layout = layered(TaskGraph([1, 2, 3, 4, 5, 6], [(1, 6), (2, 5), (3, 4)]), lambda _: 38, passing=14)
    assert all(layout.place[start] == layout.place[end] for start, end in layout.bends)


def test_a_long_edge_is_straight_between_its_ends():
    layout = laid_out(TaskGraph([1, 2, 3, 4, 5, 6], [(1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (1, 6)]))
    assert len({round(bend, 6) for bend in layout.bends[1, 6]}) == 1


def test_what_waits_for_nothing_stands_right_before_what_waits_for_it():
    assert layers(TaskGraph([1, 2, 3, 4], [(1, 2), (2, 3), (4, 3)]))[4] == 1


def test_the_middle_is_where_the_others_are():
    layout = laid_out(TaskGraph([3, 6, 9, 12], [(3, 6), (3, 9), (3, 12)]), room=40)
    assert [layout.place[node] for node in (6, 9, 12)] == sorted(layout.place[node] for node in (6, 9, 12))
    assert layout.place[3] == pytest.approx(layout.place[9])


def test_a_ring_cannot_be_drawn():
    with pytest.raises(ValueError, match="ring"):
        laid_out(TaskGraph([1, 2], [(1, 2), (2, 1)]))


def test_two_edges_between_the_same_nodes_are_one():
    assert list(laid_out(TaskGraph([1, 2], [(1, 2), (1, 2)])).bends) == [(1, 2)]

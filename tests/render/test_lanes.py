"""A graph as text: whoever follows the lines finds the edges, all of them and no others."""

from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.graph import TaskGraph
from dms_backfill_sdk.render.lanes import lanes

DOWN, SIDEWAYS = "│┤├┼╮╭┬", "┤├┼╯╰┴╮╭┬"


@st.composite
def graphs(draw) -> TaskGraph:
    count = draw(st.integers(0, 9))
    pairs = [(start, end) for end in range(count) for start in range(end)]
    return TaskGraph(range(count), draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else [])


def followed(graph: TaskGraph) -> dict[int, set[int]]:
    """For each node those that lines lead from, as somebody sees it who knows only the drawing."""
    found: dict[int, set[int]] = {}
    along: dict[int, set[int]] = {}  # for each lane, whose lines run in it
    node = lane = None
    for row in lanes(graph):
        drawn = f"{row.left}{'●' if row.node is not None else ''}{row.right}"
        places = dict(enumerate(drawn[::2]))
        if row.node is not None:
            node, lane = row.node, len(row.left) // 2
            found[node] = along.get(lane, set())
            places[lane] = "│"
            along[lane] = {node}
        elif "─" in drawn:
            for place, corner in places.items():
                if place != lane and corner in SIDEWAYS and corner in DOWN:
                    along[place] = along.get(place, set()) | {node}
        along = {place: whose for place, whose in along.items() if places.get(place, " ") in DOWN}
    return found


@given(graphs())
def test_the_lines_are_the_edges(graph):
    assert followed(graph) == {node: set(graph.parents[node]) for node in graph.nodes}


@given(graphs())
def test_nodes_stand_below_all_that_they_wait_for(graph):
    assert tuple(row.node for row in lanes(graph) if row.node is not None) == graph.order


def test_a_flow_that_fans_out_needs_a_lane_for_each_branch():
    graph = TaskGraph(range(12), [(0, branch) for branch in range(1, 11)] + [(branch, 11) for branch in range(1, 11)])
    assert max(row.width for row in lanes(graph)) == 2 * 10 - 1

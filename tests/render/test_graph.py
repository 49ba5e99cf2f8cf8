"""A task graph as a picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.render.graph import Box, graph

MEANINGS = {"runs": "runs", "filtered": "filtered out by the request", "outside": "neither a start node nor below one"}
CHAIN = {
    1: Box("load", "outside", "not below a start node"),
    2: Box("sum", "runs"),
    3: Box("mail", "filtered", "left out"),
}


def drawn(boxes, edges):
    return graph(boxes, edges, label="Nodes of daily_sales", meanings=MEANINGS)


def corners(rect):
    x, y, width, height = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


@st.composite
def pictures(draw):
    count = draw(st.integers(1, 20))
    styles = st.sampled_from(["runs", "filtered", "outside", "node", "failed", "running"])
    boxes = {node: Box(draw(st.text(max_size=40)), draw(styles), draw(st.text(max_size=9))) for node in range(count)}
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=2 * count))
    return boxes, [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]


@given(pictures())
def test_each_node_has_a_box_inside_the_picture_and_no_two_overlap(read, given_picture):
    boxes, edges = given_picture
    picture = read(drawn(boxes, edges))
    rects = [corners(rect) for rect in picture.every("rect")]
    width, height = float(picture.root.get("width")), float(picture.root.get("height"))
    assert len(rects) == len(boxes)
    assert all(x >= 0 and y >= 0 and right <= width and bottom <= height for x, y, right, bottom in rects)
    for number, (x, y, right, bottom) in enumerate(rects):
        for left, top, other_right, other_bottom in rects[:number]:
            assert right <= left or other_right <= x or bottom <= top or other_bottom <= y


@given(pictures())
def test_each_edge_leads_from_box_to_box(read, given_picture):
    boxes, edges = given_picture
    picture = read(drawn(boxes, edges))
    rects = dict(zip(boxes, map(corners, picture.every("rect")), strict=True))
    lines = [
        read.numbers(path.get("d"))[:2] + read.numbers(path.get("d"))[-4:-2]
        for path in picture.every("path", "dms-line")
    ]
    assert len(lines) == len(set(edges))

    def beside(point, rect):
        x, y, right, bottom = rect
        return x - 0.2 <= point[0] <= right + 0.2 and y - 0.2 <= point[1] <= bottom + 0.2

    for start, end in set(edges):
        assert any(beside(line[:2], rects[start]) and beside(line[2:], rects[end]) for line in lines)


def test_a_node_says_its_reason_where_it_is_pointed_at_and_the_legend_says_it_for_all(read):
    picture = read(drawn(CHAIN, [(1, 2), (2, 3)]))
    assert picture.titles("dms-outside") == ["load: not below a start node"]
    assert picture.titles("dms-filtered") == ["mail: left out"]
    assert picture.titles("dms-runs") == ["sum"]
    assert {"runs (1)", "filtered out by the request (1)", "neither a start node nor below one (1)"} <= set(
        picture.texts()
    )
    assert picture.label == "Nodes of daily_sales: 3 nodes, 2 edges; 1 runs; 1 filtered out; 1 outside"
    assert picture.root.get("role") == "img"


def test_edges_of_nodes_that_do_not_run_are_quiet(read):
    picture = read(drawn(CHAIN | {4: Box("check", "runs")}, [(1, 2), (2, 3), (2, 4)]))
    assert picture.titles("dms-quiet") == ["load → sum", "sum → mail"]
    assert picture.titles("dms-line") == ["load → sum", "sum → mail", "sum → check"]


def test_a_name_is_text_whatever_it_is(read):
    name = '<script>"</script>&amp;'
    picture = read(drawn({1: Box(name, "runs", name)}, []))
    assert picture.every("script") == []
    assert name in picture.texts()
    assert picture.titles("dms-runs") == [f"{name}: {name}"]


def test_a_long_name_is_shortened_in_its_box_and_whole_where_it_is_pointed_at(read):
    name = "ods_trade_orders_hourly_partition_clean_up_17"
    picture = read(drawn({1: Box(name)}, []))
    assert picture.titles() == [name]
    assert "…" in picture.texts()[0]


def test_a_standing_is_told_by_a_mark_too(read):
    picture = read(drawn({1: Box("load", "failed"), 2: Box("sum", "runs")}, []))
    assert len(picture.every("path", "dms-failed")) == 1
    assert picture.every("path", "dms-sign") != []


def test_a_flow_goes_from_left_to_right_and_a_long_chain_from_top_to_bottom(read):
    short = [corners(rect) for rect in read(drawn(CHAIN, [(1, 2), (2, 3)])).every("rect")]
    assert [x for x, *_ in short] == sorted({x for x, *_ in short})
    nodes = range(20)
    picture = read(drawn({node: Box(f"step_number_{node}") for node in nodes}, [(n, n + 1) for n in nodes[:-1]]))
    tops = [corners(rect)[1] for rect in picture.every("rect")]
    assert tops == sorted(set(tops))
    assert float(picture.root.get("width")) < 720


def test_a_hundred_nodes_make_a_small_picture():
    boxes = {node: Box(f"a_node_with_a_long_name_{node:03}", "runs") for node in range(100)}
    edges = [(node // 3, node) for node in range(1, 100)] + [(node - 7, node) for node in range(7, 100)]
    assert len(drawn(boxes, edges)) < 100_000


def test_a_ring_cannot_be_drawn():
    with pytest.raises(ValueError, match="ring"):
        drawn({1: Box("a"), 2: Box("b")}, [(1, 2), (2, 1)])


def test_there_may_be_nothing_to_draw(read):
    assert read(drawn({}, [])).label == "Nodes of daily_sales: 0 nodes, 0 edges"

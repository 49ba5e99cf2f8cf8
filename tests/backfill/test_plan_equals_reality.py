"""What a plan says, the service then does: the same dates in the same order, the same nodes, for the reasons given."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from dms_backfill_sdk.graph import Part

FIRST_DAY = date(2022, 1, 1)
NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"]


@st.composite
def graphs(draw):
    """Up to eight nodes; edges go from earlier names to later ones, so there is no ring."""
    names = NAMES[: draw(st.integers(1, 8))]
    pairs = [(start, end) for place, end in enumerate(names) for start in names[:place]]
    edges = draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    return {end: {"after": [start for start in names if (start, end) in edges]} for end in names}


@st.composite
def choices(draw, names):
    """The arguments of a plan of some days and some nodes."""
    start = draw(st.none() | st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    begin = FIRST_DAY + timedelta(days=draw(st.integers(0, 40)))
    days = draw(st.integers(1, 8))
    wanted = {"on": begin} if days == 1 else {"between": (begin, begin + timedelta(days=days - 1))}
    return wanted | {
        "interval": draw(st.just(24) | st.integers(1, 72)),
        "asc": draw(st.booleans()),
        "start": start,
        "skip": draw(st.sets(st.sampled_from(names), max_size=3)) - set(start or []),
        "downstream": draw(st.booleans()),
    }


switches = st.fixed_dictionaries(
    {
        "range_creates": st.sampled_from(["runs", "parent"]),
        "end_inclusive": st.booleans(),
        "filtered": st.sampled_from(["succeed", "absent"]),
    }
)


@given(graph=graphs(), setting=switches, data=st.data())
@settings(
    max_examples=2000,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_the_plan_is_what_then_runs(new_lab, graph, setting, data):
    lab = new_lab(**setting)
    flow = lab.flow(nodes=graph)
    plan = lab.client.task_flow(flow.id).plan(**data.draw(choices(list(graph))))
    note(str(plan))
    job = plan.submit()
    lab.wait(days=1)
    assert str(job.wait()) == f"{len(plan)} of {len(plan)} succeeded"

    ran = sorted(lab.runs(flow), key=lambda run: (run.started, run.id))
    # A run whose nodes are all left out takes no time, so that all begin at one moment, in the order of their records.
    assert [run.business_time for run in ran] == list(plan) == [run.business_time for run in plan.runs() if run.runs]
    assert len(lab.emulator.journal.of("BackFill")) == len(plan.requests) == 1

    for run in (ran[0], ran[-1]):
        listed = {node_run.node.name: node_run.message for node_run in run.node_runs()}
        assert list(listed) == [name for name, part in plan.nodes().items() if name in listed]
        for name, part in plan.nodes().items():
            assert reality(part, setting["filtered"]) == listed.get(name, "not listed"), name


def reality(part, filtered):
    """What the service says of a node that takes this part."""
    if part is Part.FILTERED and filtered == "succeed":
        return "left out by FilterNodeIds; no work was done"
    return "" if part is Part.RUNS else "not listed"

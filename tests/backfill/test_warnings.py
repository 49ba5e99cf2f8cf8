"""What a plan warns of, before anything is started."""

import pytest

from dms_backfill_sdk import DmsError

DAYS = ("2022-01-01", "2022-01-10")


def plan_of(lab, flow, **choice):
    return lab.client.task_flow(flow.id).plan(**({"between": DAYS} | choice))


def only_warning(plan):
    (warning,) = plan.warnings
    return warning


def test_an_ordinary_plan_warns_of_nothing(lab):
    flow = lab.flow()
    lab.ran(flow, "2021-12-31")
    assert plan_of(lab, flow).warnings == ()


def test_it_warns_of_a_flow_that_was_never_published(lab):
    plan = plan_of(lab, lab.flow(publish=False))
    assert only_warning(plan) == "The flow was never published, so the service will refuse (documented)."
    with pytest.raises(DmsError, match="not published"):
        plan.submit()


def test_it_warns_of_nodes_that_have_gone_since_the_last_run(lab):
    flow = lab.flow()
    lab.ran(flow, "2021-12-31")
    gone = next(node for node in flow.nodes.values() if node.name == "mail")
    lab.emulator.world.delete_node(flow, gone)
    assert only_warning(plan_of(lab, flow)) == (
        "The last run had nodes that the flow lacks now (mail): it was changed since."
    )


def test_it_warns_of_days_whose_run_is_under_way(lab):
    flow = lab.flow(nodes={"load": {"seconds": 60}})
    lab.start(flow, "2022-01-01", "2022-01-03")
    assert only_warning(plan_of(lab, flow)) == (
        "3 of the runs planned are about a business time whose run is under way; it would run twice."
    )
    assert plan_of(lab, flow, only="missing").warnings == ()


def test_it_warns_of_days_that_have_succeeded(lab):
    flow = lab.flow()
    lab.ran(flow, "2022-01-01", "2022-01-03")
    assert only_warning(plan_of(lab, flow)) == (
        '3 of the runs planned have succeeded already, and run again; only="missing" leaves them out.'
    )
    assert plan_of(lab, flow, only="missing").warnings == ()


@pytest.mark.parametrize("asc", [True, False])
def test_it_warns_of_days_that_are_not_over(lab, asc):
    # The emulator's clock stands at 2022-10-01 08:00 in UTC+8.
    plan = plan_of(lab, lab.flow(), between=("2022-09-29", "2022-10-02"), interval=12, asc=asc)
    assert only_warning(plan) == "4 of the runs planned are about days that are not over yet."


def test_it_warns_of_very_many_runs(lab):
    plan = plan_of(lab, lab.flow(), between=("2012-01-01", "2021-12-31"))
    assert only_warning(plan) == "These are 3653 runs. The service has no limit that would stop a slip of the pen."
    assert plan_of(lab, lab.flow("other"), between=("2019-01-01", "2021-09-26")).warnings == ()


def test_it_warns_of_requests_that_run_side_by_side(lab):
    flow = lab.flow()
    lab.ran(flow, "2022-01-05")
    assert only_warning(plan_of(lab, flow, only="missing")) == (
        "2 requests run side by side; only within each do the dates keep their order."
    )


def hours(nodes):
    return {name: {"seconds": 3600 * long, "after": after} for name, (long, after) in nodes.items()}


def test_it_warns_of_a_run_that_is_too_long(lab):
    # 19 hours one after another; each of the two alone is allowed, and what runs beside them does not count.
    flow = lab.flow(nodes=hours({"load": (10, []), "sum": (7, ["load"]), "mail": (9, [])}))
    lab.ran(flow, "2021-12-31")

    def slower(action, parameters, body):
        for node in body.get("NodeList", {}).get("Node", []):
            node["ExecuteTime"] += 3600_000 if node["NodeName"] != "mail" else 0

    lab.wire.change = slower
    plan = plan_of(lab, flow, between=None, on="2022-01-01")
    assert (
        only_warning(plan) == "The longest path through the nodes took 19:00:00; a run may take 18 hours (documented)."
    )
    # Without one of them it is short enough.
    assert plan_of(lab, flow, between=None, on="2022-01-01", skip=["sum"]).warnings == ()


def test_it_warns_of_a_series_that_is_longer_than_a_run_may_be(lab):
    flow = lab.flow(nodes=hours({"load": (2, [])}))
    lab.ran(flow, "2021-12-31")
    assert plan_of(lab, flow, between=("2022-01-01", "2022-01-09")).warnings == ()
    assert only_warning(plan_of(lab, flow)) == (
        "10 runs of 2:00:00 each are more than 18 hours. That limit is documented for one run; whether it counts for a "
        "series is not known."
    )

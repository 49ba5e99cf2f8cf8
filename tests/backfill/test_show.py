"""What a notebook shows of task flows, plans and jobs, and what pandas gets of them."""

import sys
from xml.etree import ElementTree as ET

import pytest

from dms_backfill_sdk import ConfigurationError, Job, Plan, RunFailedError
from dms_backfill_sdk.shown import live_view

SHOP = {
    "load": {"simulate": {"seconds": 40}},
    "sum": {"simulate": {"seconds": 20, "fails_on": ["2022-01-03"], "message": "<b>disk full</b>"}, "after": ["load"]},
    "mail <all>": {"simulate": {"seconds": 5}, "after": ["sum"]},
}


class Shown:
    """A page of a notebook, read back."""

    def __init__(self, thing):
        self.root = ET.fromstring(thing._repr_html_())

    def every(self, name):
        return [one for one in self.root.iter() if one.tag.rpartition("}")[2] == name]

    @property
    def pictures(self):
        return [picture.get("aria-label") for picture in self.every("svg")]

    @property
    def titles(self):
        return [title.text for title in self.every("title")]

    @property
    def words(self):
        self.every("style")[0].text = ""
        return " ".join(text for text in self.root.itertext() if text)


@pytest.fixture
def shop(lab):
    lab.flow(nodes=SHOP)
    return lab.client.task_flow("daily_sales")


def test_a_task_flow_shows_its_nodes(shop):
    page = Shown(shop)
    assert page.pictures == ["Nodes of daily_sales: 3 nodes, 2 edges"]
    assert {"load → sum", "sum → mail <all>", f"load: node {shop.node_id('load')}"} <= set(page.titles)
    assert "daily_sales" in page.words
    assert f"newest version {shop.version}" in page.words


def test_a_task_flow_without_nodes_or_version_shows_that(lab):
    lab.flow("empty", {}, publish=False)
    words = Shown(lab.client.task_flow("empty")).words
    assert "It has no nodes." in words
    assert "never published" in words


def test_a_plan_shows_which_days_run_which_nodes_and_the_requests(lab, shop):
    shop.plan(between=("2022-01-01", "2022-01-02"), skip=["mail <all>"]).submit().wait()
    plan = shop.plan(between=("2021-12-30", "2022-01-05"), only="missing", start=["sum"], skip=["mail <all>"])
    page = Shown(plan)
    assert page.pictures == [
        "Plan for daily_sales, 2021-12-30 to 2022-01-05: 2 succeeded, 5 will run",
        "Nodes of daily_sales: 3 nodes, 2 edges; 1 runs; 1 filtered out; 1 outside",
    ]
    assert {"2021-12-31: will run", "2022-01-01: succeeded", "mail <all>: filtered out by the request"} <= set(
        page.titles
    )
    assert "5 of 7 business times, from the first to the last" in page.words
    assert "about 3 min, if each run takes 1 min, the median of past ones" in page.words
    assert [code.text for code in page.every("code")] == [
        " ".join(f"{name}={value}" for name, value in request.items()) for request in plan.to_dict()["requests"]
    ]
    for warning in plan.warnings:
        assert warning in page.words


def test_a_plan_that_runs_days_again_says_so(lab, shop):
    shop.plan(on="2022-01-01").submit().wait()
    page = Shown(shop.plan(between=("2022-01-01", "2022-01-02")))
    assert page.pictures[0].endswith(": 1 will run, 1 will run again (now: succeeded)")
    assert "1 of the runs planned have succeeded already" in page.words


def test_a_plan_by_the_hour_tells_how_many_runs_of_a_day_stand_where(lab, shop):
    lab.ran(lab.emulator.world.flows[shop.id], "2022-01-01", "2022-01-01", interval=12)
    plan = shop.plan(between=("2022-01-01", "2022-01-02"), interval=6)
    assert "2022-01-01: 2 succeeded, to run; 2 missing, to run" in Shown(plan).titles
    assert "8 of 8 business times, one every 6 h" in Shown(plan).words


def test_a_plan_with_nothing_to_run_says_so(shop):
    shop.plan(on="2022-01-01").submit().wait()
    page = Shown(shop.plan(on="2022-01-01", only="missing"))
    assert "None: there is nothing to run." in page.words
    assert page.pictures[1] == "Nodes of daily_sales: 3 nodes, 2 edges"
    assert "estimate" not in page.words


def test_a_plan_that_was_written_down_shows_itself_too(shop):
    plan = shop.plan(between=("2022-01-01", "2022-01-05"))
    assert Plan.from_dict(plan.to_dict())._repr_html_() == plan._repr_html_()


def test_a_plan_of_ten_years_by_the_hour_is_shown_in_a_small_page(shop):
    page = shop.plan(between=("2022-01-01", "2031-12-29"), interval=1)._repr_html_()
    assert len(page) < 200_000
    assert "will run (3,650)" in page


def test_a_job_shows_its_days_its_runs_and_the_nodes_of_the_one_under_way(lab, shop):
    job = shop.plan(between=("2022-01-01", "2022-01-05")).submit()
    lab.wait(seconds=65 + 45)
    page = Shown(job)
    assert page.pictures == [
        "Progress: 1 succeeded, 1 running, 3 waiting",
        "Job of daily_sales, 2022-01-01 to 2022-01-05: 1 succeeded, 1 running, 3 waiting",
        "Runs: 1 succeeded, 1 running",
        "Nodes: 1 succeeded",
    ]
    assert "3 have not begun." in page.words
    assert "Nodes of 2022-01-02: running" in page.words
    assert "Not drawn, because only what has ended has times: 1 running, 1 waiting." in page.words
    assert any(title.startswith("2022-01-01: succeeded, ") and title.endswith(", 1 min 5 s") for title in page.titles)


def test_a_job_shows_the_nodes_of_the_run_that_failed(shop):
    job = shop.plan(between=("2022-01-01", "2022-01-04")).submit()
    with pytest.raises(RunFailedError):
        job.wait()
    page = Shown(job)
    assert page.pictures[0] == "Progress: 2 succeeded, 1 failed, 1 waiting"
    assert page.pictures[-1] == "Nodes: 1 succeeded, 1 failed"
    assert "Nodes of 2022-01-03: failed" in page.words


def test_a_job_none_of_whose_runs_has_come_shows_that_too(shop):
    job = Job.attach(shop._client, shop.id, between=("2022-01-01", "2022-01-02"))
    assert Shown(job).pictures == [
        "Progress: 2 missing",
        "Job of daily_sales, 2022-01-01 to 2022-01-02: 2 missing",
    ]


def test_showing_a_job_that_is_done_asks_for_no_more_than_its_nodes(lab, shop):
    job = shop.plan(between=("2021-01-01", "2021-12-31")).submit()
    lab.wait(days=1)
    job.wait()
    asked = lab.asked("ListTaskFlowInstance")
    page = job._repr_html_()
    assert lab.asked("ListTaskFlowInstance") == asked
    assert lab.asked("GetTaskInstanceRelation") == 1
    assert "60 of 365 are drawn" in page
    assert len(page) < 100_000


def test_a_job_of_several_runs_a_day_shows_what_presses_most(lab, shop):
    job = shop.plan(between=("2022-01-01", "2022-01-01"), interval=8).submit()
    lab.wait(seconds=70)
    page = Shown(job)
    assert "2022-01-01: 1 succeeded, 1 running, 1 waiting" in page.titles
    assert any(title.startswith("2022-01-01 08:00: running") for title in page.titles)


def test_progress_is_a_bar(shop):
    page = Shown(shop.plan(between=("2022-01-01", "2022-01-02")).submit().wait())
    assert page.pictures == ["Progress: 2 succeeded"]


def test_a_failed_job_shows_what_the_nodes_said(shop):
    with pytest.raises(RunFailedError) as caught:
        shop.plan(between=("2022-01-01", "2022-01-04")).submit().wait()
    page = Shown(caught.value)
    assert page.pictures == ["Progress: 2 succeeded, 1 failed, 1 waiting"]
    assert [cell.text for cell in page.every("td")] == ["2022-01-03 00:00", "sum", "<b>disk full</b>"]
    assert "job.rerun_failed()" in page.words


def test_nobody_shows_a_bar_where_there_is_no_notebook(shop, capsys):
    assert live_view() is None
    shop.plan(on="2022-01-01").submit().wait()
    assert capsys.readouterr().out == ""


# -- pandas --------------------------------------------------------------------------------------------------------


def test_a_plan_and_a_job_become_data_frames(shop):
    pytest.importorskip("pandas")
    shop.plan(on="2022-01-02").submit().wait()
    plan = shop.plan(between=("2022-01-01", "2022-01-04"), only="missing")
    planned = plan.to_pandas()
    assert list(planned.columns) == ["business_time", "standing", "runs"]
    assert list(planned.standing) == ["missing", "succeeded", "missing", "missing"]
    assert list(planned.runs) == [True, False, True, True]
    assert str(planned.business_time[0]) == "2022-01-01 00:00:00+08:00"
    job = plan.submit()
    with pytest.raises(RunFailedError):
        job.wait()
    ran = job.to_pandas()
    assert list(ran.standing) == ["succeeded", "failed", "waiting"]
    assert (ran.end_time[0] - ran.start_time[0]).total_seconds() == 65
    assert ran.dag_name[0] == "daily_sales"
    assert ran.trigger_type[0] == "manual"


def test_business_times_without_a_run_have_a_row_too(shop):
    pytest.importorskip("pandas")
    ran = Job.attach(shop._client, shop.id, between=("2022-01-01", "2022-01-02")).to_pandas()
    assert list(ran.standing) == ["missing", "missing"]
    assert ran.id.isna().all()


def test_without_pandas_a_sentence_says_how_to_get_it(shop, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigurationError, match=r"needs pandas, which is not installed. .*pip install pandas"):
        shop.plan(on="2022-01-01").to_pandas()

"""In a real notebook: a kernel runs cells, and what they leave behind is looked at."""

import re

import pytest

pytest.importorskip("ipykernel")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

SHOP = """
from dms_backfill_sdk import *
emulator = Emulator(clock=ManualClock(), switches=Switches(after_failure="continue"))
client = Client(
    credentials=AccessKey("testid", "testsecret"),
    endpoint="http://127.0.0.1",
    transport=emulator.transport(),
    clock=emulator.clock,
)
shop = emulator.world.create_flow("daily_sales")
emulator.world.add_node(shop, "sum", content='{"simulate": {"seconds": 60, "fails_on": ["2022-02-02"]}}')
emulator.world.publish(shop)
flow = client.task_flow("daily_sales")
"""

CELLS = {
    "flow": SHOP + "flow",
    "plan": 'plan = flow.plan(between=("2022-01-01", "2022-01-03"))\nplan',
    "done": "plan.submit().wait()",
    "quiet": 'progress = flow.plan(on="2022-01-04").submit().wait()',
    "told": 'flow.plan(on="2022-01-05").submit().wait(on_progress=print);',
    "job": 'job = flow.plan(between=("2022-01-01", "2022-01-03")).submit()\njob',
    "failed": 'flow.plan(between=("2022-02-01", "2022-02-03")).submit().wait()',
    "misspelt": 'def mine():\n    return flow.plan(on="2022-01-01", start=["sun"])\n\nmine()',
    "not sent": 'key = AccessKey("a", "b")\nClient(credentials=key, endpoint="http://127.0.0.1:9").task_flow(1)',
    "value": "error = InvalidRequestError('Half a range.')\nerror",
    "verbose": "%xmode Verbose\nflow.node_id('sun')",
}

pytestmark = pytest.mark.filterwarnings("ignore")  # what the notebook's own libraries complain about is theirs


@pytest.fixture(scope="module")
def ran():
    """What each cell left behind."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS.values()]
    nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute()
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)}


def html(outputs):
    return [output.data["text/html"] for output in outputs if "data" in output]


def traceback(outputs):
    (error,) = (output for output in outputs if output.output_type == "error")
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))


@pytest.mark.parametrize(
    ("cell", "label"),
    [("flow", "Nodes of daily_sales"), ("plan", "Plan for daily_sales"), ("job", "Job of daily_sales")],
)
def test_things_show_themselves(ran, cell, label):
    (page,) = html(ran[cell])
    assert f'aria-label="{label}' in page


def test_while_a_cell_waits_a_bar_stands_there_and_when_all_is_done_only_the_answers(ran):
    bar, answer = ran["done"]
    assert (bar.output_type, bar.data["text/html"]) == ("display_data", "")
    assert answer.output_type == "execute_result"
    assert 'aria-label="Progress: 3 succeeded"' in answer.data["text/html"]


def test_what_is_kept_is_not_shown(ran):
    assert html(ran["quiet"]) == [""]


def test_who_is_told_of_progress_gets_no_bar(ran):
    assert html(ran["told"]) == []
    assert "1 of 1 succeeded" in ran["told"][0].text


def test_when_something_fails_the_bar_stays(ran):
    assert 'aria-label="Progress: 2 succeeded, 1 failed"' in html(ran["failed"])[0]
    assert "RunFailedError: daily_sales: 2 of 3 succeeded, 1 failed." in traceback(ran["failed"])


def test_a_traceback_shows_the_callers_code_and_the_sentence(ran):
    lines = traceback(ran["misspelt"])
    assert 'return flow.plan(on="2022-01-01", start=["sun"])' in lines
    assert lines.rstrip().endswith("There is no node 'sun' in daily_sales; near ones are 'sum'.")
    assert "flow.py" not in lines
    assert lines.count("\n") < 20


def test_a_traceback_names_the_cause_in_one_line(ran):
    lines = traceback(ran["not sent"])
    assert "NotSentError" in lines
    assert lines.splitlines()[-1].startswith("It was caused by ")
    assert "urllib3" not in lines


def test_a_verbose_traceback_shows_all(ran):
    assert "flow.py" in traceback(ran["verbose"])


def test_an_error_that_is_shown_as_a_value_is_a_page(ran):
    assert "Half a range." in html(ran["value"])[0]

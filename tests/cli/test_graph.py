"""``dms-backfill graph``."""

import json

import pytest

WHOLE = """\
daily_sales (15001), version 16001

  ●    load
  ├─╮
  ● │  sum    after load
  │ ●  check  after load
  ├─╯
  ●    mail   after sum, check
"""
PART = """\
daily_sales (15001), version 16001

  ○    load   not below a start node
  ├─╮
  ● │  sum    runs                    after load
  │ ○  check  not below a start node  after load
  ├─╯
  ○    mail   left out                after sum, check

  1 of 4 nodes would run.
"""


@pytest.mark.parametrize("flow", ["daily_sales", "15001"])
def test_it_draws_the_nodes_below_all_that_they_wait_for(command, service, flow):
    done = command("graph", flow)
    assert (done.stdout, done.stderr, done.returncode) == (WHOLE, "", 0)


def test_it_shows_which_nodes_would_run_and_why_not_the_others(command, service):
    assert command("graph", "daily_sales", "--start", "sum", "--skip", "mail").stdout == PART


def test_for_a_program_each_node_says_what_it_waits_for(command, service):
    document = json.loads(command("graph", "daily_sales", "--start", "sum", "--no-downstream", "--json").stdout)
    nodes = {node["name"]: node for node in document["nodes"]}
    assert [name for name, node in nodes.items() if node["runs"]] == ["sum"]
    assert nodes["mail"]["waits_for"] == [nodes["sum"]["id"], nodes["check"]["id"]]
    assert nodes["mail"]["why"] == "neither a start node nor below one"


def test_a_flow_without_nodes_is_no_error(command, service):
    assert command("graph", "draft").stdout == "draft (15004), never published\n\n  It has no nodes.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["daly_sales"], "There is no task flow 'daly_sales'; near ones are 'daily_sales'.\n"),
        (["daily_sales", "--skip", "lod"], "There is no node 'lod' in daily_sales; near ones are 'load'.\n"),
    ],
)
def test_a_slip_of_the_pen_is_answered_with_near_names(command, service, arguments, sentence):
    done = command("graph", *arguments)
    assert (done.stdout, done.stderr, done.returncode) == ("", sentence, 2)

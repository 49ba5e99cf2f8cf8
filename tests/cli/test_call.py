"""``dms-backfill call``."""

import json
import re

import pytest


def test_it_calls_any_operation_and_answers_in_the_service_s_words(command, service):
    answer = json.loads(command("call", "ListTaskFlow").stdout)
    assert [flow["Id"] for flow in answer["TaskFlowList"]["TaskFlow"]] == [15001, 15002, 15003, 15004]


def test_what_may_change_something_needs_a_yes_where_nobody_can_be_asked(command, service):
    done = command("call", "DeleteTaskFlow", "DagId=15004")
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr.startswith("Without a terminal nobody can be asked; add --yes")
    assert 15004 in service.world.flows
    assert command("call", "DeleteTaskFlow", "DagId=15004", "--yes").returncode == 0
    assert 15004 not in service.world.flows


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130)])
def test_on_a_terminal_it_asks(terminal, service, answer, code):
    seen = terminal("call", "DeleteTaskFlow", "DagId=15004", answer=answer)
    assert "Call DeleteTaskFlow at http://127.0.0.1:" in seen.text
    assert (seen.exit_code, 15004 in service.world.flows) == (code, code != 0)


def test_a_parameter_may_travel_in_the_body(command, service):
    (node, *_) = service.world.flows[15001].nodes
    done = command("call", "UpdateTaskContentV2", f"NodeId={node}", "--form", 'NodeContent={"seconds": 7}', "--yes")
    assert done.returncode == 0
    assert service.world.flows[15001].nodes[node].content == '{"seconds": 7}'


@pytest.mark.parametrize(
    ("words", "sentence", "code"),
    [
        (["GetTask", "NodeId"], "'NodeId' is no parameter; write NAME=VALUE, such as DagId=15001.\n", 2),
        (["GetTask", "=1"], "'=1' is no parameter; write NAME=VALUE, such as DagId=15001.\n", 2),
        (["GetTask", "NodeId=1", "NodeId=2"], "NodeId is given twice; .* such as \\[1,2\\].\n", 2),
        (["GetTask", "Signature=x"], "Signature is for the client to write; leave it out.\n", 2),
        (["Get Task"], "'Get Task' is no operation; .*\n", 2),
        (["GetNothing"], "GetNothing: InvalidApi.NotFound .*\n", 3),
    ],
)
def test_what_cannot_be_called_is_refused_in_one_sentence(command, service, words, sentence, code):
    done = command("call", *words)
    assert re.fullmatch(sentence, done.stderr)
    assert (done.stdout, done.returncode) == ("", code)

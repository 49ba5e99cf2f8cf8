import json
from pathlib import Path

import pytest

from dms_backfill_sdk.emulator.flowfile import FlowFileError, load

SALES = """
database = "sales.db"

[[flow]]
name = "daily_sales"
description = "what was sold"
time_variables = { "3_days_ago" = "yyyy-MM-dd|-3d" }

[[flow.node]]
name = "sum"
after = ["load", "check"]
simulate = { seconds = 30, fails_on = [2022-01-14, "2022-01-15"] }

[[flow.node]]
name = "load"
sql = "insert into sales values ('${bizdate}', '${3_days_ago}', '${hour}')"
seconds = 5
time_variables = { hour = "HH" }

[[flow.node]]
name = "check"
type = "QUALITY_CHECK"
call = "check"

[[flow]]
name = "draft"
publish = false

[[flow.node]]
name = "nothing"
"""


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "flows.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_describes_flows_as_the_api_would_make_them(lab, file):
    path = file(SALES)
    assert load(path, lab.world) == path.parent / "sales.db"
    sales, draft = lab.world.flows_of()
    assert (sales.name, sales.description, draft.name) == ("daily_sales", "what was sold", "draft")
    summed, loaded, checked = sales.nodes.values()
    assert [node.name for node in (summed, loaded, checked)] == ["sum", "load", "check"]
    assert [node.type for node in (summed, loaded, checked)] == ["NORMAL_SQL", "NORMAL_SQL", "QUALITY_CHECK"]
    assert json.loads(summed.content) == {"simulate": {"seconds": 30, "fails_on": ["2022-01-14", "2022-01-15"]}}
    assert json.loads(checked.content) == {"call": "check"}
    assert {(edge.start, edge.end) for edge in sales.edges.values()} == {
        (loaded.id, summed.id),
        (checked.id, summed.id),
    }
    assert (len(sales.versions), len(draft.versions)) == (1, 0)


def test_what_a_file_describes_runs(lab, file):
    load(file(SALES), lab.world)
    lab.workshop.callables["check"] = lambda context: "fine"
    lab.workshop.database.run("create table sales (day text, before text, hour text)")
    run = lab.run(lab.world.flows_of()[0], "2022-01-14")
    lab.wait(60)
    assert lab.statuses(run) == {"load": "SUCCESS", "check": "SUCCESS", "sum": "FAILED"}
    assert run.ended - run.started == lab.nodes(run)["sum"].ended - run.started
    assert lab.workshop.database.connection.execute("select * from sales").fetchall() == [
        ("2022-01-14", "2022-01-11", "00")
    ]


def test_a_file_need_not_name_a_database(lab, file):
    assert load(file('[[flow]]\nname = "daily"'), lab.world) is None


FLOW = '[[flow]]\nname = "daily"\n'
NODE = FLOW + '[[flow.node]]\nname = "load"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", ": there is no task flow in it; begin one with [[flow]]."),
        ("flow = 3", ": flow must be a list; 3 is not."),
        ("flow = [3]", ", flow number 1: 3 is no table; write it as [[…]]."),
        ("[[flows]]", ": there is no key 'flows'; did you mean 'flow'?"),
        ("database = 3\n" + FLOW, ": database must be a string; 3 is not."),
        ("[[flow]]", ', flow number 1: it needs a name; write name = "…".'),
        (FLOW + '[[flow]]\nname = ""', ', flow number 2: it needs a name; write name = "…".'),
        (FLOW + FLOW, ", flow 'daily': there are two of that name; rename one."),
        (FLOW + "publish = 1", ", flow 'daily': publish must be true or false; 1 is not."),
        (FLOW + "nodes = []", ", flow 'daily': there is no key 'nodes'; did you mean 'node'?"),
        (
            FLOW + 'time_variables = { day = "QQ" }',
            ", flow 'daily': The format 'QQ' has 'QQ', which means nothing",
        ),
        (
            FLOW + "time_variables = { day = 1 }",
            ", flow 'daily', time_variables: day must be a string such as 'yyyy-MM-dd|-1d'.",
        ),
        (FLOW + "[[flow.node]]", ", flow 'daily', node number 1: it needs a name; write name = \"…\"."),
        (NODE + NODE.removeprefix(FLOW), ", flow 'daily', node 'load': there are two of that name; rename one."),
        (
            NODE + 'afer = ["sum"]',
            ", flow 'daily', node 'load': there is no key 'afer'; did you mean 'after'?",
        ),
        (
            NODE + 'after = "sum"',
            ", flow 'daily', node 'load': after must be a list; 'sum' is not.",
        ),
        (
            NODE + 'after = ["laod"]',
            ", flow 'daily', node 'load', after: there is no node 'laod'; did you mean 'load'?",
        ),
        (NODE + 'after = [["load"]]', ", flow 'daily', node 'load', after: there is no node "),
        (NODE + 'after = ["load"]', ", flow 'daily': The edges form a ring: load → load."),
        (NODE + "seconds = true", ", flow 'daily', node 'load': seconds must be a number; True is not."),
        (
            NODE + "seconds = inf",
            ", flow 'daily', node 'load': seconds must be a number from 0 to 1000000; inf is not.",
        ),
        (
            NODE + "simulate = { second = 3 }",
            ", flow 'daily', node 'load': In simulate, there is no key 'second'; did you mean 'seconds'?",
        ),
        (
            NODE + "simulate = { fails_on = [07:32:00] }",
            ", flow 'daily', node 'load': fails_on must be a list of dates",
        ),
        (
            NODE + 'sql = "select 1"\ncall = "load"',
            ", flow 'daily', node 'load': NodeContent has both sql and call; keep one of them.",
        ),
        (NODE + 'type = "SQL"', ", flow 'daily', node 'load': 'SQL' is no node type"),
        (
            NODE + 'time_variables = { "a}" = "dd" }',
            ", flow 'daily', node 'load': 'a}' is no name for a time variable",
        ),
        ("[[flow]]\nname = 3", ", flow 3: name must be a string; 3 is not."),
        ("flow = [", " is not valid TOML: "),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_place(lab, file, text: str, sentence: str):
    path = file(text)
    with pytest.raises(FlowFileError) as refusal:
        load(path, lab.world)
    assert f"{path}{sentence}" in str(refusal.value)


def test_a_file_is_loaded_whole_or_not_at_all(lab, file):
    before = lab.flow()
    with pytest.raises(FlowFileError, match="flow 'bad', node 'load', after: there is no node 'laod'"):
        load(file(SALES + '[[flow]]\nname = "bad"\n[[flow.node]]\nname = "load"\nafter = ["laod"]'), lab.world)
    assert lab.world.flows_of() == [before]


def test_a_file_of_a_hundred_and_one_nodes_is_refused(lab, file):
    nodes = "".join(f'[[flow.node]]\nname = "n{number}"\n' for number in range(101))
    with pytest.raises(FlowFileError, match="flow 'daily', node 'n100': The task flow has 100 nodes, and that is"):
        load(file(FLOW + nodes), lab.world)
    assert lab.world.flows == {}


def test_a_file_that_cannot_be_read_is_refused(lab, tmp_path: Path):
    with pytest.raises(FlowFileError, match=r"nowhere\.toml cannot be read: No such file or directory\."):
        load(tmp_path / "nowhere.toml", lab.world)
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    with pytest.raises(FlowFileError, match=r"latin\.toml is not valid TOML: 'utf-8' codec"):
        load(tmp_path / "latin.toml", lab.world)

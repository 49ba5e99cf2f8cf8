import pickle
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from dms_backfill_sdk.dates import CHINA
from dms_backfill_sdk.emulator.content import read_content
from dms_backfill_sdk.emulator.flows import Node
from dms_backfill_sdk.emulator.nodes import Attempts, Database, NodeContext, NodeFailure, Workshop
from dms_backfill_sdk.emulator.variables import Variables

TIME = datetime(2022, 1, 14, tzinfo=CHINA)


@pytest.fixture
def workshop():
    workshop = Workshop()
    workshop.database.run("create table sales (day text primary key, amount integer); create table log (line text)")
    yield workshop
    workshop.database.close()


def context(attempts: Attempts | None = None, time: datetime = TIME) -> NodeContext:
    node = Node(id=44001, name="load")
    return NodeContext(time, node, 470001, Variables(time), Attempts() if attempts is None else attempts)


def perform(workshop: Workshop, content: str) -> str | None:
    return workshop.perform(read_content(content), context())


def rows(workshop: Workshop, query: str = "select * from sales order by day") -> list[tuple[object, ...]]:
    return workshop.database.connection.execute(query).fetchall()


# ---------------------------------------------------------------------------------------------------------------
# SQL


def test_sql_runs_with_its_variables_filled_in(workshop: Workshop):
    assert perform(workshop, """{"sql": "insert into sales values ('${bizdate}', 3)"}""") is None
    assert rows(workshop) == [("2022-01-14", 3)]


def test_all_statements_of_a_node_are_run(workshop: Workshop):
    script = """
        -- a comment; with a semicolon
        insert into sales values ('a;b', 1); /* ; */
        create trigger logging after insert on sales begin
            insert into log values ('one'); insert into log values ('two');
        end;
        insert into sales values ('c', 2);;
        select * from sales -- no semicolon at the end
    """
    workshop.database.run(script)
    assert rows(workshop) == [("a;b", 1), ("c", 2)]
    assert rows(workshop, "select line from log") == [("one",), ("two",)]


def test_statements_of_a_failing_node_leave_nothing_behind(workshop: Workshop):
    with pytest.raises(NodeFailure, match=r"^UNIQUE constraint failed: sales\.day$"):
        perform(workshop, """{"sql": "insert into sales values ('a', 1); insert into sales values ('a', 2)"}""")
    assert rows(workshop) == []
    perform(workshop, """{"sql": "insert into sales values ('a', 3)"}""")
    assert rows(workshop) == [("a", 3)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select * from nowhere", "no such table: nowhere"),
        ("selct 1", 'near "selct": syntax error'),
        ("insert into sales values ('${bizdata}', 1)", "There is no time variable ${bizdata}; there are ${bizdate}."),
        ("select 'open", 'unrecognized token: "\'open"'),
    ],
)
def test_sql_that_fails_says_why(workshop: Workshop, sql: str, message: str):
    with pytest.raises(NodeFailure) as failure:
        perform(workshop, f'{{"sql": "{sql}"}}')
    assert str(failure.value) == message


@pytest.mark.parametrize("sql", ["select 1\\u0000", "select '\\ud800'"])
def test_text_that_sqlite_cannot_take_fails_the_node(workshop: Workshop, sql: str):
    with pytest.raises(NodeFailure):
        perform(workshop, f'{{"sql": "{sql}"}}')


@pytest.mark.parametrize("sql", ["commit", "rollback", "begin", "/* */ end", "attach 'x.db' as x", "detach main"])
def test_sql_cannot_leave_its_transaction_nor_its_database(workshop: Workshop, sql: str, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NodeFailure, match="A node's SQL is one transaction on one database; leave out BEGIN"):
        perform(
            workshop, f"""{{"sql": "insert into sales values ('a', 1); {sql}; insert into sales values ('b', 1)"}}"""
        )
    assert rows(workshop) == []
    assert list(tmp_path.iterdir()) == []


def test_an_empty_script_is_no_failure(workshop: Workshop):
    assert perform(workshop, '{"sql": " ; -- nothing"}') is None


def test_others_see_a_nodes_rows_when_it_has_finished(tmp_path: Path):
    database = Database(str(tmp_path / "sales.db"))
    database.run("create table sales (day text); insert into sales values ('a')")
    other = sqlite3.connect(tmp_path / "sales.db")
    assert other.execute("select * from sales").fetchall() == [("a",)]
    other.close()
    database.close()


def test_a_database_that_cannot_be_opened_fails_the_node(tmp_path: Path):
    workshop = Workshop(Database(str(tmp_path / "no" / "folder.db")))
    with pytest.raises(NodeFailure, match="unable to open database file"):
        perform(workshop, '{"sql": "select 1"}')


def test_a_database_is_opened_again_after_closing_and_after_pickling(tmp_path: Path):
    database = Database(str(tmp_path / "sales.db"))
    database.run("create table sales (day text)")
    copy = pickle.loads(pickle.dumps(database))
    database.close()
    database.close()
    for one in (database, copy):
        one.run("insert into sales values ('a')")
        assert one.connection.execute("select count(*) from sales").fetchone() > (0,)
        one.close()


# ---------------------------------------------------------------------------------------------------------------
# Callables


def test_a_callable_is_given_the_context_and_its_answer_is_the_message(workshop: Workshop):
    given = []
    workshop.callables["load"] = lambda context: given.append(context) or "3 rows"
    assert perform(workshop, '{"call": "load"}') == "3 rows"
    assert (given[0].business_time, given[0].node.name, given[0].run_id) == (TIME, "load", 470001)
    assert given[0].variables["bizdate"] == "2022-01-14"


@pytest.mark.parametrize(("answer", "message"), [(None, None), ("", ""), (3, "3")])
def test_a_callable_may_answer_anything(workshop: Workshop, answer: object, message: str | None):
    workshop.callables["load"] = lambda context: answer
    assert perform(workshop, '{"call": "load"}') == message


def test_an_exception_of_a_callable_fails_the_node(workshop: Workshop):
    def load(context: NodeContext) -> None:
        raise OSError("disk full")

    workshop.callables["load"] = load
    with pytest.raises(NodeFailure, match=r"^OSError: disk full$"):
        perform(workshop, '{"call": "load"}')


def test_a_callable_that_nobody_registered_fails_the_node(workshop: Workshop):
    workshop.callables["load_sales"] = lambda context: None
    with pytest.raises(NodeFailure) as failure:
        perform(workshop, '{"call": "load_sale"}')
    assert str(failure.value) == (
        "NodeContent: there is no registered callable 'load_sale'; did you mean 'load_sales'?"
    )


# ---------------------------------------------------------------------------------------------------------------
# Simulation


def test_a_simulated_node_fails_on_its_dates_only(workshop: Workshop):
    work = read_content('{"simulate": {"fails_on": ["2022-01-14"], "message": "holiday"}}')
    with pytest.raises(NodeFailure, match=r"^holiday$"):
        workshop.perform(work, context(time=TIME.replace(hour=13)))
    assert workshop.perform(work, context(time=TIME.replace(day=15))) is None


def test_a_simulated_node_fails_the_first_times_for_each_business_time(workshop: Workshop):
    work = read_content('{"simulate": {"fails_first": 2}}')
    attempts = Attempts()
    for time in (TIME, TIME.replace(hour=1)):
        for _ in range(2):
            with pytest.raises(NodeFailure, match=r"^simulated failure$"):
                workshop.perform(work, context(attempts, time))
        assert workshop.perform(work, context(attempts, time)) is None


def test_content_that_makes_no_sense_fails_the_node(workshop: Workshop):
    with pytest.raises(NodeFailure, match="seconds must be a number"):
        perform(workshop, '{"sql": "select 1", "seconds": "long"}')

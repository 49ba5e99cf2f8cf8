"""What is written can be read again, and what cannot be read says which name it was."""

import json
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.dates import CHINA
from dms_backfill_sdk.wire import (
    WireError,
    decode_body,
    decode_parameters,
    encode_body,
    encode_parameters,
    text,
    wired,
)


class Weather(IntEnum):
    FAIR = 0
    FOUL = 4


class Word(StrEnum):
    YES = "yes"


@frozen(kw_only=True)
class Leaf:
    leaf_id: int | None = None
    name: str | None = None


@frozen(kw_only=True)
class Tree:
    """One field of every type, and one of every quirk, that the service has."""

    flag: bool | None = None
    number: int | None = None
    words: str | None = None
    day: date | None = None
    moment: datetime | None = None
    weather: Weather | int | None = None
    leaf: Leaf | None = None
    numbers: list[int] = field(factory=list)
    leaves: list[Leaf] = field(factory=list, metadata=wired("LeafList.Leaf"))
    shade: int | None = field(default=None, metadata=wired("LeafList.shade"))
    dag_id: int | None = field(default=None, metadata=wired(as_text=True))
    done: bool | None = field(default=None, metadata=wired(as_text=True))
    latest: str | None = field(default=None, metadata=wired(as_number=True))
    start_time: datetime | None = field(default=None, metadata=wired("startTime"))


@frozen(kw_only=True)
class Question:
    dag_id: int
    flag: bool | None = None
    words: str | None = None
    day: date | None = None
    weather: Weather | int | None = None
    numbers: tuple[int, ...] | None = field(default=None, converter=lambda ids: None if ids is None else tuple(ids))
    leaf: Leaf | None = None
    content: str | None = field(default=None, metadata=wired(in_body=True))


def read(name: str, value: Any) -> Any:
    """One field of a tree, from the JSON value of that name."""
    return decode_body(Tree, {"".join(part.capitalize() for part in name.split("_")): value}).__getattribute__(name)


def ask(**given: str) -> Question:
    return decode_parameters(Question, [("DagId", "1"), *given.items()])


# ---------------------------------------------------------------------------------------------------------------
# There and back

longs = st.integers(-(2**63), 2**63 - 1)
moments = st.datetimes(timezones=st.just(CHINA)).map(lambda moment: moment.replace(microsecond=0))
optional_texts = st.none() | st.text()
leaves = st.builds(Leaf, leaf_id=st.none() | longs, name=optional_texts)
trees = st.builds(
    Tree,
    flag=st.none() | st.booleans(),
    number=st.none() | longs,
    words=optional_texts,
    day=st.none() | st.dates(),
    moment=st.none() | moments,
    weather=st.none() | st.sampled_from(Weather) | longs,
    leaf=st.none() | leaves,
    numbers=st.lists(longs),
    leaves=st.lists(leaves),
    shade=st.none() | longs,
    dag_id=st.none() | longs,
    done=st.none() | st.booleans(),
    latest=st.none() | longs.map(str) | st.dates().map(str),
    start_time=st.none() | moments,
)
questions = st.builds(
    Question,
    dag_id=longs,
    flag=st.none() | st.booleans(),
    words=st.none() | st.text(min_size=1),
    day=st.none() | st.dates(),
    weather=st.none() | st.sampled_from(Weather) | longs,
    numbers=st.none() | st.lists(longs),
    leaf=st.none() | leaves,
    content=st.none() | st.text(min_size=1),
)


@given(trees)
def test_a_body_comes_back_as_it_was(tree: Tree):
    assert decode_body(Tree, json.loads(json.dumps(encode_body(tree)))) == tree


@given(questions)
def test_parameters_come_back_as_they_were(question: Question):
    query, form = encode_parameters(question)
    assert decode_parameters(Question, query + form) == question


# ---------------------------------------------------------------------------------------------------------------
# How it is written


def test_a_body_is_written_as_the_service_writes_it():
    tree = Tree(
        flag=True,
        number=7,
        words="läßt",
        day=date(2022, 1, 14),
        moment=datetime(2021, 11, 10, 14, 37, 26, tzinfo=CHINA),
        weather=Weather.FOUL,
        leaf=Leaf(leaf_id=1),
        numbers=[1, 2],
        leaves=[Leaf(name="a"), Leaf()],
        shade=3,
        dag_id=15001,
        done=False,
        latest="20220414",
        start_time=datetime(2021, 11, 11, 14, 35, 57, tzinfo=CHINA),
    )
    assert encode_body(tree) == {
        "Flag": True,
        "Number": 7,
        "Words": "läßt",
        "Day": "2022-01-14",
        "Moment": "2021-11-10 14:37:26",
        "Weather": 4,
        "Leaf": {"LeafId": 1},
        "Numbers": [1, 2],
        "LeafList": {"Leaf": [{"Name": "a"}, {}], "shade": 3},
        "DagId": "15001",
        "Done": "false",
        "Latest": 20220414,
        "startTime": "2021-11-11 14:35:57",
    }


def test_parameters_are_written_compactly_and_what_is_none_stays_away():
    question = Question(
        dag_id=1, flag=False, numbers=[1, 2], weather=Weather.FAIR, leaf=Leaf(leaf_id=1, name="ä"), content="{}"
    )
    assert encode_parameters(question) == (
        (
            ("DagId", "1"),
            ("Flag", "false"),
            ("Weather", "0"),
            ("Numbers", "[1,2]"),
            ("Leaf", '{"LeafId":1,"Name":"ä"}'),
        ),
        (("Content", "{}"),),
    )


def test_what_is_none_stays_out_of_a_body_and_a_list_stays_in():
    assert encode_body(Tree()) == {"Numbers": [], "LeafList": {"Leaf": []}}


def test_a_number_documented_as_such_is_written_as_text_when_it_is_none():
    assert encode_body(Tree(latest="2022-04-13"))["Latest"] == "2022-04-13"


@pytest.mark.parametrize(
    "moment",
    [
        datetime.fromisoformat("2021-11-10 14:37:26"),
        datetime(2021, 11, 10, 14, 37, 26, 999999, tzinfo=CHINA),
        datetime(2021, 11, 10, 6, 37, 26, tzinfo=UTC),
    ],
)
def test_a_time_is_written_in_china_to_the_second(moment: datetime):
    assert encode_body(Tree(moment=moment))["Moment"] == "2021-11-10 14:37:26"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (False, "false"),
        (-3, "-3"),
        (1.5, "1.5"),
        ("a b", "a b"),
        ("", ""),
        (date(2022, 1, 14), "2022-01-14"),
        (datetime(2022, 1, 13, 16, tzinfo=UTC), "2022-01-14 00:00:00"),
        ([1, "ä"], '[1,"ä"]'),
        ({"NodeFrom": 1}, '{"NodeFrom":1}'),
        (Weather.FOUL, "4"),
        (Word.YES, "yes"),
    ],
)
def test_plain_values_are_written_as_typed_ones_are(value: Any, written: str):
    assert text(value) == written


# ---------------------------------------------------------------------------------------------------------------
# What is read besides what we write ourselves


@pytest.mark.parametrize("written", ["true", "True", "TRUE", "1"])
def test_yes_in_every_spelling_that_clients_use(written: str):
    assert ask(Flag=written).flag is True


@pytest.mark.parametrize("written", ["false", "False", "0"])
def test_no_in_every_spelling_that_clients_use(written: str):
    assert ask(Flag=written).flag is False


@pytest.mark.parametrize("written", ["[1,2]", "[1, 2]", " [ 1 , 2 ] ", '["1","2"]'])
def test_a_list_with_blanks_or_without(written: str):
    assert ask(Numbers=written).numbers == (1, 2)


def test_names_that_a_class_lacks_are_passed_over():
    assert ask(Surprise="1") == ask()
    assert decode_body(Leaf, {"LeafId": 1, "Surprise": {"a": 1}}) == Leaf(leaf_id=1)


def test_a_parameter_is_found_in_the_query_and_in_the_body():
    assert ask(Content="{}").content == "{}"


def test_an_empty_parameter_counts_as_absent():
    assert ask(Numbers="", Flag="", Day="") == ask()


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("dag_id", "15001", 15001),
        ("dag_id", 15001, 15001),
        ("number", "15001", 15001),
        ("words", 20220414, "20220414"),
        ("latest", 20220414, "20220414"),
        ("latest", "2022-04-13", "2022-04-13"),
        ("flag", "true", True),
        ("flag", 0, False),
        ("done", True, True),
        ("weather", 4, Weather.FOUL),
        ("weather", "4", Weather.FOUL),
        ("words", "", ""),
    ],
)
def test_a_value_is_read_whichever_way_it_comes(name: str, value: Any, meant: Any):
    found = read(name, value)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize("name", ["moment", "number", "dag_id", "day", "weather", "flag", "leaf"])
@pytest.mark.parametrize("nothing", ["", None])
def test_what_is_not_there_yet_may_come_as_an_empty_string_or_null(name: str, nothing: Any):
    assert read(name, nothing) is None


@pytest.mark.parametrize(
    "body",
    [{}, {"LeafList": None}, {"LeafList": ""}, {"LeafList": {}}, {"LeafList": {"Leaf": None}}, {"LeafList": []}],
)
def test_a_list_without_its_wrapper_is_empty(body: Any):
    assert decode_body(Tree, body).leaves == []


def test_an_enum_keeps_a_number_that_it_does_not_know():
    found = read("weather", 17)
    assert found == 17
    assert type(found) is int
    assert ask(Weather="17").weather == 17


def test_a_time_is_read_as_one_in_china():
    assert read("moment", "2021-11-10 14:37:26") == datetime(2021, 11, 10, 6, 37, 26, tzinfo=UTC)
    assert read("moment", "2021-11-10 14:37:26").tzinfo is CHINA


# ---------------------------------------------------------------------------------------------------------------
# What cannot be read


def test_a_required_parameter_is_missing():
    with pytest.raises(WireError, match="DagId is missing") as error:
        decode_parameters(Question, [("Flag", "true")])
    assert (error.value.name, error.value.missing) == ("DagId", True)


def test_a_required_parameter_that_is_empty_is_missing():
    with pytest.raises(WireError) as error:
        decode_parameters(Question, [("DagId", "")])
    assert error.value.missing


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("DagId", "x"),
        ("DagId", "1.0"),
        ("DagId", " 1"),
        ("DagId", "+1"),
        ("DagId", "1_0"),
        ("DagId", "\uff11"),
        ("DagId", "9" * 5000),
        ("DagId", str(2**63)),
        ("Flag", "yes"),
        ("Flag", "2"),
        ("Day", "2022-02-29"),
        ("Day", "20220114"),
        ("Day", "2022-01-14 00:00"),
        ("Weather", "FOUL"),
        ("Numbers", "1,2"),
        ("Numbers", "1"),
        ("Numbers", "[1,"),
        ("Numbers", "[1.5]"),
        ("Numbers", "[true]"),
        ("Numbers", "[null]"),
        ("Numbers", "[NaN]"),
        ("Numbers", "[[1]]"),
        ("Numbers", '{"1":2}'),
        ("Numbers", f"[{'9' * 5000}]"),
        ("Numbers", DEEP),
        ("Leaf", "[]"),
        ("Leaf", "x"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(name: str, written: str):
    with pytest.raises(WireError) as error:
        decode_parameters(Question, [("DagId", "1"), (name, written)])
    assert not error.value.missing
    assert error.value.name == name
    assert str(error.value).startswith(f"{name} cannot be read from ")
    assert len(str(error.value)) < 80


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Number", {"Number": 1.5}),
        ("Number", {"Number": True}),
        ("Number", {"Number": "4****"}),
        ("Number", {"Number": 2**63}),
        ("Number", {"Number": []}),
        ("Flag", {"Flag": "maybe"}),
        ("Words", {"Words": {}}),
        ("Words", {"Words": ["a"]}),
        ("Moment", {"Moment": "2021-11-10"}),
        ("Moment", {"Moment": "2021-11-10 25:00:00"}),
        ("Moment", {"Moment": "2021-11-10 14:37:26+00:00"}),
        ("Moment", {"Moment": 1636526246}),
        ("Day", {"Day": 20220114}),
        ("Weather", {"Weather": "FOUL"}),
        ("Numbers", {"Numbers": {"Number": [1]}}),
        ("Numbers", {"Numbers": [None]}),
        ("startTime", {"startTime": "now"}),
        ("LeafList.Leaf", {"LeafList": {"Leaf": {}}}),
        ("LeafId", {"Leaf": {"LeafId": "x"}}),
        ("LeafId", {"LeafList": {"Leaf": [{}, {"LeafId": "x"}]}}),
        ("Leaf", {"Leaf": []}),
    ],
)
def test_a_field_that_is_wrong_is_named(name: str, body: Any):
    with pytest.raises(WireError) as error:
        decode_body(Tree, body)
    assert error.value.name == name
    assert not error.value.missing


@pytest.mark.parametrize("body", [None, [], "", 1])
def test_a_body_that_is_no_object_names_what_it_was_to_be(body: Any):
    with pytest.raises(WireError, match="Tree cannot be read"):
        decode_body(Tree, body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["Flag", "Number", "Words", "Day", "Moment", "Weather", "Leaf", "Numbers", "LeafList", "DagId"])


@given(st.dictionaries(names, json_values))
def test_any_json_is_read_or_refused(body: dict[str, Any]):
    try:
        tree = decode_body(Tree, body)
    except WireError:
        return
    assert decode_body(Tree, encode_body(tree)) == tree


@given(st.lists(st.tuples(names, st.text() | json_values.map(json.dumps))))
def test_any_parameters_are_read_or_refused(pairs: list[tuple[str, str]]):
    try:
        question = decode_parameters(Question, pairs)
    except WireError:
        return
    query, form = encode_parameters(question)
    assert decode_parameters(Question, query + form) == question

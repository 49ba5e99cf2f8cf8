import pytest

from dms_backfill_sdk.emulator.switches import Switches


def test_each_switch_has_the_default_that_the_design_says():
    assert Switches() == Switches(
        range_creates="runs",
        end_inclusive=True,
        after_failure="stop",
        refusals="body",
        filtered="succeed",
        timestamp_window=15,
        https_only="accepted",
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("range_creates", "both", "range_creates must be 'runs' or 'parent'; 'both' is neither."),
        ("end_inclusive", 1, "end_inclusive must be True or False; 1 is neither."),
        ("after_failure", None, "after_failure must be 'stop' or 'continue'; None is neither."),
        ("refusals", "HTTP", "refusals must be 'body' or 'http'; 'HTTP' is neither."),
        ("filtered", "", "filtered must be 'succeed' or 'absent'; '' is neither."),
        ("timestamp_window", 30, "timestamp_window must be 15 or 31; 30 is neither."),
        ("timestamp_window", 15.0, "timestamp_window must be 15 or 31; 15.0 is neither."),
        ("https_only", True, "https_only must be 'accepted' or 'refused'; True is neither."),
    ],
)
def test_a_setting_that_there_is_not_is_refused_with_those_that_there_are(name: str, value: object, sentence: str):
    with pytest.raises(ValueError) as refusal:
        Switches(**{name: value})
    assert str(refusal.value) == sentence


def test_a_switch_that_there_is_not_is_refused():
    with pytest.raises(TypeError, match="after_failures"):
        Switches(after_failures="stop")

"""How far something is, as a picture."""

from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.render.bar import bar
from dms_backfill_sdk.render.looks import LOOKS


def segments(picture):
    solid = [path for group in picture.every("g") for path in group if path.get("class") == "dms-solid"]
    return [picture.numbers(path.get("d"))[:3] for path in solid if picture.numbers(path.get("d"))[1] < 10]


@given(st.dictionaries(st.sampled_from(sorted(LOOKS)), st.integers(0, 10**6)))
def test_every_part_that_is_there_is_seen_and_they_fill_the_bar(read, counts):
    picture = read(bar(counts, label="Progress"))
    there = segments(picture)
    assert len(there) == len([count for count in counts.values() if count])
    assert all(width >= 2 for _, _, width in there)
    if there:
        last = max(there)
        assert abs(last[0] + last[2] - 478.2) < 0.5


def test_parts_are_as_wide_as_they_are_many(read):
    picture = read(bar({"waiting": 100, "succeeded": 300}, label="Progress"))
    (done, waiting) = segments(picture)
    assert abs(done[2] / waiting[2] - 3) < 0.1
    assert done[0] < waiting[0]
    assert {"300 succeeded", "100 waiting"} <= set(picture.texts()) & set(picture.titles())
    assert picture.label == "Progress: 300 succeeded, 100 waiting"


def test_there_may_be_nothing(read):
    assert read(bar({}, label="Progress")).label == "Progress: nothing"

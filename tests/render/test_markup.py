import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.render.markup import Markup, join, number, tag

UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@given(text=st.text(), value=st.text())
def test_whatever_text_is_held_the_element_stays_one(text, value):
    element = ET.fromstring(tag("td", text, title=value))
    assert (element.tag, len(element), set(element.attrib)) == ("td", 0, {"title"})
    # What a parser does by itself: it knows one way to end a line.
    assert (element.text or "") == re.sub("\r\n?", "\n", UNFIT.sub("\ufffd", text))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a & b", "a &amp; b"),
        ('"', "&quot;"),
        ("\x00\x1b\ud800\uffff", "\ufffd\ufffd\ufffd\ufffd"),
        ("检查", "检查"),
    ],
)
def test_text_is_escaped_and_what_no_page_may_hold_is_replaced(text, written):
    assert join(text) == written
    assert tag("b", text) == f"<b>{written}</b>"
    assert tag("b", title=text) == f'<b title="{written}"/>'


def test_markup_is_not_escaped_again():
    assert tag("g", tag("path", d="M0 0"), Markup("&amp;"), "&") == '<g><path d="M0 0"/>&amp;&amp;</g>'


def test_attributes_are_written_as_pages_have_them():
    assert tag("text", "", class_="quiet", aria_label="x", text_anchor="end", x=1.0, y=None) == (
        '<text class="quiet" aria-label="x" text-anchor="end" x="1"></text>'
    )


@pytest.mark.parametrize(
    ("value", "written"), [(0.0, "0"), (-0.04, "0"), (12, "12"), (-7.25, "-7.2"), (1234.56, "1234.6"), (3e6, "3000000")]
)
def test_coordinates_are_written_to_a_tenth_of_a_pixel(value, written):
    assert number(value) == written

"""The pieces of a page."""

from dms_backfill_sdk.render.looks import STYLE_SHEET
from dms_backfill_sdk.render.markup import Markup
from dms_backfill_sdk.render.page import code, facts, part, sentence, sheet, table, warning


def words(element):
    return "".join(element.itertext())


def test_a_sheet_holds_its_style_once_and_needs_nothing_else(read):
    page = read(sheet("daily_sales", part("Nodes", sentence("It has none.")), about="task flow 1"))
    assert page.root.get("class") == "dms"
    assert [style.text for style in page.every("style")] == [STYLE_SHEET]
    assert words(page.root).removeprefix(STYLE_SHEET) == "daily_sales task flow 1NodesIt has none."
    assert "//" not in sheet("")


def test_what_is_named_is_text_whatever_it_is(read):
    evil = "<script>alert(1)</script>"
    pieces = (
        part(evil, evil),
        sentence(evil),
        warning(evil),
        facts([(evil, evil)]),
        table((evil,), [(evil,)]),
        code(evil),
    )
    page = read(sheet(evil, *pieces, about=evil))
    assert page.every("script") == []
    assert words(page.root).count(evil) == 11


def test_facts_that_are_empty_are_left_out(read):
    rows = read(facts([("tenant", ""), ("version", "7")])).every("tr")
    assert [words(row) for row in rows] == ["version7"]


def test_numbers_stand_at_the_right(read):
    row = read(table(("day", "runs"), [("2022-01-14", "3")], right=(1,))).every("tr")[1]
    assert [cell.get("class") for cell in row] == [None, "dms-right"]


def test_of_many_rows_the_first_are_shown_and_the_rest_is_counted(read):
    page = read(table(("n",), [(str(number),) for number in range(1234)]))
    assert [words(row) for row in page.every("tr")] == ["n", *map(str, range(50))]
    assert words(page.root).endswith("… and 1,184 more")


def test_of_a_long_text_the_beginning_is_shown_and_all_of_it_where_it_is_pointed_at(read):
    text = "select * from orders where day = '${bizdate}' " * 9
    (cell,) = read(table(("sql",), [(text,)])).every("td")
    assert cell.text == text[:200] + "…"
    assert cell.get("title") == text


def test_markup_in_a_table_stays_whole(read):
    long = Markup("<code>" + "x" * 500 + "</code>")
    assert len(words(read(table(("request",), [(long,)])).every("td")[0])) == 500


def test_a_table_may_be_empty(read):
    assert len(read(table(("day",), [])).every("tr")) == 1

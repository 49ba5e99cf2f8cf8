"""What can be told apart, by whom, on which page."""

import re
from itertools import combinations

import pytest

from dms_backfill_sdk.backfill import Standing
from dms_backfill_sdk.render.drawing import legend, mark, measure, shortened
from dms_backfill_sdk.render.looks import LOOKS, STYLE_SHEET

STANDINGS = [standing.value for standing in Standing] + ["planned"]
PARTS = ["runs", "filtered", "outside"]


def rules():
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", STYLE_SHEET):
        yield selector.strip(), dict(part.split(":", 1) for part in body.split(";") if part)


def palette(selector):
    """The colours that apply where this selector does."""
    return next(body for selectors, body in rules() if selector in selectors.split(",") and "--dms-green" in body)


def luminance(colour):
    if len(colour) == 4:
        colour = "#" + "".join(2 * letter for letter in colour[1:])
    levels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    return sum(weight * level for weight, level in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("styles", [STANDINGS, PARTS])
def test_no_two_styles_are_told_apart_by_colour_alone(styles):
    def shape(style):
        return LOOKS[style].mark, re.findall(r"--[df]:[^;]*", LOOKS[style].css)

    assert not [(one, other) for one, other in combinations(styles, 2) if shape(one) == shape(other)]


@pytest.mark.parametrize(
    ("page", "theme"),
    [
        ('[data-theme="dark"] .dms', "dark"),  # furo
        ('[data-jp-theme-light="false"] .dms', "dark"),  # JupyterLab
        (".vscode-dark .dms", "dark"),
        ('[data-theme="light"] .dms', "light"),
        ('[data-jp-theme-light="true"] .dms', "light"),
        (".vscode-light .dms", "light"),
    ],
)
def test_a_page_that_says_its_theme_is_followed(page, theme):
    assert (luminance(palette(page)["--dms-blue"]) > 0.3) == (theme == "dark")


def test_where_the_page_says_nothing_the_system_is_followed():
    assert "@media (prefers-color-scheme:dark){.dms{" in STYLE_SHEET


@pytest.mark.parametrize("page", ['[data-theme="dark"] .dms', '[data-theme="light"] .dms'])
@pytest.mark.parametrize("style", [style for style in STANDINGS if style != "missing"])
def test_numbers_and_marks_can_be_read_on_their_cells(page, style):
    colours = palette(page)
    own = dict(part.split(":") for part in LOOKS[style].css.split(";"))
    ground = colours[own["--c"].removeprefix("var(").removesuffix(")")]
    assert contrast(ground, own.get("--k", colours["--dms-on"])) >= 4.5


def test_pictures_have_no_background_of_their_own_and_text_is_the_pages():
    assert "background:#" not in STYLE_SHEET
    assert any(selector == ".dms svg text" and body["fill"] == "currentColor" for selector, body in rules())


def test_a_mark_stays_within_its_reach_of_the_point(read):
    for style, look in LOOKS.items():
        path = mark(style, 100, 50, 3)
        assert bool(path) == bool(look.mark)
        for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)", path):
            assert abs(float(x) - 100) <= 3
            assert abs(float(y) - 50) <= 3


def test_names_that_are_too_long_keep_their_beginning_and_their_end():
    name = "ods_trade_orders_hourly_partition_clean_up_17"
    short = shortened(name, 120)
    begin, end = short.split("…")
    assert measure(short) <= 120
    assert name.startswith(begin)
    assert name.endswith(end)
    assert len(begin) > len(end) >= 3
    assert shortened("sum", 120) == "sum"


def test_chinese_letters_are_known_to_be_wide():
    assert measure("汇总每日") > 1.5 * measure("load")


def test_a_legend_that_does_not_fit_goes_on_in_the_next_line(read):
    entries = [("failed", f"this is the meaning of number {number}") for number in range(6)]
    drawn, size = legend(entries, top=10)
    texts = read(f"<g>{drawn}</g>").every("text")
    assert [text.text for text in texts] == [words for _, words in entries]
    assert len({text.get("y") for text in texts}) > 1
    assert size.width <= 720
    assert size.height > max(float(text.get("y")) for text in texts)

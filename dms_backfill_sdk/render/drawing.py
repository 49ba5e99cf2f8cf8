"""What pictures are drawn with: a cell and its mark, a legend, text that is measured, and the frame around it all."""

from collections.abc import Iterable
from unicodedata import east_asian_width

from attrs import frozen

from dms_backfill_sdk.render.looks import LOOKS
from dms_backfill_sdk.render.markup import Markup, join, number, tag

__all__ = ["WIDE", "Size", "cell", "legend", "mark", "measure", "picture", "shortened"]

#: How wide a picture likes to be, in pixels: as wide as a page of documentation.
WIDE = 720

_WIDTHS = {
    **dict.fromkeys("ijl|!.,:;'`", 0.33),
    **dict.fromkeys("frt()[]{}/\\- ", 0.42),
    **dict.fromkeys("mwMW@%", 0.95),
}


def measure(text: str, size: float = 12) -> float:
    """About how wide a text is, in pixels. Nobody can know without the font, so it is rather too much than too little.

    >>> measure("ill") < measure("sum") < measure("SUM") < measure("汇总表")
    True
    """
    return size * sum(_WIDTHS.get(letter) or _other(letter) for letter in text)


def _other(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 1.0
    return 0.72 if letter.isupper() else 0.6


def shortened(text: str, most: float) -> str:
    """The text, or as much of its beginning and its end as fits into so many pixels: names often differ at the end."""
    if measure(text) <= most:
        return text
    kept = len(text) - 1
    while kept > 2 and measure(_ends(text, kept)) > most:
        kept -= 1
    return _ends(text, kept)


def _ends(text: str, kept: int) -> str:
    tail = kept // 3
    return f"{text[: kept - tail]}…{text[len(text) - tail :]}"


def cell(x: float, y: float, width: float, height: float) -> str:
    """The path of a rectangle."""
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}H{number(x)}z"


def mark(style: str, x: float, y: float, reach: float) -> str:
    """The path of a style's mark around a point; empty when it has none.

    It is written step by step, in whole pixels: crisp, and short where there are hundreds of them.
    """
    path, here = "", (0, 0)
    for line in LOOKS[style].mark:
        for place, (right, down) in enumerate(line):
            there = round(reach * right), round(reach * down)
            if not path:
                path = f"M{number(x + there[0])} {number(y + there[1])}"
            else:
                path += _step("l" if place else "m", there[0] - here[0], there[1] - here[1])
            here = there
    return path


def _step(command: str, right: int, down: int) -> str:
    if command == "l" and not down:
        return f"h{right}"
    if command == "l" and not right:
        return f"v{down}"
    return f"{command}{right}{'' if down < 0 else ' '}{down}"


@frozen
class Size:
    """How far something reaches, to the right and down."""

    width: float
    height: float


def legend(entries: Iterable[tuple[str, str]], *, top: float, shape: str = "dms-solid") -> tuple[Markup, Size]:
    """What the styles mean, in lines that are not wider than a picture likes to be.

    Args:
        entries: a style and what it means; a second style behind a blank is its mark's.
        top: where it begins.
        shape: the class of the cells.

    Returns:
        the legend, and where it ends.
    """
    drawn: list[Markup] = []
    x = right = 0.0
    for styles, words in entries:
        needs = 19 + measure(words)
        if x and x + needs > WIDE:
            x, top = 0.0, top + 20
        style, _, marked = styles.partition(" ")
        drawn.append(
            tag(
                "g",
                tag("path", d=cell(x + 1, top + 1, 11, 11), class_=shape),
                tag("path", d=mark(marked or style, x + 6.5, top + 6.5, 2.6), class_="dms-mark"),
                class_=f"dms-{style}",
            )
        )
        drawn.append(tag("text", words, x=x + 19, y=top + 11))
        right = max(right, x + needs)
        x += needs + 14
    return join(*drawn), Size(right, top + 15 if drawn else top)


def picture(width: float, height: float, *parts: str, label: str) -> Markup:
    """An SVG picture, to stand on a page that holds the style sheet, inside an element of the class ``dms``.

    Args:
        label: what it shows, in words, for those who cannot see it.
    """
    return tag(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        aria_label=label,
    )

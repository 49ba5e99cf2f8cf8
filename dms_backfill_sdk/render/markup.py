"""Markup that cannot be broken by what it holds: everything is escaped unless it is markup already."""

import re
from html import escape

__all__ = ["Markup", "join", "number", "tag"]


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


#: What neither HTML nor XML may hold, even escaped. Names come from the service, which may send anything.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def tag(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """An element, with its children and attributes escaped.

    Args:
        children: markup, or text. An element without any closes itself, as the shapes of SVG do; one of HTML that may
            be empty is given an empty text.
        attributes: their values; None leaves one out. ``class_`` is written ``class``, ``aria_label`` ``aria-label``.

    >>> tag("td", "a < b", class_="number")
    '<td class="number">a &lt; b</td>'
    >>> tag("path", d="M0 0h9")
    '<path d="M0 0h9"/>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_fit(value if isinstance(value, str) else number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{join(*children)}</{name}>" if children else f"<{name}{given}/>")


def join(*pieces: str) -> Markup:
    """Pieces one after another, escaped where they are not markup."""
    return Markup("".join(piece if isinstance(piece, Markup) else _fit(piece) for piece in pieces))


def number(value: float) -> str:
    """A coordinate, to a tenth of a pixel.

    >>> number(12.0), number(0.25), number(-0.04)
    ('12', '0.2', '0')
    """
    # Adding nothing takes the sign off a zero.
    return f"{round(value, 1) + 0.0:g}" if abs(value) < 100_000 else f"{value:.0f}"


def _fit(text: str) -> str:
    return escape(_UNFIT.sub("\ufffd", text))

"""How far something is, as a picture: one bar, divided by where its parts stand."""

from collections.abc import Mapping

from dms_backfill_sdk.render.drawing import cell, legend, mark, picture
from dms_backfill_sdk.render.looks import LOOKS
from dms_backfill_sdk.render.markup import Markup, tag

__all__ = ["bar"]

_HEIGHT = 14
_WIDTH = 480
#: A part that is there is seen, however small.
_LEAST = 4


def bar(counts: Mapping[str, int], *, label: str) -> Markup:
    """Draw a bar.

    Args:
        counts: how many parts have which style of :data:`~dms_backfill_sdk.render.looks.LOOKS`.
        label: what it is the bar of.
    """
    there = {style: counts[style] for style in LOOKS if counts.get(style)}
    total = sum(there.values())
    least = _LEAST * len(there)
    x = 1.0
    parts = [tag("path", d=cell(1, 1, _WIDTH - 2, _HEIGHT), class_="dms-ground")]
    for style, count in there.items():
        width = _LEAST + (_WIDTH - 2 - least) * count / total
        drawn = [
            tag("title", f"{count:,} {LOOKS[style].label}"),
            tag("path", d=cell(x + 0.75, 1.75, width - 1.5, _HEIGHT - 1.5), class_="dms-solid"),
        ]
        if width > 11:
            drawn.append(tag("path", d=mark(style, x + width / 2, 1 + _HEIGHT / 2, 3), class_="dms-mark"))
        parts.append(tag("g", *drawn, class_=f"dms-{style}"))
        x += width
    key, size = legend([(style, f"{count:,} {LOOKS[style].label}") for style, count in there.items()], top=_HEIGHT + 10)
    summary = ", ".join(f"{count:,} {LOOKS[style].label}" for style, count in there.items())
    return picture(max(_WIDTH, size.width), size.height, *parts, key, label=f"{label}: {summary or 'nothing'}")

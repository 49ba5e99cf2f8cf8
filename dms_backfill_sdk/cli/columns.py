"""Tables on a terminal, whose last column may hold sentences."""

import textwrap
from collections.abc import Collection, Iterator, Sequence

from dms_backfill_sdk.render import Line, table

__all__ = ["table_within"]

#: A column of sentences that has less room than this is not wrapped, but goes on at the begin of the next line.
NARROW = 16


def table_within(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, *, right: Collection[int] = ()
) -> Iterator[Line]:
    """A table whose last column goes on below itself where a line would be too long.

    >>> for line in table_within(("run", "said"), [("470001", "no orders have come so far")], 27):
    ...     print("".join(text for text, _ in line))
    run     said
    470001  no orders have come
            so far

    Args:
        width: how many characters a line may have; None for lines as long as they are.
        right: as :func:`~dms_backfill_sdk.render.table` has it.
    """
    if width is None:
        return table(header, rows, right=right)
    left = sum(max(map(len, column)) + 2 for column in list(zip(header, *rows, strict=True))[:-1])
    if width - left < NARROW:
        return table(header, rows, right=right)
    split = []
    for *cells, sentence in rows:
        first, *others = textwrap.wrap(sentence, width - left) or [""]
        split += [(*cells, first), *((*("" for _ in cells), other) for other in others)]
    return table(header, split, right=right)

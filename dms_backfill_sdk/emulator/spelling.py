"""Help with a name that is nearly right."""

import difflib
from collections.abc import Iterable

__all__ = ["unknown"]


def unknown(what: str, given: str, known: Iterable[str]) -> str:
    """A sentence about a name that is none of those known.

    >>> unknown("key", "secnds", ["seconds", "message"])
    "there is no key 'secnds'; did you mean 'seconds'?"
    """
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(map(repr, names)) or 'none'}."
    return f"there is no {what} {given!r}; {hint}"

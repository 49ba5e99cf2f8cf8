"""The package speaks Python to those who call it; here it is said in options."""

import re

__all__ = ["in_words"]

#: What the package writes → what somebody types in a shell.
_WORDS = {
    r'only="([a-z-]+)"': r"--only \1",
    r'resubmit="if-absent"': "--resubmit",
    r"\basc=False": "--desc",
    r"\bgive the client end_inclusive=False": "add --end-exclusive",
    r"\bjob\.rerun_failed\(\)": "dms-backfill rerun",
    r'write a date, a datetime or "YYYY-MM-DD"': "write it as YYYY-MM-DD",
    r", pass credentials= to the client,": "",
    r", or pass credentials= to the client": "",
    r"\bPass credentials= instead": "Leave it out: the key is read from the environment",
}


def in_words(sentence: str) -> str:
    """The sentence, with what is Python in it written as options.

    >>> in_words('10 of them have succeeded already; only="missing" leaves them out.')
    '10 of them have succeeded already; --only missing leaves them out.'
    """
    for python, shell in _WORDS.items():
        sentence = re.sub(python, shell, sentence)
    return sentence

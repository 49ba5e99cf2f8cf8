"""Pictures cost nothing until somebody looks."""

import subprocess
import sys

import pytest


def loaded(program):
    """The rooms that are loaded at the end of a program."""
    program += (
        "\nimport sys\nprint(*{name.split('.')[1] for name in sys.modules if name.startswith('dms_backfill_sdk.')})"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    "program",
    [
        "from dms_backfill_sdk import Client",
        "import dms_backfill_sdk.backfill",
        "from dms_backfill_sdk import BackFillResponse, DmsError; repr(BackFillResponse()); str(DmsError('x'))",
        "from dms_backfill_sdk.shown import live_view; live_view()",
    ],
)
def test_who_shows_nothing_loads_no_pictures(program):
    assert not loaded(program) & {"render", "notebook"}


def test_they_are_loaded_when_something_is_shown():
    assert loaded("from dms_backfill_sdk import DmsError; DmsError('x')._repr_html_()") >= {"render", "notebook"}

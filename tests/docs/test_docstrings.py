"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil
from datetime import date, datetime

import pytest

import dms_backfill_sdk as sdk

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(sdk.__path__, "dms_backfill_sdk.")
    if not found.name.endswith("__main__")
]
EXAMPLES = [test for module in MODULES for test in doctest.DocTestFinder().find(module) if test.examples]


@pytest.fixture
def names():
    """What an example may use without a word: every public name, dates, and a client."""
    clock = sdk.ManualClock()
    emulator = sdk.Emulator(clock=clock)
    client = sdk.Client(
        credentials=sdk.AccessKey("testid", "testsecret"),
        endpoint="http://127.0.0.1",
        transport=emulator.transport(),
        clock=clock,
    )
    yield {name: getattr(sdk, name) for name in sdk.__all__} | {"date": date, "datetime": datetime, "client": client}
    emulator.close()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name.removeprefix("dms_backfill_sdk."))
def test_the_example_says_what_happens(example, names):
    said = []
    example.globs = names | example.globs
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not results.failed, "".join(said)


def test_there_are_examples_to_run():
    # So that a change of how they are found cannot make all of them vanish.
    assert sum(len(test.examples) for test in EXAMPLES) >= 20

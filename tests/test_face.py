"""The package's face: every public name is there, and costs nothing until it is named."""

import configparser
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dms_backfill_sdk

MODULES = sorted(dms_backfill_sdk._NAMES)


def loaded_by(statement: str) -> set[str]:
    """The modules that a new interpreter has loaded after this statement."""
    script = f"{statement}\nimport sys\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(told.stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_every_name_is_found_where_it_lives(module):
    home = importlib.import_module(f"dms_backfill_sdk.{module}")
    for name in dms_backfill_sdk._NAMES[module]:
        assert getattr(dms_backfill_sdk, name) is getattr(home, name)
        assert name in home.__all__


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("operations.")])
def test_no_class_of_the_contract_is_left_out(module):
    home = importlib.import_module(f"dms_backfill_sdk.{module}")
    classes = {name for name in home.__all__ if isinstance(getattr(home, name), type)}
    assert classes == set(dms_backfill_sdk._NAMES[module])


def test_the_face_lists_what_it_has_and_nothing_else():
    assert dir(dms_backfill_sdk) == sorted(dms_backfill_sdk.__all__)
    with pytest.raises(AttributeError, match="module 'dms_backfill_sdk' has no attribute 'BackFil'"):
        dms_backfill_sdk.BackFil  # noqa: B018  asking is the point


def test_a_request_alone_loads_neither_http_nor_tls():
    assert not {"requests", "urllib3", "ssl", "http.client"} & loaded_by("from dms_backfill_sdk import BackFillRequest")


def test_a_client_loads_no_plan_no_server_and_no_key_pair():
    loaded = loaded_by("from dms_backfill_sdk import Client")
    assert "requests" in loaded
    assert not {"dms_backfill_sdk.backfill", "dms_backfill_sdk.operations.find", "starlette", "cryptography"} & loaded


@pytest.mark.parametrize(
    ("name", "library", "extra"), [("AsyncClient", "aiohttp", "async"), ("Emulator", "uvicorn", "emulator")]
)
def test_a_name_whose_library_is_missing_says_which_extra_brings_it(name, library, extra):
    script = f"import sys\nsys.modules[{library!r}] = None\nfrom dms_backfill_sdk import {name}"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, text=True)
    assert told.stderr.splitlines()[-1] == (
        f"ModuleNotFoundError: {name} needs {library}, which is not installed; install dms_backfill_sdk[{extra}]."
    )


def test_the_libraries_of_these_extras_are_known():
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[1] / "setup.cfg", "utf-8")
    extras = setup["options.extras_require"]
    assert {
        re.match(r"\w+", line)[0]: extra
        for extra in ("async", "emulator")
        for line in extras[extra].split("\n")
        if line
    } == dms_backfill_sdk._EXTRAS

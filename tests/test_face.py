"""The package's face: every public name is there, and costs nothing until it is named."""

import importlib
import subprocess
import sys

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

"""The notebook tells the truth. The build of the pages runs it too; there, a cell that fails fails the build."""

import ast
import configparser
import re
import runpy
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

import dms_backfill_sdk as sdk

DOCS = Path(__file__).parents[2] / "docs"
SOURCE = (DOCS / "notebook.md").read_text("utf-8")
CELLS = re.findall(r"^```\{code-cell\} ipython3\n((?::[^\n]+\n)*)\n?(.*?)^```$", SOURCE, re.MULTILINE | re.DOTALL)
PYTHON = [code for _, code in CELLS if not code.startswith("%%")]


@pytest.fixture
def conf(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    return runpy.run_path(str(DOCS / "conf.py"))


def test_the_build_runs_it_and_fails_with_a_cell(conf):
    assert "myst_nb" in conf["extensions"]
    assert conf["nb_execution_mode"] == "force"
    assert conf["nb_execution_raise_on_error"]
    assert SOURCE.startswith("---\nfile_format: mystnb\n")


def test_only_the_job_that_does_not_get_through_may_fail():
    [code] = [code for options, code in CELLS if "raises-exception" in options]
    assert code == "job = plan.submit()\njob.wait()\n"


def test_it_is_among_the_pages():
    assert "\nnotebook\n" in (DOCS / "index.md").read_text("utf-8")


def test_what_it_imports_comes_with_the_docs_extra():
    setup = configparser.ConfigParser()
    setup.read(DOCS.parent / "setup.cfg", "utf-8")
    extra = set(re.findall(r"^[\w-]+", setup["options.extras_require"]["docs"], re.MULTILINE))
    imports = [node for code in PYTHON for node in ast.walk(ast.parse(code))]
    named = {name.name for node in imports if isinstance(node, ast.Import) for name in node.names}
    named |= {node.module for node in imports if isinstance(node, ast.ImportFrom)}
    assert {"pandas", "vega_datasets"} <= named
    assert {name.partition(".")[0] for name in named} - sys.stdlib_module_names <= {"dms_backfill_sdk", *extra}


def test_its_story_is_what_happens(tmp_path, monkeypatch):
    pytest.importorskip("vega_datasets", reason="the data come with the docs extra; the build of the pages runs them")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__page__"}
    for options, code in CELLS:
        if code.startswith("%%writefile "):
            first, _, text = code.partition("\n")
            Path(first.removeprefix("%%writefile ")).write_text(text, "utf-8")
        elif "raises-exception" in options:
            with pytest.raises(sdk.RunFailedError, match=r"14 of 22 succeeded, 1 failed.*2015-03-15.*more than 50 mm"):
                exec(code, names)
        else:
            exec(code, names)
    names["emulator"].close()
    names["warehouse"].close()

    assert [len(window.times) for window in names["plan"].windows] == [14, 7, 1]
    assert len(names["flow"].plan(between=names["half_year"], only="missing")) == 0
    with closing(sqlite3.connect("weather.db")) as warehouse:
        assert warehouse.execute("select count(*) from reports").fetchone() == (181,)
        [wettest] = warehouse.execute("select day, value from records where record = 'wettest'")
        assert wettest == ("2015-03-15", 55.9)
        assert warehouse.execute("select max(precipitation) from readings").fetchone() == (55.9,)

# ruff: noqa: INP001  Sphinx finds it by path
"""How the documentation is built; ``from_code.py`` beside it renders the tables that the code itself declares."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dms_backfill_sdk import __version__

project = "dms_backfill_sdk"
author = copyright = "the authors of dms_backfill_sdk"  # noqa: A001  Sphinx's own name for it
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "from_code"]
exclude_patterns = ["_build"]

myst_heading_anchors = 3

# The notebook keeps no outputs: they are made here, and a cell that fails fails the build.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 60  # seconds a cell

# Docstrings: what a thing is for, then its fields as a list.
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
add_module_names = False

html_theme = "furo"
html_title = f"dms_backfill_sdk {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sphinx = False
smartquotes_action = "D"  # dashes only: what stands in quotes is often code
pygments_style = "friendly"
pygments_dark_style = "github-dark"

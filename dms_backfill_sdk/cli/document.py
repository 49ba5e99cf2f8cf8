"""JSON for programs: one document on standard output, or one in each line."""

import json
import sys
from typing import Any

__all__ = ["write_document", "write_line"]


def write_document(document: Any) -> None:
    """Write the one document of a command."""
    _write(json.dumps(document, ensure_ascii=False, indent=2))


def write_line(document: Any) -> None:
    """Write one of several documents, at once: whoever reads them is waiting."""
    _write(json.dumps(document, ensure_ascii=False))


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()

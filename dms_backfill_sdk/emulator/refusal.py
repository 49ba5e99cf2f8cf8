"""How the local service says no."""

from typing import Any

from dms_backfill_sdk.codes import Code, code_of

__all__ = ["Refusal", "invalid", "invalid_parameter", "missing_parameter"]


class Refusal(Exception):  # noqa: N818  not an error of ours: an answer of the service
    """The service will not do what was asked.

    On the wire it is an HTTP 4xx. When a task flow operation says it, it may be a body with ``Success: false`` instead
    (a switch).

    Attributes:
        code: the service's error code.
        status: the HTTP status that goes with it.
        message: what was wrong, in one sentence; without one, the service's own text for the code.
        details: more fields of the error body.
    """

    def __init__(self, code: str, message: str = "", **details: Any) -> None:
        row = code_of(code, 400)
        super().__init__(code, message)
        self.code = code
        self.status = row.status
        self.message = message or _text(row, code)
        self.details = details

    def __str__(self) -> str:
        return self.message


def _text(row: Code, code: str) -> str:
    """The service's text for a code. What it is about stands in the code (``MissingDagId``), or is left out."""
    about = code.removeprefix(row.name[:-1]) if row.name.endswith("*") else ""
    return row.message.replace("{}", about).replace("  ", " ").strip()


def invalid(message: str) -> Refusal:
    """A refusal with the only code that is documented for task flows; the service has none for an unknown flow, a
    flow that was never published or a run in the wrong state."""
    return Refusal("InvalidParameterValid", message)


def missing_parameter(name: str) -> Refusal:
    """A mandatory parameter is not there: ``MissingDagId`` (documented)."""
    return Refusal(f"Missing{name}")


def invalid_parameter(name: str) -> Refusal:
    """A parameter cannot be read: ``InvalidDagId`` (documented)."""
    return Refusal(f"Invalid{name}")

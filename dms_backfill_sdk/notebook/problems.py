"""Errors that are shown as values, as a notebook shows them."""

from collections.abc import Iterator

from dms_backfill_sdk.errors import DmsError, InvalidRequestError, RunFailedError, ServiceError, WaitTimeoutError
from dms_backfill_sdk.notebook.jobs import progress_bar
from dms_backfill_sdk.render.markup import Markup, tag
from dms_backfill_sdk.render.page import facts, part, sentence, sheet, table

__all__ = ["problem_sheet", "run_failed_sheet"]

#: Where nobody thinks that anything was started, or everybody knows it.
_SILENT = (InvalidRequestError, RunFailedError, WaitTimeoutError)


def problem_sheet(error: DmsError) -> Markup:
    """What happened, whether anything may have started, and what to do next."""
    return sheet(type(error).__name__, _said(error), facts(_known(error)))


def run_failed_sheet(error: RunFailedError) -> Markup:
    """How far the job is, and what the failing nodes said."""
    rows = [
        (f"{time:%Y-%m-%d %H:%M}", node, words)
        for time, nodes in error.failures.items()
        for node, words in nodes.items()
    ]
    failed = [part("What the failing nodes said", table(("business time", "node", "message"), rows))] if rows else []
    return sheet(type(error).__name__, _said(error), progress_bar(error.progress), *failed)


def _said(error: DmsError) -> Markup:
    started = "It may have started." if error.may_have_started else "Nothing was started."
    sentences = [error.what, "" if isinstance(error, _SILENT) else started, error.advice]
    return tag("div", *(sentence(words) for words in sentences if words), "", class_="dms-warning dms-bad")


def _known(error: DmsError) -> Iterator[tuple[str, str]]:
    yield "operation", error.action
    if isinstance(error, ServiceError):
        yield "code", error.code
        yield "HTTP status", str(error.http_status)
        yield "request id", error.request_id or ""
        yield "recommended", error.recommend or ""
    if error.started:
        yield "started before", ", ".join(str(one.run_id or "found") for one in error.started)

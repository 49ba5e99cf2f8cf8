"""What a notebook shows: plans, jobs, task flows, responses and errors, as HTML.

The things themselves know nothing of it, except for :class:`~dms_backfill_sdk.shown.Shown`, which asks here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dms_backfill_sdk.backfill import Job, Progress
from dms_backfill_sdk.backfill.flow import AnyTaskFlow
from dms_backfill_sdk.backfill.job import AnyJob
from dms_backfill_sdk.backfill.plan import AnyPlan
from dms_backfill_sdk.errors import DmsError, RunFailedError
from dms_backfill_sdk.notebook.answers import page_sheet, response_sheet
from dms_backfill_sdk.notebook.flows import flow_sheet, plan_sheet
from dms_backfill_sdk.notebook.jobs import job_sheet, progress_sheet, seen_sheet
from dms_backfill_sdk.notebook.problems import problem_sheet, run_failed_sheet
from dms_backfill_sdk.operations.declaration import Page, Response

__all__ = ["html"]

#: What shows which class; of several that fit, the nearest.
_SHEETS: Mapping[type, Callable[[Any], str]] = {
    AnyTaskFlow: flow_sheet,
    AnyPlan: plan_sheet,
    AnyJob: seen_sheet,
    Job: job_sheet,
    Progress: progress_sheet,
    Page: page_sheet,
    Response: response_sheet,
    RunFailedError: run_failed_sheet,
    DmsError: problem_sheet,
}


def html(thing: Any) -> str:
    """The HTML of a thing that is shown."""
    return next(_SHEETS[cls](thing) for cls in type(thing).__mro__ if cls in _SHEETS)

"""The tree of errors: as it is drawn, and what every one of them can do."""

import copy
import pickle
from datetime import UTC, datetime

import pytest

import dms_backfill_sdk
from dms_backfill_sdk import errors
from dms_backfill_sdk.backfill import Standing
from dms_backfill_sdk.errors import (
    DmsError,
    InvalidRequestError,
    LedgerError,
    OutcomeUnknownError,
    PlanOutdatedError,
    RunFailedError,
    ServiceError,
    SignatureMismatchError,
    ThrottledError,
    WaitTimeoutError,
)

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, DmsError)]


def drawn() -> dict[str, str | None]:
    """Each class in the module's drawing, and the one it hangs from."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for line in errors.__doc__.partition("::")[2].partition("Every error")[0].splitlines():
        if not line.strip():
            continue
        branch = line[4:]
        name = branch.lstrip("│├└─ ").split()[0]
        depth = branch.index(name) // 4
        above[depth:] = [name]
        parents[name] = above[depth - 1] if depth else None
    return parents


def test_the_tree_is_the_one_that_is_drawn():
    parents = {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES if cls is not DmsError}
    assert drawn() == {"DmsError": None, **parents}
    assert issubclass(InvalidRequestError, ValueError)


def test_every_one_is_public():
    assert sorted(errors.__all__) == sorted(cls.__name__ for cls in CLASSES)
    assert all(getattr(dms_backfill_sdk, cls.__name__) is cls for cls in CLASSES)


def filled(cls: type[DmsError]) -> DmsError:
    if cls is RunFailedError:
        error: DmsError = cls("Words", "9 of 10", {datetime(2022, 1, 14, tzinfo=UTC): {"load": "no table"}})
    elif cls is PlanOutdatedError:
        error = cls({datetime(2022, 1, 14, tzinfo=UTC): (Standing.MISSING, Standing.RUNNING)})
    elif issubclass(cls, ServiceError):
        error = cls("Words", code="Some.Code", http_status=400, request_id="4F-2", recommend="https://api.example/x")
    else:
        error = cls("Words.")
    error.about("BackFill", may_have_started=True)
    error.advice = "Look first."
    for name in ("server_string", "client_string", "differs_at", "detail", "retry_after"):
        if hasattr(cls, name):
            setattr(error, name, {"differs_at": 7, "detail": {"AuthAction": "dms:BackFill"}}.get(name, "3.5"))
    error.started = (470001,)
    error.job = object()
    error.add_note("a note")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return error


@pytest.mark.parametrize("cls", CLASSES)
def test_every_one_survives_pickling_and_copying_with_all_it_knows_and_its_cause(cls):
    error = filled(cls)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is cls
        assert vars(again) == {name: value for name, value in vars(error).items() if name != "job"}
        assert (again.args, str(again)) == (error.args, str(error))
        assert repr(again.__cause__) == repr(error.__cause__)


def test_the_job_of_an_error_stays_behind_for_it_holds_open_connections_and_keys():
    error = filled(OutcomeUnknownError)
    assert error.job is not None
    assert pickle.loads(pickle.dumps(error)).job is None


@pytest.mark.parametrize("cls", CLASSES)
def test_every_one_says_what_happened_whether_anything_may_have_started_and_what_to_do(cls):
    said = str(filled(cls))
    assert ("2022-01-14 went from missing to running" if cls is PlanOutdatedError else "Words") in said
    assert "Look first." in said
    # Of a request that was never written, and of a job that was, nobody needs to be told.
    if cls not in (InvalidRequestError, LedgerError, RunFailedError, WaitTimeoutError):
        assert "BackFill: " in said
        assert "It may have started." in said
    assert "request id 4F-2" in said or not issubclass(cls, ServiceError)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DmsError("No."), "No. Nothing was started."),
        (DmsError("No.", action="GetTask", advice="Go."), "GetTask: No. Nothing was started. Go."),
        (DmsError("No.", may_have_started=True), "No. It may have started."),
        (InvalidRequestError("Half a range.", advice="Give both."), "Half a range. Give both."),
        (ServiceError("Slow", code="Odd", http_status=400), "Odd (HTTP 400): Slow. Nothing was started."),
        (ServiceError("Why?"), "refused (HTTP 200): Why? Nothing was started."),
        (ServiceError(""), "refused (HTTP 200): no message. Nothing was started."),
        (ServiceError("No!", request_id="4F"), "refused (HTTP 200): No! Nothing was started. [request id 4F]"),
    ],
)
def test_the_words(error, said):
    assert str(error) == said


def test_what_was_never_told_is_empty():
    mismatch, throttled = SignatureMismatchError("no"), ThrottledError("no")
    assert (mismatch.server_string, mismatch.client_string, mismatch.differs_at) == ("", "", None)
    assert (throttled.retry_after, throttled.request_id, throttled.recommend) == (None, None, None)

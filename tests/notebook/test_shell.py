"""IPython without a notebook: what it prints, and where it shows things."""

import pytest

from dms_backfill_sdk import DmsError, NotSentError, Progress, Standing
from dms_backfill_sdk.notebook.live import LiveView
from dms_backfill_sdk.shown import live_view

interactiveshell = pytest.importorskip("IPython.core.interactiveshell")
capture = pytest.importorskip("IPython.utils.capture")

pytestmark = pytest.mark.filterwarnings("ignore")  # what IPython complains about is its own


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = interactiveshell.InteractiveShell.instance(colors="nocolor")
    shell.history_manager.enabled = False
    yield shell
    shell.history_manager.end_session()
    interactiveshell.InteractiveShell.clear_instance()


def printed(shell, capsys, cell):
    shell.run_cell(cell, silent=True)
    return capsys.readouterr().out


RAISING = "from dms_backfill_sdk import *\nfrom dms_backfill_sdk.dates import business_date\n\n"


def test_a_traceback_ends_with_the_callers_code(shell, capsys):
    lines = printed(shell, capsys, RAISING + 'business_date("x")')
    assert 'business_date("x")' in lines
    assert "dates.py" not in lines
    assert lines.rstrip().endswith("'x' is not a business date; write a date, a datetime or \"YYYY-MM-DD\".")


def test_code_of_the_caller_that_we_called_is_shown_too(shell, capsys):
    cell = RAISING + "class Days:\n    @property\n    def end(self):\n        return business_date('x')\n\nDays().end"
    assert "return business_date('x')" in printed(shell, capsys, cell)


def test_all_is_shown_when_all_is_asked_for(shell, capsys):
    assert "dates.py" in printed(shell, capsys, "%xmode Verbose\n" + RAISING + 'business_date("x")')


def test_a_cause_is_named_in_one_line(shell, capsys):
    cell = RAISING + "raise NotSentError('No way.') from ConnectionRefusedError('refused')"
    assert printed(shell, capsys, cell).rstrip().endswith("It was caused by ConnectionRefusedError: refused")


def test_an_error_that_was_never_raised_is_its_sentence(shell):
    assert "".join(NotSentError("No way.")._render_traceback_()).strip().endswith("No way. Nothing was started.")


def test_printing_an_error_does_not_change_it(shell, capsys):
    error = NotSentError("No way.", advice="Try again.")
    error.__cause__ = cause = ConnectionRefusedError("refused")
    with pytest.raises(DmsError) as caught:
        raise error
    before = error.__traceback__
    error._render_traceback_()
    assert caught.value is error
    assert (error.__cause__, error.__traceback__) == (cause, before)


def test_on_a_terminal_there_is_no_bar(shell):
    assert live_view() is None


def test_a_bar_moves_where_it_stands_and_goes_away_when_all_is_done(shell):
    with capture.capture_output() as captured:
        view = LiveView()
        view(Progress({Standing.RUNNING: 2}))
        view(Progress({Standing.RUNNING: 1, Standing.SUCCEEDED: 1}))
        view(Progress({Standing.SUCCEEDED: 2}, over=True))
    shown = [(output.data["text/html"], output.update) for output in captured.outputs]
    assert [update for _, update in shown] == [False, True, True]
    assert "Progress: 2 running" in shown[0][0]
    assert "Progress: 1 succeeded, 1 running" in shown[1][0]
    assert shown[2][0] == ""
    assert len({output.transient["display_id"] for output in captured.outputs}) == 1


def test_what_is_done_at_once_shows_no_bar(shell):
    with capture.capture_output() as captured:
        LiveView()(Progress({Standing.SUCCEEDED: 2}, over=True))
    assert captured.outputs == []


def test_a_bar_stays_when_something_failed(shell):
    with capture.capture_output() as captured:
        view = LiveView()
        view(Progress({Standing.RUNNING: 2}))
        view(Progress({Standing.FAILED: 2}, over=True))
    assert "Progress: 2 failed" in captured.outputs[-1].data["text/html"]

"""How a command ends: its exit code, and the one sentence that says why."""

from enum import IntEnum

from dms_backfill_sdk.errors import ConfigurationError, DmsError, InvalidRequestError

__all__ = ["CommandError", "ExitCode", "exit_code_of"]


class ExitCode(IntEnum):
    """What the command tells the shell. The values are a promise; scripts may rely on them."""

    DONE = 0
    RUNS_FAILED = 1
    USAGE = 2
    REFUSED = 3
    OUTCOME_UNKNOWN = 4
    BUG = 70
    INTERRUPTED = 130


class CommandError(Exception):
    """The command cannot do what was asked.

    Args:
        sentence: what is wrong and what to do instead.
        code: what to end with; wrong usage by default.
        then: a command line that leads on; it stands below the sentence.
    """

    def __init__(self, sentence: str, code: ExitCode = ExitCode.USAGE, *, then: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.then = then


def exit_code_of(error: Exception) -> ExitCode:
    """What the command ends with when nobody caught this error.

    >>> exit_code_of(InvalidRequestError("Half a range."))
    <ExitCode.USAGE: 2>
    """
    match error:
        case CommandError():
            return error.code
        case ConfigurationError() | InvalidRequestError():
            return ExitCode.USAGE
        case DmsError():
            # What did not reach the service is as good as refused: nothing was started.
            return ExitCode.OUTCOME_UNKNOWN if error.may_have_started else ExitCode.REFUSED
    return ExitCode.BUG

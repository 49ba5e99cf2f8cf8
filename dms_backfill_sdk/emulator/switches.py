"""The emulator's choices: what the service does not say, and which way the emulator takes."""

from typing import Any, Literal, get_args

from attrs import Attribute, field, frozen

__all__ = ["Switches"]


def _among(_: object, attribute: "Attribute[Any]", value: object) -> None:
    choices = get_args(attribute.type) or (True, False)
    # 1 == True, and 15 == 15.0: the type is part of the choice.
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        raise ValueError(f"{attribute.name} must be {' or '.join(map(repr, choices))}; {value!r} is neither.")


@frozen(kw_only=True)
class Switches:
    """One field for each thing that is unknown of the service. Client code should work under every setting.

    Attributes:
        range_creates: what a BackFill of more than one run leaves in the list of runs, and whose id it answers. By
            default ``"runs"``: one run for each step, and the id of the first that is run. ``"parent"``: one record
            more, without nodes, that stands for the whole series; its id is answered.
        end_inclusive: whether the last day of a range is run. By default it is.
        after_failure: what happens to a series when one of its runs fails. By default ``"stop"``: later runs stay
            waiting until the failed one is rerun or made successful. ``"continue"``: the next one starts.
        refusals: how a task flow operation says no (unknown flow, never published, wrong state). By default
            ``"body"``: HTTP 200 with ``Success: false``. ``"http"``: the HTTP status of the error code, a 4xx.
        filtered: what becomes of nodes that a BackFill filters out. By default ``"succeed"``: they are listed,
            succeed at once when their turn comes, and their message says that no work was done. ``"absent"``: they
            are not listed. Either way, what stands below them waits for what stands above them.
        timestamp_window: for how many minutes the timestamp of a request is good. By default 15, as the error codes'
            pages say; 31 is what the page on signatures says.
        https_only: whether the operations that are documented for HTTPS only (UpdateTaskContentV2, TryRunTaskFlow)
            may come over plain HTTP. By default ``"accepted"``, since a local service has no certificate;
            ``"refused"``: they may not.

    Raises:
        ValueError: a value is none of a switch's settings; the sentence names them.
    """

    range_creates: Literal["runs", "parent"] = field(default="runs", validator=_among)
    end_inclusive: bool = field(default=True, validator=_among)
    after_failure: Literal["stop", "continue"] = field(default="stop", validator=_among)
    refusals: Literal["body", "http"] = field(default="body", validator=_among)
    filtered: Literal["succeed", "absent"] = field(default="succeed", validator=_among)
    timestamp_window: Literal[15, 31] = field(default=15, validator=_among)
    https_only: Literal["accepted", "refused"] = field(default="accepted", validator=_among)

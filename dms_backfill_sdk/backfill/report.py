"""Where a campaign stands, by its ledger alone: for the process that runs it, and for those that watch."""

from collections import Counter
from collections.abc import Mapping

from attrs import frozen

from dms_backfill_sdk.backfill.history import Standing
from dms_backfill_sdk.backfill.ledger import Ledger
from dms_backfill_sdk.backfill.ledgerrows import State
from dms_backfill_sdk.backfill.schedule import OnFailure

__all__ = ["CampaignReport"]


@frozen
class CampaignReport:
    """Where a campaign stands.

    Attributes:
        windows: how many windows are in which state: ``"pending"``, ``"sending"``, ``"running"``, ``"done"``,
            ``"failed"`` or ``"stopped"``.
        runs: how many business times stand where.
        wish: what was asked for last: ``"resume"``, ``"pause"`` or ``"cancel"``.
        failures: of failed windows (the first few), their days and why.
        halted: a failure keeps further windows from being started.
        out_of_sight: why the service could not be reached in the last round; empty when it could.
    """

    windows: Mapping[State, int]
    runs: Mapping[Standing, int]
    wish: str = "resume"
    failures: tuple[str, ...] = ()
    halted: bool = False
    out_of_sight: str = ""

    @classmethod
    def of(cls, ledger: Ledger, out_of_sight: str = "") -> "CampaignReport":
        """The report of a ledger as it is now."""
        states = ledger.states()
        runs = Counter({Standing.SUCCEEDED: states.get("done", (0, 0))[1]})
        known = "window in (select id from window where state not in ('pending', 'done'))"
        runs.update(Standing(row["standing"]) for row in ledger.rows("run", known))
        runs[Standing.MISSING] += sum(count for _, count in states.values()) - runs.total()
        failed = ledger.windows("state = 'failed'", limit=SHOWN) if "failed" in states else []
        return cls(
            windows={state: count for state, (count, _) in states.items()},
            runs=dict(+runs),
            wish=ledger.wish(),
            failures=tuple(f"{row.flow.name}, {row.days[0]} to {row.days[1]}: {row.note}" for row in failed),
            halted=bool(failed) and not OnFailure.parse(ledger.settings.on_failure).goes_on,
            out_of_sight=out_of_sight,
        )

    @property
    def total(self) -> int:
        """How many business times it has."""
        return sum(self.runs.values())

    @property
    def done(self) -> int:
        """How many of them have succeeded."""
        return self.runs.get(Standing.SUCCEEDED, 0)

    @property
    def finished(self) -> bool:
        """Whether every business time has run and succeeded."""
        return self.windows.keys() <= {"done"}

    def __str__(self) -> str:
        windows = ", ".join(f"{count} {state}" for state, count in self.windows.items())
        lines = [f"{self.done} of {self.total} runs succeeded; windows: {windows or 'none'}."]
        lines += [f"failed: {failure}" for failure in self.failures]
        lines += ["Nothing more is started after a failure; resume takes it up again."] if self.halted else []
        lines += [f"It was asked to {self.wish}."] if self.wish != "resume" else []
        lines += [f"Out of sight: {self.out_of_sight}"] if self.out_of_sight else []
        return "\n".join(lines)


#: Failures that are told one by one.
SHOWN = 5

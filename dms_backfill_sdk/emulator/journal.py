"""What the emulator saw: one entry for each request, in order."""

from collections import Counter, deque
from datetime import datetime
from typing import Any

from attrs import asdict, define, field, frozen

from dms_backfill_sdk.http import Pairs

__all__ = ["Entry", "Journal"]

#: Parameters whose values stay out of the journal.
SECRETS = frozenset({"Signature", "SecurityToken", "BearerToken"})


@frozen
class Entry:
    """One request and what became of it.

    Attributes:
        at: when it came.
        request_id: the id of the call.
        action: the operation; empty when the request named none.
        parameters: its parameters, without tokens and signature.
        key: the id of the key that asked; empty when the gate refused.
        status: the HTTP status of the answer; None when the connection was broken instead.
        code: the error code of the answer; empty when it was a yes.
        acted: whether the handler did what was asked.
    """

    at: datetime
    request_id: str
    action: str
    parameters: dict[str, str]
    key: str
    status: int | None
    code: str
    acted: bool

    @property
    def refused_at_the_gate(self) -> bool:
        """Whether nobody was let in: a wrong signature, a nonce used, an unknown key, a denied action."""
        return not self.key

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"at": self.at.isoformat()}


#: Requests that are remembered; older ones are forgotten, but still counted.
KEPT = 10_000


def _recent() -> deque[Entry]:
    return deque(maxlen=KEPT)


@define
class Journal:
    """The last 10,000 requests, and how often each operation was really carried out since the last reset.

    Attributes:
        entries: the last requests, oldest first.
        total: how many there were since the last reset.
    """

    entries: deque[Entry] = field(factory=_recent)
    total: int = 0
    _acted: Counter[str] = field(factory=Counter)
    _unseen: deque[Entry] = field(factory=_recent)

    def write(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.total += 1
        if entry.acted:
            self._acted[entry.action] += 1
        if entry.refused_at_the_gate:
            self._unseen.append(entry)

    def of(self, action: str) -> list[Entry]:
        """The requests for one operation."""
        return [entry for entry in self._all() if entry.action == action]

    def acted(self, action: str) -> int:
        """How often an operation was really carried out."""
        return self._acted[action]

    def refused(self) -> list[Entry]:
        """The requests that the gate refused; from now on they count as seen."""
        self._unseen.clear()
        return [entry for entry in self._all() if entry.refused_at_the_gate]

    @property
    def refused_unseen(self) -> list[Entry]:
        """The requests that the gate refused since somebody last looked; looking here does not count."""
        return list(self._unseen)

    def _all(self) -> list[Entry]:
        # Copied in one go: another thread may write while this one reads.
        return list(self.entries)

    def clear(self) -> None:
        self.entries.clear()
        self.total = 0
        self._acted.clear()
        self._unseen.clear()


def shown(pairs: Pairs) -> dict[str, str]:
    """Parameters as the journal may keep them."""
    return {name: value for name, value in pairs if name not in SECRETS}

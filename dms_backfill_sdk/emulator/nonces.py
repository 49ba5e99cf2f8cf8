"""The nonces of late: one is good once, for as long as a request that carries it could be."""

from collections import deque
from datetime import datetime, timedelta

from attrs import define, field

__all__ = ["Nonces"]

SECOND = timedelta(seconds=1)


@define
class Nonces:
    """Nonces that were used, each remembered for a while.

    Those of one second are forgotten together. So one takes little more memory than its text, and takes no more time
    the more of them there are.

    Attributes:
        kept: for how long one is remembered at least; at most it is a second longer.
    """

    kept: timedelta
    _used: set[str] = field(factory=set, init=False, repr=False)
    # By the moment at which the first of them came, oldest first.
    _by_second: deque[tuple[datetime, list[str]]] = field(factory=deque, init=False, repr=False)

    def __len__(self) -> int:
        return len(self._used)

    def use(self, nonce: str, now: datetime) -> bool:
        """Use a nonce; whether that was its first use."""
        by_second = self._by_second
        while by_second and now - by_second[0][0] > self.kept + SECOND:
            self._used.difference_update(by_second.popleft()[1])
        if nonce in self._used:
            return False
        self._used.add(nonce)
        if not by_second or now - by_second[-1][0] >= SECOND:
            by_second.append((now, []))
        by_second[-1][1].append(nonce)
        return True

    def clear(self) -> None:
        self._used.clear()
        self._by_second.clear()

"""The service's numbered terms, as enums.

Fields that hold one are typed ``RunStatus | int``: a number that is not listed here stays a plain number.
"""

from enum import IntEnum

__all__ = ["FINISHED", "CronType", "FlowStatus", "NodeType", "RunStatus", "TriggerType"]


class RunStatus(IntEnum):
    """Where a run stands, or one node in it: the same six for both (documented).

    What tells SUCCESS from COMPLETED is not documented. The Chinese page describes the *filter* of
    ListTaskFlowInstance with other numbers; the English page and both answers use these.
    """

    WAITING = 0
    RUNNING = 1
    SUSPENDED = 2
    FAILED = 3
    SUCCESS = 4
    COMPLETED = 5


FINISHED = frozenset({RunStatus.FAILED, RunStatus.SUCCESS, RunStatus.COMPLETED})
"""The statuses that a run does not leave by itself; asking ``status in FINISHED`` works for plain numbers too."""


class TriggerType(IntEnum):
    """What set a run off (documented). Which of the two a backfill's runs carry is not documented."""

    SCHEDULED = 0
    MANUAL = 1


class FlowStatus(IntEnum):
    """Whether a task flow is scheduled (documented: invalid, not scheduled, waiting to be scheduled)."""

    INVALID = 0
    NOT_SCHEDULED = 1
    SCHEDULED = 2


class CronType(IntEnum):
    """How often a task flow is scheduled (documented for answers, from 2 up)."""

    HOURLY = 2
    DAILY = 3
    WEEKLY = 4
    MONTHLY = 5


class NodeType(IntEnum):
    """What a node does: the types whose number is published; there are more that are known by name only.

    Some answers give the number and some the name, so ``NodeType["SPARK_SQL"]`` reads the latter. SPARK_SQL's number
    is read off the documented examples, the others are documented.
    """

    NORMAL_SQL = 1
    DEPENDENCY_CHECK = 2
    TABLE_TIME_CHECK = 17
    QUALITY_CHECK = 26
    CONDITION = 31
    SQL_ASSIGNMENT = 32
    SPARK_SQL = 36
    ECS_SCRIPT = 42

"""How nodes do their work: the database and the callables they do it with, and a function for each kind of work."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from dms_backfill_sdk.emulator.content import Call, Simulated, Sql, Unreadable, Work
from dms_backfill_sdk.emulator.flows import Node
from dms_backfill_sdk.emulator.spelling import unknown
from dms_backfill_sdk.emulator.variables import VariableError, fill

__all__ = ["Attempts", "Database", "NodeContext", "NodeFailure", "Workshop"]

Attempts = Counter[tuple[int, datetime]]
"""How often a node has done its work for a business time; kept only for nodes that fail the first few times."""


class NodeFailure(Exception):  # noqa: N818  not an error of ours: an outcome
    """The node did its work, and failed; the message is shown with the node."""


@frozen
class NodeContext:
    """What a node's work may know.

    Attributes:
        business_time: the run's business time, in UTC+8.
        node: the node, as it was when its version was published.
        run_id: the run.
        variables: what each time variable says; worked out when it is asked for.
        attempts: shared by all nodes.
    """

    business_time: datetime
    node: Node
    run_id: int
    variables: Mapping[str, str]
    attempts: Attempts = field(factory=Counter, repr=False)


@define(eq=False)
class Database:
    """The SQLite database that SQL nodes work on. Opened when it is first needed; closing it is no farewell.

    Attributes:
        path: a file, or ``":memory:"`` for one that is lost when it is closed, and not pickled.
    """

    path: str = ":memory:"
    _connection: sqlite3.Connection | None = field(default=None, init=False, repr=False)

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection, in autocommit mode."""
        if self._connection is None:
            # Whoever holds the emulator's lock uses it, from any thread.
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            # A hundred times as fast. Only a power cut could lose what is here, and it can be backfilled.
            self._connection.execute("PRAGMA synchronous = OFF")
        return self._connection

    def run(self, script: str) -> None:
        """Run statements in one transaction: all of them or none.

        Raises:
            sqlite3.Error: one of them failed, and nothing has changed.
        """
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.set_authorizer(_stays_inside)
            try:
                for statement in _statements(script):
                    connection.execute(statement).fetchall()
            finally:
                connection.set_authorizer(None)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __getstate__(self) -> tuple[str]:
        return (self.path,)

    def __setstate__(self, state: tuple[str]) -> None:
        self.path, self._connection = state[0], None


_ONE_TRANSACTION = "A node's SQL is one transaction on one database; leave out BEGIN, COMMIT, ROLLBACK and ATTACH."
_OUTSIDE = {sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}


def _stays_inside(action: int, *_about: str | None) -> int:
    """Keep a node's SQL in its transaction, and in its database: others' files are none of its business."""
    return sqlite3.SQLITE_DENY if action in _OUTSIDE else sqlite3.SQLITE_OK


def _statements(script: str) -> Iterator[str]:
    begin = end = 0
    while end := script.find(";", end) + 1:
        # A semicolon may stand in a string, a comment or a trigger; SQLite knows.
        if sqlite3.complete_statement(script[begin:end]):
            yield script[begin:end]
            begin = end
    yield script[begin:]


@define(eq=False)
class Workshop:
    """What nodes do their work with.

    Attributes:
        database: for SQL.
        callables: for ``{"call": name}``, by name. One is given a :class:`NodeContext`; what it returns is shown as
            the node's message, and an exception fails the node. It may call the emulator: it finds the world as it is
            at the moment of the node's end, and may change it; but time stands still until it returns, so waiting for
            a run there is waiting for ever.
    """

    database: Database = field(factory=Database)
    callables: dict[str, Callable[[NodeContext], object]] = field(factory=dict)

    def perform(self, work: Work, context: NodeContext) -> str | None:
        """Do a node's work.

        Returns:
            what to show with the node, if anything.

        Raises:
            NodeFailure: the node failed.
        """
        return _EXECUTORS[type(work)](self, work, context)


def _simulate(_workshop: Workshop, work: Simulated, context: NodeContext) -> None:
    if work.fails_first:
        key = (context.node.id, context.business_time)
        context.attempts[key] += 1
        if context.attempts[key] <= work.fails_first:
            raise NodeFailure(work.message)
    if context.business_time.date() in work.fails_on:
        raise NodeFailure(work.message)


def _run_sql(workshop: Workshop, work: Sql, context: NodeContext) -> None:
    try:
        workshop.database.run(fill(work.sql, context.variables))
    except VariableError as wrong:
        raise NodeFailure(str(wrong)) from None
    except (sqlite3.Error, sqlite3.Warning, ValueError) as wrong:  # ValueError: text that SQLite cannot take
        if getattr(wrong, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH:
            raise NodeFailure(_ONE_TRANSACTION) from wrong
        raise NodeFailure(str(wrong)) from wrong


def _call(workshop: Workshop, work: Call, context: NodeContext) -> str | None:
    function = workshop.callables.get(work.name)
    if function is None:
        raise NodeFailure(f"NodeContent: {unknown('registered callable', work.name, workshop.callables)}")
    try:
        message = function(context)
        return None if message is None else str(message)
    except Exception as wrong:
        raise NodeFailure(f"{type(wrong).__name__}: {wrong}") from wrong


def _complain(_workshop: Workshop, work: Unreadable, _context: NodeContext) -> None:
    raise NodeFailure(work.problem)


_EXECUTORS: dict[type[Work], Callable[[Workshop, Any, NodeContext], str | None]] = {
    Simulated: _simulate,
    Sql: _run_sql,
    Call: _call,
    Unreadable: _complain,
}

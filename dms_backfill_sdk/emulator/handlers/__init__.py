"""What the local service does for each operation: a typed request in, a typed response out.

A module for each family of operations; in it a function for each operation, and a table that says which is whose.
"""

from dms_backfill_sdk.emulator.handlers import author, back_fill, control, find
from dms_backfill_sdk.emulator.handlers.table import Table

__all__ = ["HANDLERS"]

HANDLERS: Table = {**back_fill.HANDLERS, **find.HANDLERS, **control.HANDLERS, **author.HANDLERS}
"""Who answers which request. The engine must have caught up. What every response has, such as the request's id, the
answer lacks; what the service does not do, raises a :class:`~dms_backfill_sdk.emulator.refusal.Refusal`."""

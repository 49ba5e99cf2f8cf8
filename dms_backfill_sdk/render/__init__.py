"""What people see: tables and calendars as text, and pictures for pages.

Everything here is made of plain values. Nothing knows where they come from, and nothing is shown: it is returned.
The text is named here. A picture is imported from its own module, so that a terminal does not pay for pages.
"""

from dms_backfill_sdk.render.text import MONTH_WIDTH, Line, calendar, table

__all__ = ["MONTH_WIDTH", "Line", "calendar", "table"]

"""The demo's shop: three months of orders, and a table of daily sales in which some weeks were never loaded."""

import random
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from attrs import frozen

__all__ = ["DAYS", "NEVER_LOADED", "Range", "Sales", "create", "gaps", "loaded"]

Range = tuple[date, date]
"""Days without a hole: the first and the last."""


def _between(begin: date, end: date) -> list[date]:
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


DAYS = _between(date(2022, 1, 1), date(2022, 3, 31))

NEVER_LOADED = frozenset(_between(date(2022, 1, 17), date(2022, 1, 30)) + _between(date(2022, 3, 7), date(2022, 3, 13)))


@frozen
class Sales:
    """A row of the table.

    Attributes:
        day: the day.
        orders: how many orders there were.
        revenue: what they came to.
    """

    day: date
    orders: int
    revenue: float


_SCHEMA = """
create table orders (id integer primary key, day text not null, amount real not null);
create table daily_sales (day text primary key, orders integer not null, revenue real not null);
create table checks (day text primary key, rows integer not null, constraint "one row a day" check (rows = 1));
"""


def create(database: Path) -> None:
    """Make the shop's database: every order is there, and the sales of every day but those never loaded."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript(_SCHEMA)
        connection.executemany("insert into orders (day, amount) values (?, ?)", _orders())
        connection.execute(
            "insert into daily_sales select day, count(*), round(sum(amount), 2) from orders group by day"
        )
        connection.executemany("delete from daily_sales where day = ?", [(str(day),) for day in NEVER_LOADED])


#: Orders on a Monday, a Tuesday, …: people shop when they do not work.
_BUSY = (42, 38, 40, 45, 61, 83, 70)


def _orders() -> Iterable[tuple[str, float]]:
    draw = random.Random(2022)
    for day in DAYS:
        for _ in range(round(_BUSY[day.weekday()] * draw.uniform(0.85, 1.15))):
            yield str(day), round(draw.lognormvariate(3.4, 0.6), 2)


def loaded(database: Path) -> dict[date, Sales]:
    """The rows of the table, by day."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("select day, orders, revenue from daily_sales order by day").fetchall()
    return {sales.day: sales for sales in (Sales(date.fromisoformat(day), *rest) for day, *rest in rows)}


def gaps(missing: Iterable[date]) -> list[Range]:
    """Days as ranges without holes, in order.

    >>> gaps([date(2022, 1, 17), date(2022, 3, 7), date(2022, 1, 18)])
    [(datetime.date(2022, 1, 17), datetime.date(2022, 1, 18)), (datetime.date(2022, 3, 7), datetime.date(2022, 3, 7))]
    """
    found: list[Range] = []
    for day in sorted(set(missing)):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found

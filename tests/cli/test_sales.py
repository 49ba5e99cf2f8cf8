"""The demo's shop."""

import sqlite3
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.cli import sales


def test_the_sales_of_every_day_are_there_but_those_never_loaded(tmp_path):
    sales.create(tmp_path / "sales.db")
    rows = sales.loaded(tmp_path / "sales.db")
    assert set(sales.DAYS) - rows.keys() == sales.NEVER_LOADED
    assert sales.gaps(sales.NEVER_LOADED) == [
        (date(2022, 1, 17), date(2022, 1, 30)),
        (date(2022, 3, 7), date(2022, 3, 13)),
    ]


def test_the_orders_of_every_day_are_there_and_sales_are_counted_from_them(tmp_path):
    sales.create(tmp_path / "sales.db")
    with sqlite3.connect(tmp_path / "sales.db") as shop:
        orders: dict[str, list[float]] = {}
        for day, amount in shop.execute("select day, amount from orders"):
            orders.setdefault(day, []).append(amount)
    shop.close()
    assert orders.keys() == {str(day) for day in sales.DAYS}
    for day, row in sales.loaded(tmp_path / "sales.db").items():
        assert (row.orders, row.revenue) == (len(orders[str(day)]), round(sum(orders[str(day)]), 2))


def test_the_shop_is_the_same_each_time(tmp_path):
    for name in ("one.db", "two.db"):
        sales.create(tmp_path / name)
    assert sales.loaded(tmp_path / "one.db") == sales.loaded(tmp_path / "two.db")


@given(st.sets(st.dates(date(2022, 1, 1), date(2022, 2, 28))))
def test_gaps_hold_the_days_and_no_others_and_never_touch(days):
    found = sales.gaps(days)
    inside = [begin + timedelta(days=number) for begin, end in found for number in range((end - begin).days + 1)]
    assert inside == sorted(days)
    assert all(later[0] - earlier[1] > timedelta(days=1) for earlier, later in pairwise(found))

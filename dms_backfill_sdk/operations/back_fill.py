"""BackFill: run a task flow again, for one business date or a range of them."""

from collections.abc import Iterable
from datetime import date
from typing import Self, TypedDict, Unpack

from attrs import field, frozen

from dms_backfill_sdk.dates import optional_business_date
from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.operations.declaration import Response, TenantRequest, ids, operation, typed

__all__ = ["BackFillRequest", "BackFillResponse"]


class Choice(TypedDict, total=False):
    """What of the flow is run, the same for a day and for a range; see :class:`BackFillRequest`."""

    start_node_ids: Iterable[int] | None
    filter_node_ids: Iterable[int] | None
    is_trigger_sub_tree: bool | None
    history_dag_id: int | None
    tid: int | None


@frozen(kw_only=True)
class BackFillResponse(Response):
    """The service has taken the backfill on.

    Attributes:
        dag_instance_id: the id of an execution record of the flow (documented). For a range one id comes back too;
            whether it is the first run's or a parent record's is not known.
        node_id: the same number (documented in the change log of 2023-05-25); the name is a misnomer of old.
    """

    dag_instance_id: int | None = None
    node_id: int | None = None


@operation(BackFillResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class BackFillRequest(TenantRequest[BackFillResponse]):
    """Run a task flow for business dates that are missing or wrong.

    Either ``back_fill_date`` or both ``back_fill_date_begin`` and ``back_fill_date_end`` are given. Runs go strictly
    one after another, by date (documented). There is no idempotency token: the same request sent twice runs twice.

    Dates are a ``date``, a ``datetime`` (its day, in UTC+8) or ``"YYYY-MM-DD"``; they are business dates, the days
    the runs are about.

    Attributes:
        dag_id: the task flow.
        start_node_ids: the nodes to start from; None runs the whole flow (documented).
        filter_node_ids: nodes of the flow to leave out (documented). How they show in the run is not documented.
        is_trigger_sub_tree: whether the nodes below the start nodes run too; None leaves it to the service, which
            takes True (documented).
        back_fill_date: the one day to run.
        back_fill_date_begin: the first day of a range.
        back_fill_date_end: the last day of a range. That this day runs too is our reading; the service does not say.
        interval: hours from one run of the range to the next, 1 or more; None leaves it to the service, which takes
            24 (documented).
        asc: True runs from small to big, False from big to small; None leaves it to the service, which takes True
            (documented).
        history_dag_id: the published version to run; None takes the newest. A flow that was never published has none
            and the call fails (documented).

    Raises:
        InvalidRequestError: the request breaks this contract; the sentence says what to write instead.

    >>> BackFillRequest(dag_id=15001, back_fill_date="2022-01-14").back_fill_date
    datetime.date(2022, 1, 14)
    """

    dag_id: int
    start_node_ids: tuple[int, ...] | None = field(default=None, converter=ids)
    filter_node_ids: tuple[int, ...] | None = field(default=None, converter=ids)
    is_trigger_sub_tree: bool | None = None
    back_fill_date: date | None = field(default=None, converter=optional_business_date)
    back_fill_date_begin: date | None = field(default=None, converter=optional_business_date)
    back_fill_date_end: date | None = field(default=None, converter=optional_business_date)
    interval: int | None = None
    asc: bool | None = None
    history_dag_id: int | None = None

    def __attrs_post_init__(self) -> None:
        day, begin, end = self.back_fill_date, self.back_fill_date_begin, self.back_fill_date_end
        if day and (begin or end):
            raise InvalidRequestError(
                "A BackFill is for one day or for a range, not both; "
                "give back_fill_date, or back_fill_date_begin and back_fill_date_end."
            )
        if not day and not begin and not end:
            raise InvalidRequestError(
                "A BackFill needs its days; give back_fill_date, or back_fill_date_begin and back_fill_date_end."
            )
        if (begin is None) != (end is None):
            missing = "back_fill_date_begin" if begin is None else "back_fill_date_end"
            raise InvalidRequestError(f"Half a range: give {missing} too, or back_fill_date for a single day.")
        if begin and end and end < begin:
            raise InvalidRequestError(
                f"The range ends ({end}) before it begins ({begin}); swap them, and use asc=False to run backwards."
            )
        if both := sorted(set(self.start_node_ids or ()) & set(self.filter_node_ids or ())):
            raise InvalidRequestError(f"Node {both[0]} is both a start node and filtered out; keep it in one list.")

    @classmethod
    def on(cls, dag_id: int, day: date | str, **choice: Unpack[Choice]) -> Self:
        """A backfill of one business date.

        >>> BackFillRequest.on(15001, date(2022, 1, 14)) == BackFillRequest(dag_id=15001, back_fill_date="2022-01-14")
        True
        """
        return cls(dag_id=dag_id, back_fill_date=day, **choice)

    @classmethod
    def between(
        cls,
        dag_id: int,
        begin: date | str,
        end: date | str,
        *,
        interval: int | None = None,
        asc: bool | None = None,
        **choice: Unpack[Choice],
    ) -> Self:
        """A backfill of a range of business dates, from ``begin`` to ``end``.

        >>> BackFillRequest.between(15001, "2022-01-14", "2022-09-29", asc=False).back_fill_date_end
        datetime.date(2022, 9, 29)
        """
        return cls(
            dag_id=dag_id,
            back_fill_date_begin=begin,
            back_fill_date_end=end,
            interval=interval,
            asc=asc,
            **choice,
        )

"""``dms-backfill call``: any operation of the product, by its name."""

from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.consent import ask, ask_nobody
from dms_backfill_sdk.cli.document import write_document
from dms_backfill_sdk.cli.options import AsJson, Yes, grouped
from dms_backfill_sdk.cli.parameters import Action, Form, Parameters, pairs

__all__ = ["call"]

READS = ("Get", "List")


@grouped
def call(  # noqa: PLR0913, PLR0917  one for each option
    action: Action,
    connection: Connection,
    parameters: Parameters = None,
    form: Form = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Call any operation by its name.

    The answer is the service's JSON. What does not begin with Get or List may change or start something, and is asked
    about first.
    """
    query, body = pairs(parameters), pairs(form)
    asks = not (yes or action.startswith(READS))
    if asks:
        ask_nobody(as_json=as_json)
    with connection.client() as client:
        if asks:
            ask(f"Call {action} at {client.endpoint}?")
        answer = client.call_raw(action, query, form=body)
    write_document(answer)

"""``python -m dms_backfill_sdk.cli`` is the command too."""

from dms_backfill_sdk.cli import main

main()

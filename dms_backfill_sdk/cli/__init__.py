"""The ``dms-backfill`` command. It needs the extra ``cli``, and says so where that is missing."""

import importlib
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of this process, and end the process."""
    try:
        code = importlib.import_module("dms_backfill_sdk.cli.app").run(sys.argv[1:])
    except ModuleNotFoundError as missing:
        absent = (missing.name or "").partition(".")[0]
        if absent in ("", "dms_backfill_sdk"):
            raise
        print(  # noqa: T201  rich may be what is missing
            f'dms-backfill needs {absent}, which is not installed; run: python -m pip install "dms_backfill_sdk[cli]"',
            file=sys.stderr,
        )
        code = 2
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)

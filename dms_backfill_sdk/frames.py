"""Records as a pandas DataFrame, where pandas is installed."""

import importlib
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from dms_backfill_sdk.errors import ConfigurationError

__all__ = ["frame"]


def frame(columns: Iterable[str], records: Iterable[Mapping[str, Any]]) -> Any:
    """A ``pandas.DataFrame`` with these columns, and a row for each record. Enums become their names, in lower case.

    Raises:
        ConfigurationError: pandas is not installed.
    """
    try:
        pandas = importlib.import_module("pandas")
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            f"to_pandas() needs {missing.name}, which is not installed.", advice="Run: python -m pip install pandas"
        ) from None
    names = list(columns)
    return pandas.DataFrame([[_plain(record[name]) for name in names] for record in records], columns=names)


def _plain(value: Any) -> Any:
    return value.name.lower() if isinstance(value, Enum) else value

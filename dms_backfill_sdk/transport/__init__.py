"""The only files that touch a socket."""

from dms_backfill_sdk.errors import ConfigurationError

__all__ = ["CONNECT", "LOOK", "TRUST", "checked_timeout"]

CONNECT = "Check the endpoint and the network, then call again."
TRUST = "Check the endpoint's scheme and certificate; REQUESTS_CA_BUNDLE names other authorities to trust."
LOOK = "Look at the flow's runs before you call again."

#: Seconds; nobody means to wait longer, and sockets cannot.
LONGEST = 86_400


def checked_timeout(timeout: tuple[float, float]) -> tuple[float, float]:
    """Seconds to connect and seconds to read, as they were given.

    Raises:
        ConfigurationError: it is something else. There is always a timeout.
    """
    match timeout:
        case (int() | float() as connect, int() | float() as read) if 0 < connect <= LONGEST and 0 < read <= LONGEST:
            return float(connect), float(read)
    raise ConfigurationError(
        f"{timeout!r} is no timeout.", advice="Write two numbers of seconds, to connect and to read, such as (5, 10)."
    )

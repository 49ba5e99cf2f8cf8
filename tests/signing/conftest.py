"""What signing tests share: an unsigned request, a moment, and a key pair."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dms_backfill_sdk.http import HttpRequest, Pairs

Unsigned = Callable[..., HttpRequest]


@pytest.fixture(scope="session")
def unsigned() -> Unsigned:
    """Make a request that names its operation and carries no signature yet."""

    def make(query: Pairs = (), **changes: Any) -> HttpRequest:
        headers = {"accept": "application/json", "x-acs-action": "BackFill", "x-acs-version": "2018-11-01"}
        return HttpRequest(
            method="POST",
            scheme="https",
            host="dms-enterprise.aliyuncs.com",
            query=query,
            headers={**headers, **changes.pop("headers", {})},
            **changes,
        )

    return make


@pytest.fixture(scope="session")
def moment() -> dict[str, Any]:
    """Time and nonce, which signing takes from outside."""
    now = datetime(2022, 10, 1, 8, 30, 15, 999999, tzinfo=UTC)
    return {"now": now, "nonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"}


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def pem(rsa_key: rsa.RSAPrivateKey) -> str:
    return rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def base64_key(rsa_key: rsa.RSAPrivateKey) -> str:
    """The form in which the console hands out private keys."""
    return base64.b64encode(rsa_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()

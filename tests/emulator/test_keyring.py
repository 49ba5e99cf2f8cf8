from datetime import UTC, datetime

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dms_backfill_sdk import Key
from dms_backfill_sdk.emulator.keyring import Keyring

BEGIN, END = "-----BEGIN PUBLIC KEY-----\n", "\n-----END PUBLIC KEY-----"
# A good key of the wrong kind.
EC_KEY = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("public_key", ["", "no key", f"{BEGIN}AAAA{END}", EC_KEY.decode()])
def test_a_public_key_that_checks_nothing_is_refused_when_the_key_is_made(public_key: str):
    with pytest.raises(ValueError, match=r"^public_key must be an RSA public key as PEM; it begins with"):
        Key(id="pair", public_key=public_key)


def test_a_token_expires_at_a_moment_that_everybody_agrees_on():
    with pytest.raises(ValueError, match=r"^expires must have a zone; write for instance datetime\("):
        Key(id="sts", token="token", expires=datetime(2030, 1, 1))  # noqa: DTZ001  that is what is refused
    assert Key(id="sts", token="token", expires=datetime(2030, 1, 1, tzinfo=UTC)).expires


def test_a_key_shows_no_secret():
    key = Key(id="sts", secret="hush", token="hush too")
    assert repr(key) == "Key(id='sts', expires=None, active=True)"
    assert "hush" not in repr(Keyring.of([key]))


def test_a_key_takes_the_place_of_the_one_with_the_same_id():
    ring = Keyring.of([Key(id="testid", secret="old")])
    ring.add(Key(id="testid", secret="new"))
    assert ring.get("testid") == Key(id="testid", secret="new")
    assert ring.get("nobody") is None


def test_a_key_can_be_disabled_by_a_copy():
    assert not attrs.evolve(Key(id="testid", secret="s"), active=False).active


def test_only_a_token_without_a_secret_is_a_bearer_token():
    sts, role = Key(id="sts", secret="s", token="sts-token"), Key(id="role", token="bearer-token")
    ring = Keyring.of([Key(id="testid", secret="testsecret"), sts, role])
    assert [ring.bearer(token) for token in ("sts-token", "bearer-token", "made-up")] == [None, role, None]
    assert [ring.owner_of(token) for token in ("sts-token", "bearer-token", "made-up")] == [sts, role, None]

"""RSA key pairs: the forms they come in, and what they sign."""

import textwrap
import traceback

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from dms_backfill_sdk import ConfigurationError, RsaKeyPair


@pytest.mark.parametrize("form", ["PKCS#8 PEM", "PKCS#1 PEM", "with blank lines", "base64", "base64 in lines"])
def test_a_private_key_is_taken_in_every_form_it_is_handed_out_in(rsa_key, pem, base64_key, form):
    forms = {
        "PKCS#8 PEM": pem,
        "PKCS#1 PEM": rsa_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
        "with blank lines": f"\n{pem}\n",
        "base64": base64_key,
        "base64 in lines": "\r\n".join(textwrap.wrap(base64_key, 64)),
    }
    signature = RsaKeyPair("pair", forms[form]).rsa_sha256(b"data")
    rsa_key.public_key().verify(signature, b"data", PKCS1v15(), hashes.SHA256())


def not_rsa() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("wrong", ["", "no key", "aGVsbG8=", "ä", "-----BEGIN PRIVATE KEY-----\nMIIB", None, 7, b"x"])
def test_what_is_no_private_key_is_refused(wrong):
    with pytest.raises(ConfigurationError, match=r"private_key is no RSA private key.*PEM without a passphrase"):
        RsaKeyPair("pair", wrong)


def test_a_key_of_another_kind_or_under_a_passphrase_is_refused_and_not_quoted(rsa_key, pem):
    locked = rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")).decode()
    for wrong in (not_rsa(), locked, pem.replace("A", "B")):
        with pytest.raises(ConfigurationError) as raised:
            RsaKeyPair("pair", wrong)
        shown = "".join(traceback.format_exception(raised.value))
        assert wrong.splitlines()[1] not in shown
        assert raised.value.__context__ is None


def test_two_pairs_are_equal_if_what_they_are_made_of_is(pem, base64_key):
    assert RsaKeyPair("pair", pem) == RsaKeyPair("pair", pem)
    assert RsaKeyPair("pair", pem) != RsaKeyPair("other", pem)

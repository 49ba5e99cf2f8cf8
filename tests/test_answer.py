"""What an answer means, beyond its class: where two signatures part, who was denied what, and what is not repeated."""

import json
from datetime import UTC, datetime

import pytest

from dms_backfill_sdk import (
    AccessKey,
    BearerToken,
    DmsError,
    OutcomeUnknownError,
    PermissionDeniedError,
    SignatureMismatchError,
    StsToken,
)
from dms_backfill_sdk.answer import read
from dms_backfill_sdk.http import HttpRequest, HttpResponse, percent
from dms_backfill_sdk.signing import MECHANISMS, mechanism

NOT_MATCHED = "Specified signature is not matched with our calculation."


def error_of(body: object, status: int = 400, signed: str = "", **headers: str) -> DmsError:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(DmsError) as raised:
        read(HttpResponse(status, headers, written), lambda: signed)
    return raised.value


def mismatch(signed: str, theirs: str | None) -> SignatureMismatchError:
    message = NOT_MATCHED if theirs is None else f"{NOT_MATCHED} server string to sign is:{theirs}"
    error = error_of({"Code": "SignatureDoesNotMatch", "Message": message, "RequestId": "4F"}, signed=signed)
    assert isinstance(error, SignatureMismatchError)
    assert error.message == NOT_MATCHED
    return error


# ---------------------------------------------------------------------------------------------------------------
# Where two signatures part


def test_equal_strings_mean_that_the_secret_is_wrong():
    error = mismatch("POST&%2F&A%3D1", "POST&%2F&A%3D1")
    assert error.differs_at is None
    assert error.client_string == error.server_string == "POST&%2F&A%3D1"
    assert "the access key secret is wrong" in str(error)


@pytest.mark.parametrize(
    ("ours", "theirs", "at", "shown"),
    [
        ("P&A%3D1%2520x", "P&A%3D1%252Bx", 11, "…P&A%3D1%252Bx… where this client has …P&A%3D1%2520x…"),
        ("POST&%2F&A", "GET&%2F&A", 0, "…GET&%2F&A… where this client has …POST&%2F&A…"),
        ("POST&%2F&A", "POST&%2F&A%26B", 10, "…POST&%2F&A%26B… where this client has …POST&%2F&A…"),
        ("a" * 100 + "b", "a" * 100 + "c", 100, f"…{'a' * 20}c… where this client has …{'a' * 20}b…"),
    ],
)
def test_different_strings_are_shown_where_they_part(ours, theirs, at, shown):
    error = mismatch(ours, theirs)
    assert (error.differs_at, error.client_string, error.server_string) == (at, ours, theirs)
    assert f"part at character {at}: the service has {shown}; something on the way changes the request" in str(error)


def test_strings_that_differ_in_the_token_alone_say_so_without_showing_it():
    error = mismatch("POST&%2F&A%3D1%26SecurityToken%3Dhush1%26Z%3D2", "POST&%2F&A%3D1%26SecurityToken%3Dhush2%26Z%3D2")
    assert error.differs_at == len("POST&%2F&A%3D1%26SecurityToken%3D")
    assert "within the token" in str(error)
    assert "hush" not in str(error) + error.client_string + error.server_string


def test_a_service_that_does_not_say_what_it_signed_leaves_the_usual_advice():
    error = mismatch("POST&%2F&A", None)
    assert (error.differs_at, error.client_string, error.server_string) == (None, "POST&%2F&A", "")
    assert "Check the access key id and secret" in str(error)


# ---------------------------------------------------------------------------------------------------------------
# What is not repeated


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize(
    "credentials",
    [StsToken("id", "secret", "hush/+=hush"), BearerToken("hush/+=hush"), AccessKey("id", "hush")],
    ids=lambda value: type(value).__name__,
)
def test_an_answer_that_repeats_the_whole_request_brings_no_secret_into_the_error(name, credentials):
    unsigned = HttpRequest(
        method="POST",
        scheme="https",
        host="dms.example",
        query=(("Zone", "a"),),
        headers={"x-acs-action": "BackFill", "x-acs-version": "2018-11-01"},
    )
    signing = mechanism(name)
    request = signing.sign(unsigned, credentials, now=datetime(2022, 10, 1, tzinfo=UTC), nonce="once")
    signed = signing.string_to_sign(request)
    secrets = {
        "hush",
        dict(request.query).get("Signature") or "hush",
        percent(dict(request.query).get("Signature") or "hush"),
        request.headers.get("authorization", "").partition(",Signature=")[2] or "hush",
    }
    told = f"{request.url}\n{dict(request.headers)}\n" + "\n".join(f"{k}: {v}" for k, v in request.headers.items())
    for code in ("SignatureDoesNotMatch", "InternalError", "Odd"):
        message = f"{told}\n{json.dumps(dict(request.headers))} server string to sign is:{signed}x"
        body = {"Code": code, "Message": message}
        error = error_of(body, signed=signed)
        shown = f"{error!r} {error} {vars(error)}"
        assert [secret for secret in secrets if secret in shown] == []
        assert "Zone" in shown


def test_what_somebody_else_said_is_not_repeated():
    html = error_of(b"<html>hush</html>", 403, **{"content-type": "text/html"})
    assert "Something other than the service answered: HTTP 403, 17 bytes of text/html." in str(html)
    redirect = error_of(b"", 302, location="https://elsewhere/?hush")
    assert "HTTP 302, a redirect, which is never followed." in str(redirect)
    assert isinstance(html, OutcomeUnknownError)
    assert isinstance(redirect, OutcomeUnknownError)


# ---------------------------------------------------------------------------------------------------------------
# What else it tells


def test_a_denial_keeps_its_detail():
    detail = {"AuthAction": "dms:BackFill", "NoPermissionType": "ImplicitDeny", "PolicyType": "SessionPolicy"}
    error = error_of({"Code": "NoPermission", "Message": "No.", "AccessDeniedDetail": detail}, 403)
    assert isinstance(error, PermissionDeniedError)
    assert error.detail == detail
    assert error_of({"Code": "NoPermission", "AccessDeniedDetail": "none"}, 403).detail == {}


@pytest.mark.parametrize(
    ("body", "message", "request_id"),
    [
        ({"Code": "Odd", "Message": "", "ErrorMessage": "Words"}, "Words", None),
        ({"Code": "Throttling"}, "Request was denied due to request throttling.", None),
        ({"Code": "Odd", "RequestId": 47}, "32 bytes of no content type", "47"),
        ({"Code": "Odd", "Message": "\ud800!", "RequestId": ""}, "?!", None),
        ({"Code": "Odd", "Message": {"a": 1}}, "{'a': 1}", None),
    ],
)
def test_the_words_are_the_services_own_or_those_of_the_documents_and_can_be_printed(body, message, request_id):
    error = error_of(body)
    assert (error.message, error.request_id) == (message, request_id)
    assert str(error).encode()

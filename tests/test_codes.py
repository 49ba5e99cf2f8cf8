"""Every error code of the documents: how it travels and which of our errors it becomes."""

import json

import pytest

from dms_backfill_sdk import (
    AuthenticationError,
    DmsError,
    InvalidParameterError,
    NotFoundError,
    PermissionDeniedError,
    ServerFaultError,
    ServiceError,
    SignatureMismatchError,
    ThrottledError,
)
from dms_backfill_sdk.answer import read
from dms_backfill_sdk.codes import CODES, code_of
from dms_backfill_sdk.http import HttpResponse

NOT_AUTHORIZED = "You are not authorized to perform this operation."
UNKNOWN_USER = "The specified user does not exist in DMS, Please contact Admin to add your account UID into DMS."
FAILED = "The request processing has failed due to some unknown error, exception or failure."
TOO_MANY = "The maximum number of instances allowed for the enterprise is exceeded."
OTHER_KEY = "Specified SecurityToken mismatch with the AccessKey."
NO_RAM = "User not authorized to operate on the specified resource, or this API doesn't support RAM."

# fmt: off
#: The service's own list; an empty message is one that the list does not give.
DMS = [
    (403, "InstanceExisted", "", ServiceError),
    (403, "InstanceNoEnoughNumber", TOO_MANY, ServiceError),
    (403, "NoPermission", NOT_AUTHORIZED, PermissionDeniedError),
    (403, "NotSupportYet", "This feature is not supported.", ServiceError),
    (404, "SecurityRuleNotExist", "", NotFoundError),
    (404, "TenantExpired", "The tenant has expired.", ServiceError),
    (404, "TenantNotExist", "The specified tenant does not exist.", NotFoundError),
    (404, "TenantStatusIllegal", "The tenant status is invalid.", ServiceError),
    (403, "UserExisted", "The specified user already exists.", ServiceError),
    (403, "UserNoEnoughNumber", "", ServiceError),
    (404, "UserStatusIllegal", "The user status is invalid.", ServiceError),
    (404, "UserNotExist", UNKNOWN_USER, NotFoundError),
    (403, "InvalidParameterValid", "", InvalidParameterError),
]

#: The gateway's.
GATEWAY = [
    (404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.", AuthenticationError),
    (400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.", AuthenticationError),
    (400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.", SignatureMismatchError),
    (400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.", AuthenticationError),
    (400, "InvalidSignatureMethod", "Specified signature method is not valid.", AuthenticationError),
    (400, "SignatureNonceUsed", "Specified signature nonce was used already.", AuthenticationError),
    (400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.", AuthenticationError),
    (400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", AuthenticationError),
    (400, "IllegalTimestamp", "", AuthenticationError),
    (400, "MissingSecurityToken", "SecurityToken is mandatory for this action.", AuthenticationError),
    (400, "MissingParameter", "", InvalidParameterError),
    (400, "InvalidParameter", "", InvalidParameterError),
    (400, "UnsupportedParameter", "", InvalidParameterError),
    (400, "InvalidParameter.Format", "", InvalidParameterError),
    (400, "UnsupportedHTTPMethod", "", InvalidParameterError),
    (400, "InvalidProtocol.NeedSsl", "Your request is denied as lack of ssl protect.", InvalidParameterError),
    (404, "InvalidApi.NotFound", "Specified api is not found, please check your url and method.", NotFoundError),
    (404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.", NotFoundError),
    (404, "InvalidProduct.NotFound", "Cannot find product according to your specified domain.", NotFoundError),
    (400, "InvalidVersion", "Specified parameter Version is not valid.", InvalidParameterError),
    (400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.", AuthenticationError),
    (400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.", AuthenticationError),
    (400, "InvalidSecurityToken.MismatchWithAccessKey", OTHER_KEY, AuthenticationError),
    (403, "Forbidden.RAM", NO_RAM, PermissionDeniedError),
    (400, "Throttling", "Request was denied due to request throttling.", ThrottledError),
    (400, "Throttling.User", "Request was denied due to user flow control.", ThrottledError),
    (400, "Throttling.Api", "Request was denied due to api flow control.", ThrottledError),
    (500, "InternalError", FAILED, ServerFaultError),
    (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.", ServerFaultError),
]

#: Named in a public list, or made from a name, with no text of their own.
OTHERS = [
    (400, "MissingDagId", InvalidParameterError),
    (400, "MissingAction", InvalidParameterError),
    (400, "InvalidDagId", InvalidParameterError),
    (400, "InvalidTid", InvalidParameterError),
    (400, "ContentMD5NotMatched", InvalidParameterError),
    (400, "ContentLengthDoesNotMatch", InvalidParameterError),
    (400, "InvalidParameter.Accept", InvalidParameterError),
    (404, "InvalidRegion.NotFound", NotFoundError),
    (500, "UnknownError", ServerFaultError),
    (200, "UnknownError", ServerFaultError),
    (403, "Forbidden.AccessKeyDisabled", AuthenticationError),
    (403, "Forbidden", PermissionDeniedError),
    (200, "403", PermissionDeniedError),
    # of no list, known by their shape
    (400, "Throttling.Resource", ThrottledError),
    (400, "InvalidAccessKeyId", AuthenticationError),
    (400, "InvalidSecurityToken.NotFound", AuthenticationError),
    (404, "InvalidDagId.NotFound", NotFoundError),
    (200, "TaskFlowNotExist", NotFoundError),
    # of no shape, known by their status
    (401, "Odd", AuthenticationError),
    (403, "Odd", PermissionDeniedError),
    (404, "Odd", NotFoundError),
    (409, "Odd", ServiceError),
    (429, "Odd", ThrottledError),
    (502, "Odd", ServerFaultError),
    (200, "Odd", ServiceError),
]
# fmt: on


def error_of(status: int, body: object) -> DmsError:
    with pytest.raises(DmsError) as raised:
        read(HttpResponse(status, body=json.dumps(body).encode()))
    return raised.value


@pytest.mark.parametrize(("status", "code", "message", "cls"), DMS + GATEWAY, ids=lambda value: str(value)[:40])
def test_a_documented_code_has_its_status_its_text_and_its_class(status, code, message, cls):
    row = code_of(code, status)
    assert (row.name, row.status, row.raises) == (code, status, cls)
    assert row.message == message or not message
    refused = {"Code": code, "Message": message or row.message, "RequestId": "4F", "Recommend": "https://x"}
    error = error_of(status, refused)
    assert type(error) is cls
    assert (error.code, error.http_status, error.request_id, error.recommend) == (code, status, "4F", "https://x")
    assert error.message == refused["Message"]


@pytest.mark.parametrize(("status", "code", "cls"), OTHERS)
def test_any_other_code_is_known_by_its_shape_or_its_status(status, code, cls):
    error = error_of(status, {"Success": False, "ErrorCode": code, "ErrorMessage": "Words", "RequestId": "4F"})
    assert type(error) is cls
    assert (error.code, error.message, error.http_status) == (code, "Words", status)


@pytest.mark.parametrize("code", [code for _, code, _, _ in DMS + GATEWAY])
def test_a_code_means_the_same_in_a_body_that_came_with_http_200(code):
    error = error_of(200, {"Success": False, "ErrorCode": code})
    assert type(error) is code_of(code, 200).raises
    assert error.http_status == 200


def test_only_what_is_refused_before_processing_may_be_repeated_blindly():
    early = {code.name for code in CODES if code.early}
    throttled = {"Throttling", "Throttling.User", "Throttling.Api", "Throttling*"}
    assert early - throttled == {"InvalidTimeStamp.Expired", "IllegalTimestamp"}
    assert throttled <= early
    assert code_of("Odd", 429).early
    assert not code_of("Odd", 503).early


def test_no_code_has_two_rows_and_every_text_is_a_sentence():
    assert len({code.name for code in CODES}) == len(CODES)
    assert all(code.message.endswith(".") for code in CODES)
    assert all(code.advice.endswith(".") for code in CODES if code.advice)

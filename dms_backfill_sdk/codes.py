"""The service's error codes as one table: what each is called, how it travels, and what it means to a caller.

The client reads it to choose an error's class and to decide whether a call may be repeated; the emulator reads it to
answer like the service. Rows are documented codes (gateway and DMS lists); ``early`` and ``advice`` are ours.
"""

from fnmatch import fnmatchcase
from typing import NamedTuple

from dms_backfill_sdk.errors import (
    AuthenticationError,
    InvalidParameterError,
    NotFoundError,
    PermissionDeniedError,
    ServerFaultError,
    ServiceError,
    SignatureMismatchError,
    ThrottledError,
)

__all__ = ["CODES", "Code", "code_of"]

KEY = "Check the access key id and secret, and that the key is active."
TOKEN = "Get a fresh security token; it must belong to the access key it is sent with."  # noqa: S105  advice
CLOCK = "Set this machine's clock; the service takes requests of the last 15 minutes."
RETRY = "Try again in a moment."
TWICE = "Something on the way sent this request twice; the first of them may have been acted on."
FIELDS = "Correct the request."
GRANT = "Ask for a RAM policy that allows this action."
SUPPORT = "If it stays, give the request id to the service's support."


class Code(NamedTuple):
    """One error code.

    Attributes:
        name: the code; ``*`` stands for anything.
        status: the HTTP status it comes with.
        message: the service's text; ``{}`` stands for the parameter it is about.
        raises: the class of ours that stands for it.
        early: refused before anything was processed, so that the call can be repeated whatever it starts.
        unsure: the call may have been acted on all the same.
        advice: what to do next.
    """

    name: str
    status: int
    message: str
    raises: type[ServiceError]
    early: bool = False
    unsure: bool = False
    advice: str = ""


_NOT_AUTHORIZED = "You are not authorized to perform this operation."
_FAILURE = "The request processing has failed due to some unknown error, exception or failure."

# fmt: off
CODES: tuple[Code, ...] = (
    # The gateway: who is calling
    Code("InvalidAccessKeyId.NotFound", 404, "Specified access key is not found.", AuthenticationError, advice=KEY),
    Code("InvalidAccessKeyId.Inactive", 400, "Specified access key is disabled.", AuthenticationError, advice=KEY),
    Code("Forbidden.AccessKeyDisabled", 403, "The AccessKey is disabled.", AuthenticationError, advice=KEY),
    Code("SignatureDoesNotMatch", 400, "Specified signature is not matched with our calculation.", SignatureMismatchError, advice=KEY),
    Code("IncompleteSignature", 400, "The request signature does not conform to Aliyun standards.", AuthenticationError, advice=KEY),
    Code("InvalidSignatureMethod", 400, "Specified signature method is not valid.", AuthenticationError, advice='Use signature="rpc" or "acs3".'),
    Code("SignatureNonceUsed", 400, "Specified signature nonce was used already.", AuthenticationError, unsure=True, advice=TWICE),
    Code("InvalidTimeStamp.Format", 400, "Specified time stamp or date value is not well formatted.", AuthenticationError, advice=CLOCK),
    Code("InvalidTimeStamp.Expired", 400, "Specified time stamp or date value is expired.", AuthenticationError, early=True, advice=CLOCK),
    Code("IllegalTimestamp", 400, "The input parameter Timestamp that is mandatory for processing this request is not supplied.", AuthenticationError, early=True, advice=CLOCK),
    Code("MissingSecurityToken", 400, "SecurityToken is mandatory for this action.", AuthenticationError, advice=TOKEN),
    Code("InvalidSecurityToken.Expired", 400, "Specified SecurityToken is expired.", AuthenticationError, advice=TOKEN),
    Code("InvalidSecurityToken.Malformed", 400, "Specified SecurityToken is malformed.", AuthenticationError, advice=TOKEN),
    Code("InvalidSecurityToken.MismatchWithAccessKey", 400, "Specified SecurityToken mismatch with the AccessKey.", AuthenticationError, advice=TOKEN),
    # The gateway: whether they may
    Code("Forbidden.RAM", 403, "User not authorized to operate on the specified resource, or this API doesn't support RAM.", PermissionDeniedError, advice=GRANT),
    Code("Forbidden*", 403, _NOT_AUTHORIZED, PermissionDeniedError, advice=GRANT),
    Code("NoPermission", 403, _NOT_AUTHORIZED, PermissionDeniedError, advice=GRANT),
    Code("403", 403, _NOT_AUTHORIZED, PermissionDeniedError, advice=GRANT),  # an ErrorCode in the documents' samples
    # The gateway: how often
    Code("Throttling", 400, "Request was denied due to request throttling.", ThrottledError, early=True, advice=RETRY),
    Code("Throttling.User", 400, "Request was denied due to user flow control.", ThrottledError, early=True, advice=RETRY),
    Code("Throttling.Api", 400, "Request was denied due to api flow control.", ThrottledError, early=True, advice=RETRY),
    Code("Throttling*", 400, "Request was denied due to request throttling.", ThrottledError, early=True, advice=RETRY),
    # The gateway: what was asked
    Code("InvalidApi.NotFound", 404, "Specified api is not found, please check your url and method.", NotFoundError, advice="Check the action's name."),
    Code("InvalidAction.NotFound", 404, "Specified api is not found, please check your url and method.", NotFoundError, advice="Check the action's name."),
    Code("InvalidProduct.NotFound", 404, "Cannot find product according to your specified domain.", NotFoundError, advice="Check the endpoint."),
    Code("InvalidRegion.NotFound", 404, "The specified region is not found.", NotFoundError, advice="Check the endpoint."),
    Code("InvalidVersion", 400, "Specified parameter Version is not valid.", InvalidParameterError, advice="Check the endpoint."),
    Code("InvalidProtocol.NeedSsl", 400, "Your request is denied as lack of ssl protect.", InvalidParameterError, advice="Use an https endpoint."),
    Code("UnsupportedHTTPMethod", 400, "This http method is not supported.", InvalidParameterError, advice="Use GET or POST."),
    Code("MissingParameter", 400, "The input parameter {} that is mandatory for processing this request is not supplied.", InvalidParameterError, advice=FIELDS),
    Code("UnsupportedParameter", 400, "The parameter {} is not supported.", InvalidParameterError, advice=FIELDS),
    Code("InvalidParameter", 400, "Specified parameter {} is not valid.", InvalidParameterError, advice=FIELDS),
    Code("InvalidParameter.Format", 400, "Specified parameter {} is not well formatted.", InvalidParameterError, advice=FIELDS),
    Code("InvalidParameter.Accept", 400, "Specified Accept header is not valid.", InvalidParameterError, advice=FIELDS),
    Code("ContentMD5NotMatched", 400, "Specified Content-MD5 is not matched.", InvalidParameterError, advice=RETRY),
    Code("ContentLengthDoesNotMatch", 400, "Specified Content-Length is not matched.", InvalidParameterError, advice=RETRY),
    # DMS itself
    Code("InvalidParameterValid", 403, "Specified parameter {} is not valid.", InvalidParameterError, advice=FIELDS),
    Code("InstanceExisted", 403, "The instance already exists.", ServiceError),
    Code("InstanceNoEnoughNumber", 403, "The maximum number of instances allowed for the enterprise is exceeded.", ServiceError),
    Code("NotSupportYet", 403, "This feature is not supported.", ServiceError),
    Code("SecurityRuleNotExist", 404, "The security rule does not exist.", NotFoundError),
    Code("TenantExpired", 404, "The tenant has expired.", ServiceError, advice="Renew the tenant."),
    Code("TenantNotExist", 404, "The specified tenant does not exist.", NotFoundError, advice="Check tid."),
    Code("TenantStatusIllegal", 404, "The tenant status is invalid.", ServiceError, advice="Check the tenant."),
    Code("UserExisted", 403, "The specified user already exists.", ServiceError),
    Code("UserNoEnoughNumber", 403, "The maximum number of users is exceeded.", ServiceError),
    Code("UserStatusIllegal", 404, "The user status is invalid.", ServiceError, advice="Check the user in DMS."),
    Code("UserNotExist", 404, "The specified user does not exist in DMS, Please contact Admin to add your account UID into DMS.", NotFoundError, advice="Have the user added to DMS."),
    # The service failed
    Code("InternalError", 500, _FAILURE, ServerFaultError, unsure=True, advice=SUPPORT),
    Code("UnknownError", 500, _FAILURE, ServerFaultError, unsure=True, advice=SUPPORT),
    Code("ServiceUnavailable", 503, "The request has failed due to a temporary failure of the server.", ServerFaultError, unsure=True, advice=SUPPORT),
    # Names the gateway makes from another's name; the longest that fits says the most
    Code("*.NotFound", 404, "The specified {} is not found.", NotFoundError),
    Code("*NotExist", 404, "The specified {} does not exist.", NotFoundError),
    Code("Missing*", 400, "{} is mandatory for this action.", InvalidParameterError, advice=FIELDS),
    Code("InvalidSecurityToken*", 400, "Specified SecurityToken is not valid.", AuthenticationError, advice=TOKEN),
    Code("InvalidAccessKeyId*", 404, "Specified access key is not valid.", AuthenticationError, advice=KEY),
    Code("Invalid*", 400, "Specified parameter {} is not valid.", InvalidParameterError, advice=FIELDS),
)
# fmt: on

_BY_NAME = {code.name: code for code in CODES}
_PATTERNS = sorted((code for code in CODES if "*" in code.name), key=lambda code: -len(code.name))
_BY_STATUS = {401: AuthenticationError, 403: PermissionDeniedError, 404: NotFoundError, 429: ThrottledError}


def code_of(name: str, status: int) -> Code:
    """The row of a code; for a code that is in no row, one made from its shape and the HTTP status."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    for code in _PATTERNS:
        if fnmatchcase(name, code.name):
            return code
    if status >= 500:
        return Code(name, status, "", ServerFaultError, unsure=True, advice=SUPPORT)
    return Code(name, status, "", _BY_STATUS.get(status, ServiceError), early=status == 429)

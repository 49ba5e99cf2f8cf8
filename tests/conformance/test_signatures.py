"""Every request that a client sends, with every mechanism and every kind of credential, read back from its URL, headers
and body and signed again by the official SDKs' own code."""

import base64
import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from alibabacloud_dms_enterprise20181101.client import Client as OfficialClient
from alibabacloud_dms_enterprise20181101.models import BackFillRequest as OfficialBackFillRequest
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.auth.algorithm import sha_hmac256
from aliyunsdkcore.auth.composer import rpc_signature_composer
from attrs import define, field
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dms_backfill_sdk import (
    AccessKey,
    BackFillRequest,
    BearerToken,
    Client,
    CreateTaskRequest,
    ListTaskFlowsByPageRequest,
    RsaKeyPair,
    StsToken,
    UpdateTaskContentV2Request,
)
from dms_backfill_sdk.http import HttpRequest, HttpResponse

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
DER = base64.b64encode(RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
CREDENTIALS = [AccessKey("testid", "testsecret"), StsToken("STS.id", "s&cret/+=", "to/ken+=="), RsaKeyPair("pair", PEM)]
AWKWARD = "a b+c&d=e%f*g~h/?#\n\t'\"<>工作流😀"

CALLS = {
    "a range": lambda client: client.back_fill(
        BackFillRequest.between(
            15001, "2022-01-14", "2022-09-29", asc=False, start_node_ids=[2, 3], filter_node_ids=[5]
        )
    ),
    "a search": lambda client: client.list_task_flows_by_page(
        ListTaskFlowsByPageRequest(tid=7, page_index=1, page_size=50, search_key=AWKWARD)
    ),
    "a node": lambda client: client.create_task(
        CreateTaskRequest(dag_id=1, node_name=AWKWARD, node_type="36", node_content='{"sql":"select 1 + a*~"}')
    ),
    "a form body": lambda client: client.update_task_content_v2(
        UpdateTaskContentV2Request(node_id=44001, node_content=f'{{"sql":"select 1 + a*~ -- {AWKWARD}"}}')
    ),
    "any operation": lambda client: client.call_raw("ListUsers", {"Role": "DBA", "Empty": "", "Of": {AWKWARD: [True]}}),
    "any other": lambda client: client.call_raw("RegisterUser", {"Uid": 1}, form={"Text": AWKWARD, "Empty": ""}),
}

official_string_to_sign = rpc_signature_composer.__dict__["__compose_string_to_sign"]  # no public name leads there


@define
class Recorder:
    """A transport that keeps what it is given to carry."""

    sent: list[HttpRequest] = field(factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        return HttpResponse(200, body=b'{"Success":true}')

    def close(self) -> None:
        """Nothing is open."""


def sent(signature: str, credentials, call) -> HttpRequest:
    recorder = Recorder()
    endpoint = "https://dms.example:8443"
    call(Client(credentials=credentials, endpoint=endpoint, signature=signature, transport=recorder, tid=3001))
    (request,) = recorder.sent
    return request


def meaning(request: HttpRequest) -> tuple[dict[str, str], dict[str, str]]:
    """Query and form as whoever receives the request reads them."""
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True)
    form = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True) if request.body else []
    assert len({name for name, _ in query + form}) == len(query + form)  # no name comes twice
    return dict(query), dict(form)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("credentials", CREDENTIALS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("signature", ["rpc", "rpc-sha256"])
def test_rpc(signature, credentials, call):
    request = sent(signature, credentials, call)
    query, form = meaning(request)
    given = query.pop("Signature")
    text = official_string_to_sign(request.method, {**query, **form})
    match query["SignatureMethod"]:
        case "HMAC-SHA1":
            assert given == Utils.get_rpcsignature({**query, **form}, request.method, credentials.secret)
        case "HMAC-SHA256":
            digest = hmac.digest(f"{credentials.secret}&".encode(), text.encode(), hashlib.sha256)
            assert given == base64.b64encode(digest).decode()
        case "SHA256withRSA":
            assert given == sha_hmac256.get_sign_string(text, DER)
    expected = {"rpc": "HMAC-SHA1", "rpc-sha256": "HMAC-SHA256"}[signature]
    assert query["SignatureMethod"] == ("SHA256withRSA" if isinstance(credentials, RsaKeyPair) else expected)
    assert query.get("SecurityToken") == getattr(credentials, "token", None)


@pytest.mark.parametrize(
    ("signature", "call"),
    # One with SM3 is enough: the official one is plain Python and takes its time.
    [*(("acs3", call) for call in CALLS), ("acs3-sm3", "a form body")],
)
@pytest.mark.parametrize("credentials", CREDENTIALS, ids=lambda value: type(value).__name__)
def test_acs3(signature, credentials, call):
    request = sent(signature, credentials, CALLS[call])
    query, _ = meaning(request)
    algorithm, _, parts = request.headers["authorization"].partition(" ")
    names = parts.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    again = Utils.get_authorization(
        SimpleNamespace(
            method=request.method,
            pathname=request.path,
            query=query,
            headers={name: value for name, value in request.headers.items() if name in names},
        ),
        algorithm,
        Utils.hash(request.body, algorithm).hex(),
        credentials.id,
        PEM if isinstance(credentials, RsaKeyPair) else credentials.secret,
    )
    assert request.headers["authorization"] == again
    assert {"host", *(name for name in request.headers if name.startswith("x-acs-"))} <= set(names)
    assert request.headers["x-acs-content-sha256"] == Utils.hash(request.body, algorithm).hex()
    assert ("content-type" in names) == bool(request.body)


@pytest.mark.parametrize(("signature", "official"), [("rpc", "v2"), ("acs3", None)])
def test_a_bearer_token_travels_as_the_official_client_sends_it(signature, official):
    seen: list[HttpRequest] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = tuple(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            seen.append(HttpRequest(method="POST", scheme="http", host="any", query=query, headers=headers))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_anything: object) -> None:
            """Nothing to say."""

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        endpoint = f"127.0.0.1:{server.server_address[1]}"
        config = Config(bearer_token="tok", endpoint=endpoint, protocol="http", signature_algorithm=official)
        OfficialClient(config).back_fill(OfficialBackFillRequest(dag_id=1, back_fill_date="2022-01-14"))
        server.shutdown()
        thread.join()
    (theirs,) = seen
    ours = sent(signature, BearerToken("tok"), lambda client: client.back_fill(BackFillRequest.on(1, "2022-01-14")))

    def about_the_caller(request: HttpRequest) -> tuple[set[str], dict[str, str], str | None]:
        names = {name for name, _ in request.query} - {"DagId", "BackFillDate", "Tid"}
        said = {name: value for name, value in request.query if name in ("SignatureType", "BearerToken")}
        return names, said, request.headers.get("x-acs-bearer-token")

    assert about_the_caller(ours) == about_the_caller(theirs)
    assert "authorization" not in ours.headers

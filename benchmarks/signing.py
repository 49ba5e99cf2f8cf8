"""Signing, verifying, encoding and decoding alone: no call, no socket."""

import json
from datetime import UTC, datetime
from typing import Any

from alibabacloud_dms_enterprise20181101 import models
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest

from benchmarks.measure import cpu, side_by_side
from benchmarks.wire_server import BODY
from dms_backfill_sdk import AccessKey, BackFillRequest, BackFillResponse
from dms_backfill_sdk.emulator import Emulator
from dms_backfill_sdk.http import HttpRequest
from dms_backfill_sdk.signing import acs3, rpc
from dms_backfill_sdk.wire import decode_body, encode_parameters

KEY = AccessKey("testid", "testsecret")
NOW = datetime(2023, 1, 14, 8, tzinfo=UTC)
NONCE = "c50aafcd05e835d1996d715c2a59ef52"
FIELDS: dict[str, Any] = {
    "dag_id": 15001,
    "start_node_ids": [1, 2],
    "back_fill_date_begin": "2022-01-14",
    "back_fill_date_end": "2022-09-29",
    "interval": 24,
}
REQUEST = BackFillRequest(**FIELDS)
QUERY = dict(encode_parameters(REQUEST)[0])
HEADERS = {"accept": "application/json", "user-agent": "x", "x-acs-action": "BackFill", "x-acs-version": "2018-11-01"}
UNSIGNED = HttpRequest("POST", "https", "dms-enterprise.aliyuncs.com", query=tuple(QUERY.items()), headers=HEADERS)
COMMON = {
    "Action": "BackFill",
    "Version": "2018-11-01",
    "Format": "JSON",
    "Timestamp": "2023-01-14T08:00:00Z",
    "SignatureNonce": NONCE,
    "SignatureVersion": "1.0",
    "AccessKeyId": "testid",
    "SignatureMethod": "HMAC-SHA1",
}


def _official_rpc() -> str:
    signature: str = Utils.get_rpcsignature({**QUERY, **COMMON}, "POST", "testsecret")
    return signature


def _official_acs3() -> str:
    request = DaraRequest()
    request.method, request.pathname, request.query = "POST", "/", QUERY
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    request.headers = {
        **HEADERS,
        "host": UNSIGNED.host,
        "x-acs-date": "2023-01-14T08:00:00Z",
        "x-acs-signature-nonce": NONCE,
        "x-acs-content-sha256": empty,
    }
    authorization: str = Utils.get_authorization(request, "ACS3-HMAC-SHA256", empty, "testid", "testsecret")
    return authorization


def main() -> None:
    ours_rpc = rpc.sign(UNSIGNED, KEY, now=NOW, nonce=NONCE)
    ours_acs3 = acs3.sign(UNSIGNED, KEY, now=NOW, nonce=NONCE)
    if dict(ours_rpc.query)["Signature"] != _official_rpc():
        raise SystemExit("The two do not sign the same.")
    emulator = Emulator()
    emulator.handle(ours_rpc)
    body = json.loads(BODY)
    official = models.BackFillRequest(**FIELDS)
    works = {
        "sign rpc: ours": lambda: rpc.sign(UNSIGNED, KEY, now=NOW, nonce=NONCE),
        "sign rpc: official": _official_rpc,
        "sign ACS3: ours": lambda: acs3.sign(UNSIGNED, KEY, now=NOW, nonce=NONCE),
        "sign ACS3: official": _official_acs3,
        "verify rpc (string and HMAC)": lambda: rpc.signature(rpc.string_to_sign(ours_rpc), "testsecret"),
        "verify ACS3 (string)": lambda: acs3.string_to_sign(ours_acs3),
        "encode: ours": lambda: encode_parameters(REQUEST),
        "encode: official": lambda: (official.validate(), official.to_map()),
        "decode: ours": lambda: decode_body(BackFillResponse, body),
        "decode: official": lambda: models.BackFillResponseBody().from_map(body),
    }
    contenders = {name: cpu(work, 2000) for name, work in works.items()}
    side_by_side("Alone", "µs", contenders, "sign rpc: official", "sign ACS3: official", "encode: official", rounds=15)

"""One BackFill, as each library would have it sent to a server at ``host``."""

import http.client
import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import aiohttp
import requests
import urllib3
from alibabacloud_dms_enterprise20181101 import models
from alibabacloud_dms_enterprise20181101.client import Client as OfficialClient
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.client import AcsClient
from aliyunsdkdms_enterprise.request.v20181101.BackFillRequest import BackFillRequest as ClassicRequest

from dms_backfill_sdk import AccessKey, AsyncClient, BackFillRequest, Client

__all__ = [
    "BARE",
    "KEY",
    "OFFICIAL",
    "OFFICIAL_RPC",
    "OURS",
    "URLLIB3",
    "asynchronous",
    "ours",
    "synchronous",
]

OURS, OFFICIAL, BARE, URLLIB3 = "ours, rpc", "official 3.0.0, ACS3", "requests, unsigned", "urllib3, unsigned"
OURS_ACS3, OFFICIAL_RPC = "ours, ACS3", "official 3.0.0, rpc"
KEY = AccessKey("testid", "testsecret")
PARAMETERS = {
    "Action": "BackFill",
    "Version": "2018-11-01",
    "DagId": "15001",
    "StartNodeIds": "[1,2]",
    "BackFillDateBegin": "2022-01-14",
    "BackFillDateEnd": "2022-09-29",
    "Interval": "24",
}


def ours() -> BackFillRequest:
    """The request, in our own words."""
    return BackFillRequest(
        dag_id=15001,
        start_node_ids=[1, 2],
        back_fill_date_begin="2022-01-14",
        back_fill_date_end="2022-09-29",
        interval=24,
    )


def _official() -> models.BackFillRequest:
    return models.BackFillRequest(
        dag_id=15001,
        start_node_ids=[1, 2],
        back_fill_date_begin="2022-01-14",
        back_fill_date_end="2022-09-29",
        interval=24,
    )


def _classic() -> ClassicRequest:
    request = ClassicRequest()
    request.set_DagId(15001)
    request.set_StartNodeIds([1, 2])
    request.set_BackFillDateBegin("2022-01-14")
    request.set_BackFillDateEnd("2022-09-29")
    request.set_Interval(24)
    return request


def _config(host: str, algorithm: str | None = None) -> Config:
    return Config(
        access_key_id=KEY.id,
        access_key_secret=KEY.secret,
        endpoint=host,
        protocol="http",
        signature_algorithm=algorithm,
        max_idle_conns=256,
    )


def synchronous(host: str) -> dict[str, Callable[[], object]]:
    """What sends one and reads the answer, by name."""
    rpc = Client(credentials=KEY, endpoint=f"http://{host}")
    acs3 = Client(credentials=KEY, endpoint=f"http://{host}", signature="acs3")
    official, official_rpc = OfficialClient(_config(host)), OfficialClient(_config(host, "v2"))
    classic = AcsClient(KEY.id, KEY.secret, "cn-hangzhou")
    session, pool = requests.Session(), urllib3.PoolManager(maxsize=64)
    connection = http.client.HTTPConnection(host)

    def ask_classic() -> object:
        request = _classic()
        request.set_endpoint(host)
        return json.loads(classic.do_action_with_exception(request))

    def ask_bare() -> object:
        connection.request("POST", f"/?{urlencode(PARAMETERS)}")
        return json.loads(connection.getresponse().read())

    return {
        OURS: lambda: rpc.back_fill(ours()),
        OFFICIAL: lambda: official.back_fill(_official()),
        OURS_ACS3: lambda: acs3.back_fill(ours()),
        OFFICIAL_RPC: lambda: official_rpc.back_fill(_official()),
        "classic 1.53.12, rpc": ask_classic,
        BARE: lambda: session.post(f"http://{host}/", params=PARAMETERS).json(),
        URLLIB3: lambda: pool.request("POST", f"http://{host}/?{urlencode(PARAMETERS)}").json(),
        "http.client, unsigned": ask_bare,
    }


def asynchronous(host: str) -> tuple[dict[str, Callable[[], Awaitable[object]]], Callable[[], Awaitable[None]]]:
    """The same for asyncio; and what closes it. To be called on the loop that will run it."""
    client = AsyncClient(credentials=KEY, endpoint=f"http://{host}")
    official = OfficialClient(_config(host))
    session = aiohttp.ClientSession()

    async def bare() -> object:
        async with session.post(f"http://{host}/", params=PARAMETERS) as response:
            return await response.json(content_type=None)

    async def close() -> None:
        await client.close()
        await session.close()

    contenders: dict[str, Callable[[], Awaitable[object]]] = {
        OURS: lambda: client.back_fill(ours()),
        OFFICIAL: lambda: official.back_fill_async(_official()),
        "aiohttp, unsigned": bare,
    }
    return contenders, close

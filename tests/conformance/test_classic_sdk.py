"""The vendor's classic SDK talks to the emulator too: the RPC mechanism as it has been written for ten years."""

import importlib
import itertools
import json
from typing import Any

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient

DAYS = [f"2022-01-{day}" for day in range(14, 24)]


@pytest.fixture(autouse=True)
def no_key_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client takes these even over credentials that it is given."""
    for name in ("ALIYUN_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client() -> AcsClient:
    return AcsClient("testid", "testsecret", "cn-hangzhou")


def ask(client: AcsClient, host: str, action: str, **parameters: Any) -> dict[str, Any]:
    module = importlib.import_module(f"aliyunsdkdms_enterprise.request.v20181101.{action}Request")
    request = getattr(module, f"{action}Request")()
    request.set_endpoint(host)
    for name, value in parameters.items():
        getattr(request, f"set_{name}")(value)
    return json.loads(client.do_action_with_exception(request))


def test_a_flow_is_made_published_backfilled_and_watched(served, client: AcsClient):
    def say(action: str, **parameters: Any) -> dict[str, Any]:
        return ask(client, served.host, action, **parameters)

    flow = say("CreateTaskFlow", DagName="每日销售 daily +*~%&=")["DagId"]
    nodes = [say("CreateTask", DagId=flow, NodeName=name, NodeType="1")["NodeId"] for name in ("load", "sum", "mail")]
    edges = [{"NodeFrom": start, "NodeEnd": end} for start, end in itertools.pairwise(nodes)]
    assert len(say("AddTaskFlowEdges", DagId=flow, Edges=edges)["EdgeIds"]["EdgeId"]) == 2
    say("PublishAndDeployTaskFlow", DagId=flow, VersionComments="a b")
    started = say(
        "BackFill",
        DagId=flow,
        BackFillDateBegin=DAYS[0],
        BackFillDateEnd=DAYS[-1],
        Interval=24,
        Asc=False,
        IsTriggerSubTree=True,
        StartNodeIds=nodes[:2],  # with a blank after the comma
    )
    assert started["DagInstanceId"] == started["NodeId"]
    served.let_work_happen()
    found = say("ListTaskFlowInstance", DagId=flow, PageIndex=1, PageSize=20)
    runs = found["DAGInstanceList"]["DAGInstance"]
    assert (found["TotalCount"], {run["Status"] for run in runs}) == (10, {4})
    assert [run["BusinessTime"][:10] for run in sorted(runs, key=lambda run: run["startTime"])] == DAYS[::-1]
    relation = say("GetTaskInstanceRelation", DagId=flow, DagInstanceId=started["DagInstanceId"])
    assert [(run["NodeName"], run["Status"]) for run in relation["NodeList"]["Node"]] == [
        ("load", 4),
        ("sum", 4),
        ("mail", 4),
    ]
    [sent] = served.emulator.journal.of("BackFill")
    assert sent.parameters["StartNodeIds"] == f"[{nodes[0]}, {nodes[1]}]"
    assert sent.parameters["SignatureType"] == ""
    assert served.codes() == []


def test_a_security_token_is_let_in(served):
    client = AcsClient(region_id="cn-hangzhou", credential=StsTokenCredential("sts", "sts-secret", "sts-token+/="))
    assert ask(client, served.host, "ListUserTenants")["TenantList"][0]["Tid"] == 3001
    assert served.emulator.journal.entries[-1].key == "sts"


@pytest.mark.parametrize(
    ("key", "secret", "code", "status"),
    [
        # It compares the string in the answer with its own, and says so when only the secret can be wrong.
        ("testid", "guessed", "InvalidAccessKeySecret", 400),
        ("nobody", "testsecret", "InvalidAccessKeyId.NotFound", 404),
        ("off", "off-secret", "InvalidAccessKeyId.Inactive", 400),
        ("sts", "sts-secret", "MissingSecurityToken", 400),
        ("poor", "poor-secret", "Forbidden.RAM", 403),
    ],
)
def test_who_may_not_gets_the_code_of_the_service(served, key: str, secret: str, code: str, status: int):
    with pytest.raises(ServerException) as caught:
        ask(AcsClient(key, secret, "cn-hangzhou"), served.host, "ListUserTenants")
    assert (caught.value.get_error_code(), caught.value.get_http_status()) == (code, status)
    assert caught.value.get_request_id() == served.emulator.journal.entries[-1].request_id
    assert served.codes() == ["SignatureDoesNotMatch" if code == "InvalidAccessKeySecret" else code]


def test_what_was_altered_is_refused_and_so_is_what_was_sent_before(served, tap, client: AcsClient):
    ask(client, tap.host, "CreateTaskFlow", DagName="daily")
    sent = tap.request()
    served.emulator.reset()
    for old, new in ((b"=daily", b"=other"), (b"Action=CreateTaskFlow", b"Action=ListTaskFlow"), (b"POST", b"GET")):
        assert old in sent
        assert tap.send(sent.replace(old, new, 1)).body["Code"] == "SignatureDoesNotMatch"
    assert tap.send(sent).status == 200
    assert tap.send(sent).body["Code"] == "SignatureNonceUsed"
    assert served.emulator.journal.acted("CreateTaskFlow") == 1
    assert len(served.codes()) == 4

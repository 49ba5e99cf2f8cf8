import json

from dms_backfill_sdk.emulator.handlers import HANDLERS
from dms_backfill_sdk.operations import FAMILIES, request_class
from dms_backfill_sdk.operations.author import (
    DeleteTaskFlowRequest,
    ListTaskFlowEdgesByConditionRequest,
    PublishAndDeployTaskFlowRequest,
    TryRunTaskFlowRequest,
)
from dms_backfill_sdk.operations.back_fill import BackFillRequest
from dms_backfill_sdk.operations.control import (
    GetTaskInstanceRelationRequest,
    ListTaskFlowInstanceRequest,
)
from dms_backfill_sdk.operations.find import (
    GetLhSpaceByNameRequest,
    GetTaskFlowGraphRequest,
    GetTaskRequest,
    GetUserActiveTenantRequest,
    ListDAGVersionsRequest,
    ListLhTaskFlowAndScenarioRequest,
    ListTaskFlowRequest,
    ListTaskFlowsByPageRequest,
    ListTasksInTaskFlowRequest,
    ListUserTenantsRequest,
)
from dms_backfill_sdk.wire import decode_body, encode_body


def test_every_operation_has_a_handler():
    assert HANDLERS.keys() == {request_class(action) for actions in FAMILIES.values() for action in actions}


def test_every_answer_can_be_written_and_read_again(lab):
    flow = lab.flow(a={}, b={"after": ["a"]})
    run = lab.run(flow)
    asked = [
        ListTaskFlowRequest(),
        ListTaskFlowsByPageRequest(),
        ListLhTaskFlowAndScenarioRequest(space_id=1),
        GetLhSpaceByNameRequest(space_name="test_space"),
        GetTaskFlowGraphRequest(dag_id=flow.id),
        ListTasksInTaskFlowRequest(dag_id=flow.id),
        GetTaskRequest(node_id=lab.ids(flow)["a"]),
        ListDAGVersionsRequest(dag_id=flow.id, page_index=1, page_size=1),
        GetUserActiveTenantRequest(),
        ListUserTenantsRequest(),
        ListTaskFlowInstanceRequest(dag_id=flow.id, page_index=1, page_size=1),
        GetTaskInstanceRelationRequest(dag_id=flow.id, dag_instance_id=run.id),
        BackFillRequest.on(flow.id, "2022-01-14"),
        TryRunTaskFlowRequest(dag_id=flow.id),
        ListTaskFlowEdgesByConditionRequest(dag_id=flow.id),
        PublishAndDeployTaskFlowRequest(dag_id=flow.id),
        DeleteTaskFlowRequest(dag_id=flow.id),
    ]
    for request in asked:
        answer = lab.ask(request)
        assert isinstance(answer, request.answers)
        assert decode_body(request.answers, json.loads(json.dumps(encode_body(answer)))) == answer

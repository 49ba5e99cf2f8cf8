"""Backfill Alibaba Cloud DMS task flows without running a day twice or losing one.

Every name is resolved when it is first asked for (PEP 562), so that a program pays only for what it names:
``from dms_backfill_sdk import BackFillRequest`` loads no HTTP.
"""

import importlib
from typing import TYPE_CHECKING, Any

from dms_backfill_sdk.version import __version__ as __version__

if TYPE_CHECKING:
    from dms_backfill_sdk.aio import *
    from dms_backfill_sdk.backfill import *
    from dms_backfill_sdk.backfill.aio import *
    from dms_backfill_sdk.client import *
    from dms_backfill_sdk.clock import *
    from dms_backfill_sdk.emulator import *
    from dms_backfill_sdk.errors import *
    from dms_backfill_sdk.operations.author import *
    from dms_backfill_sdk.operations.back_fill import *
    from dms_backfill_sdk.operations.catalogue import *
    from dms_backfill_sdk.operations.control import *
    from dms_backfill_sdk.operations.find import *
    from dms_backfill_sdk.operations.terms import *
    from dms_backfill_sdk.retry import *
    from dms_backfill_sdk.signing.credentials import *
    from dms_backfill_sdk.signing.key_pair import *

#: Where each public name lives.
_NAMES: dict[str, tuple[str, ...]] = {
    "aio": ("AsyncClient",),
    "client": ("Client",),
    "clock": (
        "ManualClock",
        "SystemClock",
    ),
    "errors": (
        "AuthenticationError",
        "ConfigurationError",
        "DmsError",
        "InvalidParameterError",
        "InvalidRequestError",
        "LedgerError",
        "NotFoundError",
        "NotSentError",
        "OutcomeUnknownError",
        "PermissionDeniedError",
        "PlanOutdatedError",
        "RunFailedError",
        "ServerFaultError",
        "ServiceError",
        "SignatureMismatchError",
        "ThrottledError",
        "WaitTimeoutError",
    ),
    "retry": ("RetryPolicy",),
    "signing.credentials": (
        "AccessKey",
        "BearerToken",
        "StsToken",
    ),
    "signing.key_pair": ("RsaKeyPair",),
    "operations.back_fill": (
        "BackFillRequest",
        "BackFillResponse",
    ),
    "operations.find": (
        "GetLhSpaceByNameRequest",
        "GetLhSpaceByNameResponse",
        "GetTaskFlowGraphRequest",
        "GetTaskFlowGraphResponse",
        "GetTaskRequest",
        "GetTaskResponse",
        "GetUserActiveTenantRequest",
        "GetUserActiveTenantResponse",
        "ListDAGVersionsRequest",
        "ListDAGVersionsResponse",
        "ListLhTaskFlowAndScenarioRequest",
        "ListLhTaskFlowAndScenarioResponse",
        "ListTaskFlowRequest",
        "ListTaskFlowResponse",
        "ListTaskFlowsByPageRequest",
        "ListTaskFlowsByPageResponse",
        "ListTasksInTaskFlowRequest",
        "ListTasksInTaskFlowResponse",
        "ListUserTenantsRequest",
        "ListUserTenantsResponse",
    ),
    "operations.control": (
        "GetTaskInstanceRelationRequest",
        "GetTaskInstanceRelationResponse",
        "ListTaskFlowInstanceRequest",
        "ListTaskFlowInstanceResponse",
        "MakeTaskFlowInstanceSuccessRequest",
        "MakeTaskFlowInstanceSuccessResponse",
        "NodeRun",
        "ReRunTaskFlowInstanceRequest",
        "ReRunTaskFlowInstanceResponse",
        "ResumeTaskFlowInstanceRequest",
        "ResumeTaskFlowInstanceResponse",
        "Run",
        "StopTaskFlowInstanceRequest",
        "StopTaskFlowInstanceResponse",
        "SuspendTaskFlowInstanceRequest",
        "SuspendTaskFlowInstanceResponse",
    ),
    "operations.author": (
        "AddTaskFlowEdgesRequest",
        "AddTaskFlowEdgesResponse",
        "CreateTaskFlowRequest",
        "CreateTaskFlowResponse",
        "CreateTaskRequest",
        "CreateTaskResponse",
        "DeleteTaskFlowEdgesByConditionRequest",
        "DeleteTaskFlowEdgesByConditionResponse",
        "DeleteTaskFlowRequest",
        "DeleteTaskFlowResponse",
        "DeleteTaskRequest",
        "DeleteTaskResponse",
        "ListTaskFlowEdgesByConditionRequest",
        "ListTaskFlowEdgesByConditionResponse",
        "NewEdge",
        "OfflineTaskFlowRequest",
        "OfflineTaskFlowResponse",
        "PublishAndDeployTaskFlowRequest",
        "PublishAndDeployTaskFlowResponse",
        "ReDeployLhDagVersionRequest",
        "ReDeployLhDagVersionResponse",
        "TryRunTaskFlowRequest",
        "TryRunTaskFlowResponse",
        "UpdateTaskContentRequest",
        "UpdateTaskContentResponse",
        "UpdateTaskContentV2Request",
        "UpdateTaskContentV2Response",
        "UpdateTaskFlowTimeVariablesRequest",
        "UpdateTaskFlowTimeVariablesResponse",
    ),
    "operations.catalogue": (
        "Edge",
        "Flow",
        "FlowDetail",
        "FlowGraph",
        "GraphEdge",
        "GraphNode",
        "LakehouseFlow",
        "LakehouseSpace",
        "Node",
        "NodeDetail",
        "Scenario",
        "ScenarioFlows",
        "Tenant",
        "Version",
    ),
    "operations.terms": (
        "CronType",
        "FlowStatus",
        "NodeType",
        "RunStatus",
        "TriggerType",
    ),
    "backfill": (
        "Campaign",
        "CampaignPlan",
        "CampaignReport",
        "Change",
        "Job",
        "Plan",
        "PlannedRun",
        "Progress",
        "Standing",
        "TaskFlow",
        "Window",
    ),
    "backfill.aio": (
        "AsyncCampaign",
        "AsyncJob",
        "AsyncPlan",
        "AsyncTaskFlow",
    ),
    "emulator": (
        "Emulator",
        "Fault",
        "Key",
        "NodeContext",
        "Policy",
        "Switches",
    ),
}

_HOME = {name: module for module, names in _NAMES.items() for name in names}

#: Libraries that come with an extra, and which.
_EXTRAS = {
    "aiohttp": "async",
    "yarl": "async",
    "httptools": "emulator",
    "responses": "emulator",
    "starlette": "emulator",
    "uvicorn": "emulator",
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604  all of them are strings


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_HOME[name]}")
    except ModuleNotFoundError as missing:
        extra = _EXTRAS.get(missing.name or "")
        if extra is None:
            raise
        raise ModuleNotFoundError(
            f"{name} needs {missing.name}, which is not installed; install dms_backfill_sdk[{extra}].",
            name=missing.name,
        ) from missing
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

"""The contract: one request and one response class per operation, by family.

``FAMILIES`` is the only list of the operations there is. The package's face, the client's methods, the emulator's
dispatch, the reference in the docs and the contract tests all read it.
"""

import importlib
from typing import Any

from dms_backfill_sdk.operations.declaration import Request, Response

__all__ = ["FAMILIES", "Request", "Response", "request_class"]

FAMILIES: dict[str, tuple[str, ...]] = {
    "back_fill": ("BackFill",),
    "find": (
        "ListTaskFlow",
        "ListTaskFlowsByPage",
        "ListLhTaskFlowAndScenario",
        "GetLhSpaceByName",
        "GetTaskFlowGraph",
        "ListTasksInTaskFlow",
        "GetTask",
        "ListDAGVersions",
        "GetUserActiveTenant",
        "ListUserTenants",
    ),
    "control": (
        "ListTaskFlowInstance",
        "GetTaskInstanceRelation",
        "StopTaskFlowInstance",
        "SuspendTaskFlowInstance",
        "ResumeTaskFlowInstance",
        "ReRunTaskFlowInstance",
        "MakeTaskFlowInstanceSuccess",
    ),
    "author": (
        "CreateTaskFlow",
        "DeleteTaskFlow",
        "CreateTask",
        "DeleteTask",
        "AddTaskFlowEdges",
        "DeleteTaskFlowEdgesByCondition",
        "ListTaskFlowEdgesByCondition",
        "UpdateTaskContent",
        "UpdateTaskContentV2",
        "UpdateTaskFlowTimeVariables",
        "PublishAndDeployTaskFlow",
        "ReDeployLhDagVersion",
        "OfflineTaskFlow",
        "TryRunTaskFlow",
    ),
}

_FAMILY_OF = {action: family for family, actions in FAMILIES.items() for action in actions}


def request_class(action: str) -> type[Request[Any]] | None:
    """The request class of an operation; None when the operation has no typed one."""
    family = _FAMILY_OF.get(action)
    if family is None:
        return None
    module = importlib.import_module(f"{__name__}.{family}")
    found: type[Request[Any]] = getattr(module, f"{action}Request")
    return found

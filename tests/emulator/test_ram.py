"""What a policy lets somebody do."""

import doctest
import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk import Policy
from dms_backfill_sdk.emulator import ram
from dms_backfill_sdk.emulator.ram import FULL_ACCESS, Decision, decide

ALLOWED, DENIED, NOT_ALLOWED = Decision.ALLOW, Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY

# The service's own policy for readers (documented).
READ_ONLY = Policy(
    {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Resource": "*", "Action": ["dms:Describe*", "dms:List*", "dms:Get*", "dms:Search*"]}
        ],
    }
)


def policy(effect: str, **about: Any) -> Policy:
    return Policy({"Statement": [{"Effect": effect, "Resource": "*", **about}]})


@pytest.mark.parametrize(
    ("policies", "action", "decision"),
    [
        ([], "BackFill", NOT_ALLOWED),
        ([Policy({})], "BackFill", NOT_ALLOWED),
        ([FULL_ACCESS], "BackFill", ALLOWED),
        ([READ_ONLY], "BackFill", NOT_ALLOWED),
        ([READ_ONLY], "ListTaskFlow", ALLOWED),
        ([policy("Allow", Action="dms:BackFill")], "BackFill", ALLOWED),
        ([policy("Allow", Action="dms:BackFill")], "BackFillAll", NOT_ALLOWED),
        ([policy("Allow", Action="DMS:backfill")], "BackFill", ALLOWED),
        ([policy("Allow", Action="*")], "BackFill", ALLOWED),
        ([policy("Allow", Action="dms:????Fill")], "BackFill", ALLOWED),
        ([policy("Allow", Action="dms:???Fill")], "BackFill", NOT_ALLOWED),
        ([policy("Allow", Action="dms:[B]ackFill")], "BackFill", NOT_ALLOWED),
        ([policy("Allow", Action="dms.BackFill")], "BackFill", NOT_ALLOWED),
        ([policy("Allow", Action="ecs:*")], "BackFill", NOT_ALLOWED),
        ([policy("Allow", Action=[])], "BackFill", NOT_ALLOWED),
        ([policy("Allow", NotAction="dms:BackFill")], "BackFill", NOT_ALLOWED),
        ([policy("Allow", NotAction="dms:BackFill")], "ReRunTaskFlowInstance", ALLOWED),
        ([policy("Allow", NotAction=["dms:Delete*", "dms:BackFill"])], "DeleteTask", NOT_ALLOWED),
        ([policy("Deny", NotAction="dms:Get*"), FULL_ACCESS], "BackFill", DENIED),
        ([policy("Deny", NotAction="dms:Get*"), FULL_ACCESS], "GetTask", ALLOWED),
        ([FULL_ACCESS, policy("Deny", Action="dms:BackFill")], "BackFill", DENIED),
        ([policy("Deny", Action="dms:BackFill"), FULL_ACCESS], "BackFill", DENIED),
        ([policy("Deny", Action="dms:BackFill")], "GetTask", NOT_ALLOWED),
        ([policy("Allow", Action="dms:*")], "name\nwith a line end", ALLOWED),
        ([Policy({"Statement": {"Effect": "Allow", "Action": "dms:*", "Resource": ["*"]}})], "BackFill", ALLOWED),
    ],
)
def test_what_policies_say_of_an_action(policies: list[Policy], action: str, decision: Decision):
    assert decide(policies, f"dms:{action}") is decision


names = st.text("dmAB:", max_size=4)
patterns = st.text("dmAB:*?", max_size=5)
statements = st.fixed_dictionaries({"Effect": st.sampled_from(["Allow", "Deny"]), "Resource": st.just("*")}).flatmap(
    lambda rest: st.builds(
        lambda key, about: rest | {key: about},
        st.sampled_from(["Action", "NotAction"]),
        patterns | st.lists(patterns, max_size=3),
    )
)


def speaks_of(statement: Mapping[str, Any], action: str) -> bool:
    """What the documents say, written down another way."""
    about = statement.get("Action", statement.get("NotAction"))
    about = [about] if isinstance(about, str) else about
    return any(fnmatch.fnmatchcase(action.lower(), name.lower()) for name in about) == ("Action" in statement)


@given(st.lists(st.lists(statements, max_size=3), max_size=3), names)
def test_a_deny_wins_over_any_allow_and_without_either_it_is_denied(policies: list[list[dict[str, Any]]], action: str):
    effects = {one["Effect"] for policy in policies for one in policy if speaks_of(one, action)}
    expected = DENIED if "Deny" in effects else ALLOWED if "Allow" in effects else NOT_ALLOWED
    assert decide([Policy({"Statement": policy}) for policy in policies], action) is expected


GOOD = {"Effect": "Allow", "Action": "dms:*", "Resource": "*"}
EFFECT = 'A policy statement needs "Effect": "Allow" or "Deny".'
ACTION = 'A policy statement needs either "Action" or "NotAction".'
RESOURCE = 'DMS actions are granted on every resource only; write "Resource": "*".'


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("Allow", f"A policy statement is an object such as {json.dumps(GOOD)}."),
        ({}, EFFECT),
        (GOOD | {"Effect": "allow"}, EFFECT),
        ({"Effect": "Allow"}, ACTION),
        (GOOD | {"NotAction": "dms:*"}, ACTION),
        (GOOD | {"Action": 5}, "An action of a policy is a string or a list of strings; 5 is not."),
        (GOOD | {"Action": [5]}, "An action of a policy is a string or a list of strings; [5] is not."),
        (GOOD | {"Condition": {}}, "The emulator does not evaluate policy conditions; leave Condition out."),
        ({"Effect": "Allow", "Action": "*"}, RESOURCE),
        (GOOD | {"Resource": []}, RESOURCE),
        (GOOD | {"Resource": "acs:dms:*:*:tenant/1"}, RESOURCE),
        (GOOD | {"Resource": 5}, RESOURCE),
    ],
)
def test_a_statement_that_is_not_understood_is_refused_when_the_policy_is_made(statement: Any, sentence: str):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Policy({"Statement": [statement]})


def test_the_example_is_true():
    assert doctest.testmod(ram).failed == 0

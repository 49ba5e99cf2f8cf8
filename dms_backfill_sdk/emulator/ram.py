"""RAM policies: may this key do that? Pure; deny by default, and a Deny wins over any Allow (documented)."""

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen

__all__ = ["FULL_ACCESS", "Decision", "Policy", "decide"]


class Decision(Enum):
    """The outcome, in the words of the service's ``NoPermissionType``."""

    ALLOW = "Allow"
    IMPLICIT_DENY = "ImplicitDeny"
    EXPLICIT_DENY = "ExplicitDeny"


def _many(value: object) -> list[object]:
    """A policy may write one thing where it may write a list."""
    return value if isinstance(value, list) else [value]


def _patterns(value: object) -> tuple[re.Pattern[str], ...]:
    if not all(isinstance(name, str) for name in _many(value)):
        raise ValueError(f"An action of a policy is a string or a list of strings; {value!r} is not.")
    # fnmatch would give [ ] a meaning; a policy knows only * and ?.
    return tuple(
        re.compile(re.escape(str(name)).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE | re.DOTALL)
        for name in _many(value)
    )


@frozen
class _Statement:
    effect: Decision
    actions: tuple[re.Pattern[str], ...]
    negated: bool

    def speaks_of(self, action: str) -> bool:
        return any(pattern.fullmatch(action) for pattern in self.actions) is not self.negated


def _statement(document: object) -> _Statement:
    if not isinstance(document, Mapping):
        raise ValueError(  # noqa: TRY004  whoever wrote the policy wrote a value
            'A policy statement is an object such as {"Effect": "Allow", "Action": "dms:*", "Resource": "*"}.'
        )
    if document.get("Effect") not in ("Allow", "Deny"):
        raise ValueError('A policy statement needs "Effect": "Allow" or "Deny".')
    if ("Action" in document) == ("NotAction" in document):
        raise ValueError('A policy statement needs either "Action" or "NotAction".')
    if "Condition" in document:
        raise ValueError("The emulator does not evaluate policy conditions; leave Condition out.")
    if "*" not in _many(document.get("Resource")):
        raise ValueError('DMS actions are granted on every resource only; write "Resource": "*".')
    negated = "NotAction" in document
    return _Statement(
        effect=Decision.ALLOW if document["Effect"] == "Allow" else Decision.EXPLICIT_DENY,
        actions=_patterns(document["NotAction" if negated else "Action"]),
        negated=negated,
    )


@frozen
class Policy:
    """One policy document, as RAM has it.

    >>> decide([Policy({"Statement": [{"Effect": "Allow", "Action": "dms:Get*", "Resource": "*"}]})], "dms:BackFill")
    <Decision.IMPLICIT_DENY: 'ImplicitDeny'>

    Raises:
        ValueError: a statement is not understood.
    """

    document: Mapping[str, Any]
    statements: tuple[_Statement, ...] = field(init=False, repr=False)

    @statements.default
    def _(self) -> tuple[_Statement, ...]:
        return tuple(map(_statement, _many(self.document.get("Statement", []))))


FULL_ACCESS = Policy({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "dms:*", "Resource": "*"}]})


def decide(policies: Iterable[Policy], action: str) -> Decision:
    """Whether somebody with these policies may do ``action``, such as ``"dms:BackFill"``."""
    effects = {
        statement.effect for policy in policies for statement in policy.statements if statement.speaks_of(action)
    }
    if Decision.EXPLICIT_DENY in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOW if effects else Decision.IMPLICIT_DENY

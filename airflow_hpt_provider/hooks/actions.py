"""Declarations of the IAM actions that a method's calls need.

A test finds each operation that the provider's code names, and fails where the function around it does not declare the
operation's action. Another one runs each method of the hook where all other actions are denied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
ATTRIBUTE = "iam_actions"


def needs(*needed: str | Callable[..., Any]) -> Callable[[F], F]:
    """Declare the IAM actions that a function needs.

    Args:
        needed: actions, and functions that it calls, whose actions it needs too.
    """
    actions = {each for each in needed if isinstance(each, str)}
    actions |= actions_of(*(each for each in needed if not isinstance(each, str)))

    def declare(function: F) -> F:
        setattr(function, ATTRIBUTE, frozenset(actions))
        return function

    return declare


def actions_of(*functions: Callable[..., Any]) -> frozenset[str]:
    """Return the actions that the functions declare.

    Raises:
        AttributeError: a function declares none.
    """
    return frozenset().union(*(getattr(function, ATTRIBUTE) for function in functions))

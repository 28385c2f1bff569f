"""A SearchExpression as a condition in SQL."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db.search_expressions import Place, Sql, joined
from airflow_hpt_provider.local.operations.error_messages import invalid
from airflow_hpt_provider.local.operations.search_api.comparing import comparison, exists
from airflow_hpt_provider.local.operations.search_api.properties import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from airflow_hpt_provider.local.errors import ServiceError
    from airflow_hpt_provider.local.operations.search_api.properties import Property, Resource

    Test = Callable[[Sql], Sql]

NEGATIONS = {"NotEquals": "Equals", "NotExists": "Exists"}
TAG = ("Tags.Key", "Tags.Value")
"""The members of a tag, by which nested filters find one."""
MAX_PARTS = 50
MAX_CONTAINS = 1


def condition(resource: Resource, expression: Mapping[str, Any]) -> Sql:
    """Return the condition that a resource must satisfy.

    Raises:
        ServiceError: the expression is empty or too large, or has a wrong property, operator or value.
    """
    parts = list(itertools.islice(_parts(expression), MAX_PARTS + 1))
    if len(parts) > MAX_PARTS:
        raise invalid(
            f"A SearchExpression can have at most {MAX_PARTS} SubExpressions, NestedFilters and Filters in all."
        )
    # AWS exempts some properties of experiments alone.
    if sum(part.get("Operator") == "Contains" for part in parts) > MAX_CONTAINS:
        raise invalid(f"'CONTAINS' operator usage limit of {MAX_CONTAINS} exceeded.")
    return _expression(resource, expression)


def visible(resource: Resource, conditions: Iterable[Mapping[str, str]]) -> Sql:
    """Return the condition of VisibilityConditions: for each tag named, one of its values, or no such tag.

    Raises:
        ServiceError: a key is not of a tag.
    """
    wanted: dict[str, list[str]] = {}
    for each in conditions:
        key = each.get("Key", "")
        if not key.removeprefix("Tags.") or not key.startswith("Tags."):
            raise invalid(f"The key '{key}' of a visibility condition is not valid: give Tags.<key>.")
        wanted.setdefault(key, []).append(each.get("Value", ""))
    return joined(
        "AND",
        (
            resource.property(key).holds(
                lambda value, texts=texts: Sql.of(  # type: ignore[misc]
                    f"COALESCE({{}} IN ({', '.join(['{}'] * len(texts))}), 1)", value, *texts
                )
            )
            for key, texts in wanted.items()
        ),
    )


def _parts(expression: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All that is in an expression, at whatever depth; an expression in it counts as a part, too."""
    waiting = [expression]
    while waiting:
        each = waiting.pop()
        yield from each.get("Filters") or ()
        for nested in each.get("NestedFilters") or ():
            yield nested
            yield from nested["Filters"]
        for inner in each.get("SubExpressions") or ():
            yield {}
            waiting.append(inner)


def _expression(resource: Resource, expression: Mapping[str, Any]) -> Sql:
    found = [
        *(_filter(resource, each) for each in expression.get("Filters") or ()),
        *(_nested(resource, each) for each in expression.get("NestedFilters") or ()),
        *(_expression(resource, each) for each in expression.get("SubExpressions") or ()),
    ]
    if not found:
        raise invalid(
            "A SearchExpression must have at least one of Filters, NestedFilters and SubExpressions."
        )
    return joined("OR" if expression.get("Operator") == "Or" else "AND", found)


def _filter(resource: Resource, given: Mapping[str, str]) -> Sql:
    of = resource.property(given["Name"])
    test, negated = _test(of, given)
    found = of.holds(test)
    return found.negated() if negated else found


def _test(of: Property, given: Mapping[str, str]) -> tuple[Test, bool]:
    """Return the test of a filter, and whether the filter negates it."""
    value = given.get("Value")
    # "If you specify a Value, but not an Operator, SageMaker uses the equals operator."
    asked = given.get("Operator") or ("Equals" if value is not None else "Exists")
    operator = NEGATIONS.get(asked, asked)
    if operator == "Exists":
        return exists, asked != operator
    if value is None:
        raise invalid(f"The filter on {of.name} has no Value: the operator {asked} needs one.")
    return comparison(of, operator, value, asked), asked != operator


def _nested(resource: Resource, given: Mapping[str, Any]) -> Sql:
    """One element of a list must pass all the filters."""
    outer = resource.property(given["NestedPropertyName"])
    if not outer.is_list:
        raise invalid(
            f"The nested property name {outer.name} is not valid: give a property that is a list of structures, "
            "such as InputDataConfig."
        )
    tests = []
    for each in given["Filters"]:
        if outer.name == "Tags" and each["Name"] not in TAG:
            raise _not_nested(each["Name"], outer, " or ".join(TAG))
        inner = resource.property(each["Name"], nested=outer.name == "Tags")
        steps = inner.steps[len(outer.steps) :]
        if inner.keyed or not steps or inner.steps[: len(outer.steps)] != outer.steps:
            raise _not_nested(inner.name, outer, f"{outer.name}.<name>")
        tests.append((steps, *_test(inner, each)))

    def passes(element: Place) -> Sql:
        parts = []
        for steps, test, negated in tests:
            part = reach(element, steps, lambda place, test=test: test(place.value))  # type: ignore[misc]
            parts.append(part.negated() if negated else part)
        return joined("AND", parts)

    return reach(outer.start, outer.steps[1:], passes)


def _not_nested(name: str, outer: Property, remedy: str) -> ServiceError:
    return invalid(
        f"The property name {name} is not valid in the nested filters of {outer.name}: give {remedy}."
    )

"""Searches within SageMaker's model that make no sense."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from tests.fuzz.case import Case, Kind, call
from tests.fuzz.json_bodies import encode

if TYPE_CHECKING:
    from tests.fuzz.service import Resources

FINE: dict[str, Any] = {"Name": "FailureReason", "Operator": "NotExists"}
WRONG: tuple[dict[str, Any], ...] = (
    {"Name": "NoSuchProperty"},
    {"Name": "failureReason", "Operator": "Exists"},
    {"Name": "FailureReason.", "Operator": "Exists"},
    {"Name": "FailureReason'; DROP TABLE training_jobs; --", "Value": "x"},
    {"Name": "FailureReason", "Operator": "Equals"},
    {"Name": "FailureReason", "Operator": "GreaterThan", "Value": "1"},
    {"Name": "Tags.x", "Operator": "LessThanOrEqualTo", "Value": "1"},
    {"Name": "CreationTime", "Operator": "LessThan", "Value": "yesterday"},
    {"Name": "CreationTime", "Operator": "Contains", "Value": "2026"},
    {"Name": "LastModifiedTime", "Operator": "In", "Value": "2026-01-01,2026-01-02"},
    {"Name": "Tags", "Operator": "Equals", "Value": "x"},
)
SORTS = ("NoSuchProperty", "Tags", "HyperParameters.", "Tags.", "CreationTime ASC", "1")


def senseless(rng: random.Random, resources: Resources) -> Case:
    """A wrong filter at some depth, an empty or too large expression, a wrong order, key or token."""
    expression: dict[str, Any] = {"Filters": [FINE, rng.choice(WRONG)], "Operator": rng.choice(("And", "Or"))}
    for _ in range(rng.choice((0, 1, 5, 20))):
        expression = {"SubExpressions": [expression], "Filters": [FINE]}
    many = {"SubExpressions": [{"Filters": [FINE] * 20}] * 3}
    nested = {"NestedPropertyName": rng.choice(("FailureReason", "Tags", "x")), "Filters": [FINE]}
    contains = {"Name": "FailureReason", "Operator": "Contains", "Value": "x"}
    wrong: dict[str, Any] = rng.choice(
        (
            {"SearchExpression": expression},
            {"SearchExpression": expression},
            {"SearchExpression": {}},
            {"SearchExpression": {"SubExpressions": [{"Operator": "Or"}]}},
            {"SearchExpression": many},
            {"SearchExpression": {"Filters": [contains] * 2}},
            {"SearchExpression": {"NestedFilters": [nested]}},
            {"SortBy": rng.choice(SORTS)},
            {"NextToken": rng.choice(("", "x", "WzEsMiwzXQ==", "=" * 8_000))},
            {"VisibilityConditions": [{"Key": rng.choice(("x", "Tags.", "Tags"))}]},
        )
    )
    resource = rng.choice(("TrainingJob", "HyperParameterTuningJob"))
    return call("Search", encode({"Resource": resource, **wrong}))


def without_end(rng: random.Random, resources: Resources) -> Case:
    """Expressions in expressions: the one shape of SageMaker's that may hold itself."""
    depth = rng.choice((60, 240, 260, 300, 350, 480, 700, 900, 20_000))
    opening, closing = b'{"SubExpressions": [' * depth, b"]}" * depth
    body = (
        b'{"Resource": "TrainingJob", "SearchExpression": ' + opening + encode({"Filters": [FINE]}) + closing
    )
    return call("Search", body + b"}")


KINDS: dict[str, Kind] = {
    "search that makes no sense": senseless,
    "search without end": without_end,
}

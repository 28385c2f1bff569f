"""The operators of filters, as tests in SQL."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.db.search_expressions import Sql
from airflow_hpt_provider.local.operations.error_messages import invalid
from airflow_hpt_provider.local.operations.search_api import values
from airflow_hpt_provider.local.operations.search_api.properties import Kind
from airflow_hpt_provider.models.float32 import float32

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_hpt_provider.local.errors import ServiceError
    from airflow_hpt_provider.local.operations.search_api.properties import Property

    Test = Callable[[Sql], Sql]

ORDERED = {
    "GreaterThan": ">",
    "GreaterThanOrEqualTo": ">=",
    "LessThan": "<",
    "LessThanOrEqualTo": "<=",
}
TEXTUAL = ("Contains", "In")
FORMS = {
    Kind.NUMBER: "an integer or a decimal number",
    Kind.TIME: "an ISO 8601 date-time, YYYY-mm-ddTHH:MM:SS",
    Kind.BOOLEAN: "true or false",
    Kind.HYPERPARAMETER: "an integer or a decimal number for this operator",
}


def exists(value: Sql) -> Sql:
    """Return the condition that the property has a value."""
    return Sql.of("{} IS NOT NULL", value)


def comparison(of: Property, operator: str, given: str, asked: str) -> Test:
    """Return the test of a property's value for Equals, an order, Contains or In.

    Args:
        of: the property.
        operator: which of them.
        given: the filter's value.
        asked: the operator that the filter has, perhaps a negation.

    Raises:
        ServiceError: the operator or the given value is not for such a property.
    """
    kind = of.kind
    if operator in TEXTUAL:
        if kind not in (Kind.TEXT, Kind.HYPERPARAMETER):
            raise _unsupported(of, asked)
        return partial(_contains, given) if operator == "Contains" else partial(_one_of, given)
    if kind is Kind.STRUCTURE or (operator in ORDERED and kind in (Kind.TEXT, Kind.BOOLEAN)):
        raise _unsupported(of, asked)
    sign = ORDERED.get(operator, "=")
    if kind is Kind.TEXT:
        return partial(_compare, sign, given)
    if kind is Kind.TIME:
        return _time(of, sign, given)
    number = values.boolean(given) if kind is Kind.BOOLEAN else values.number(given)
    if kind is Kind.HYPERPARAMETER:
        if number is None and sign != "=":
            raise _no_value(of, given)
        return partial(_compare_hyperparameter, sign, given, number)
    if number is None:
        raise _no_value(of, given)
    return partial(_compare, sign, float32(number) if of.single else number)


def _compare(sign: str, given: float | str, value: Sql) -> Sql:
    return Sql.of(f"{{}} {sign} {{}}", value, given)


def _time(of: Property, sign: str, given: str) -> Test:
    moment = values.moment(given)
    if moment is None:
        raise _no_value(of, given)
    if sign != "=":
        return partial(_compare, sign, moment.at)
    # SageMaker's format has no fractions: 12:00:00 is any time in that second.
    until = round(moment.at + moment.exact_to, 3)
    return lambda value: Sql.of("{} >= {} AND {} < {}", value, moment.at, value, until)


def _compare_hyperparameter(sign: str, given: str, number: float | None, value: Sql) -> Sql:
    """Compare with a number those values that are numbers: as integers if it is one, as AWS does."""
    same = _compare("=", given, value)
    if number is None:
        return same
    read = Sql.of("CAST({} AS REAL)", value)
    if isinstance(number, int):
        read = Sql.of("CAST({} AS INTEGER)", read)
    numeric = Sql.of(f"{{}} AND {{}} {sign} {{}}", is_number(value), read, number)
    return numeric if sign != "=" else Sql.of("({}) OR {}", numeric, same)


def is_number(value: Sql) -> Sql:
    """Return whether a text is a number, as JSON writes it."""
    # CASE, since json_type fails on what is no JSON.
    return Sql.of(
        "COALESCE(CASE WHEN json_valid({}) THEN json_type({}) END, '') IN ('integer', 'real')", value, value
    )


def _contains(given: str, value: Sql) -> Sql:
    return Sql.of("instr({}, {}) > 0", value, given)


def _one_of(given: str, value: Sql) -> Sql:
    wanted = [text.strip() for text in given.split(",")]
    return Sql.of(f"{{}} IN ({', '.join(['{}'] * len(wanted))})", value, *wanted)


def _unsupported(of: Property, operator: str) -> ServiceError:
    return invalid(f"The operator {operator} is not supported for the {of.kind.value} property {of.name}.")


def _no_value(of: Property, given: str) -> ServiceError:
    return invalid(
        f"The value {given} is not valid for the {of.kind.value} property {of.name}: give {FORMS[of.kind]}."
    )

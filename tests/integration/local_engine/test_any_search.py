"""Whatever is searched for: an answer or a refusal; and expressions mean what their parts mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_hpt_provider.local.errors import ServiceError
from tests.integration.local_engine import searched_jobs
from tests.integration.local_engine.test_searches import MODEL, names_in_model

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

OPERATORS = MODEL.shape_for("Operator").enum
SHAPES = {"TrainingJob": "TrainingJob", "HyperParameterTuningJob": "HyperParameterTuningJobSearchEntity"}
NAMES = sorted({name for shape in SHAPES.values() for name, _ in names_in_model(MODEL.shape_for(shape))})
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
PROPERTIES = st.one_of(
    # By number: Hypothesis warns of a long list of samples.
    st.integers(0, len(NAMES) - 1).map(lambda n: NAMES[n]),
    st.integers(0, len(NAMES) - 1).map(lambda n: NAMES[n].rpartition(".")[0] or NAMES[n]),
    st.builds("{}.{}".format, st.sampled_from(["Tags", "Metrics", "HyperParameters", "Environment"]), TEXTS),
    TEXTS,
)
NUMBERS = ["1", "-0.5", "1e308", "9" * 30]
TIMES = ["2026-01-01T00:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+23:59"]
WORDS = ["true", "Completed", "loss", "team", "%", "a,b,,", ",", "\0", "{}", "'", '"', "null"]
VALUES = st.one_of(TEXTS, st.sampled_from([*NUMBERS, *TIMES, *WORDS]))
FILTERS = st.fixed_dictionaries(
    {"Name": PROPERTIES}, optional={"Operator": st.sampled_from(OPERATORS), "Value": VALUES}
)
NESTED = st.fixed_dictionaries(
    {
        "NestedPropertyName": PROPERTIES | st.sampled_from(["InputDataConfig", "SecondaryStatusTransitions"]),
        "Filters": st.lists(FILTERS, min_size=1, max_size=3),
    }
)
EXPRESSIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "Filters": st.lists(FILTERS, min_size=1, max_size=3),
            "NestedFilters": st.lists(NESTED, min_size=1, max_size=2),
            "Operator": st.sampled_from(["And", "Or"]),
        },
    ),
    lambda inner: st.fixed_dictionaries({"SubExpressions": st.lists(inner, min_size=1, max_size=3)}),
    max_leaves=5,
)
RESOURCES = st.sampled_from(sorted(SHAPES))
THOROUGH = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service with jobs of every sort."""
    service = searched_jobs.make(tmp_path_factory.mktemp("search"))
    yield service
    service.close()


def found(service: Any, resource: str, **parameters: Any) -> set[str] | None:
    """Names of what is found; None: refused."""
    try:
        answer = service.call("Search", Resource=resource, MaxResults=100, **parameters)
    except ServiceError as refused:
        if refused.code != "ValidationException":
            raise
        return None
    return {each[resource][f"{resource}Name"] for each in answer["Results"]}


@THOROUGH
@given(RESOURCES, EXPRESSIONS, st.none() | PROPERTIES, st.sampled_from(["Ascending", "Descending"]))
def test_an_answer_or_a_refusal(
    known: Any, resource: str, expression: dict[str, Any], sort_by: str | None, order: str
) -> None:
    more = {} if sort_by is None else {"SortBy": sort_by, "SortOrder": order}
    found(known, resource, SearchExpression=expression, **more)


@THOROUGH
@given(RESOURCES, st.lists(FILTERS, min_size=1, max_size=4))
def test_expressions_mean_what_their_parts_mean(
    known: Any, resource: str, filters: list[dict[str, Any]]
) -> None:
    filters = [each for each in filters if each.get("Operator") != "Contains"]
    parts = [found(known, resource, SearchExpression={"Filters": [each]}) for each in filters]
    sets = [part for part in parts if part is not None]
    if not parts or len(sets) < len(parts):
        return
    for operator, expected in (("And", set.intersection(*sets)), ("Or", set.union(*sets))):
        expression = {"Filters": filters, "Operator": operator}
        assert found(known, resource, SearchExpression=expression) == expected
        inner = [{"Filters": [each]} for each in filters]
        expression = {"SubExpressions": inner, "Operator": operator}
        assert found(known, resource, SearchExpression=expression) == expected


@THOROUGH
@given(RESOURCES, PROPERTIES, VALUES)
def test_a_negation_finds_all_others(known: Any, resource: str, name: str, value: str) -> None:
    everything = found(known, resource)
    for operator in ("Equals", "Exists"):
        given = {"Name": name, "Value": value}
        positive = found(known, resource, SearchExpression={"Filters": [given | {"Operator": operator}]})
        negative = found(
            known,
            resource,
            SearchExpression={"Filters": [given | {"Operator": operator.replace("E", "NotE")}]},
        )
        if positive is None:
            assert negative is None
        else:
            assert negative == (everything or set()) - positive

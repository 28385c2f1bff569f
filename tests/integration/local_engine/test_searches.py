"""Search, held against what the operations answer: each property of botocore's model, with each value that there is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

from airflow_hpt_provider.local.db.queries import load
from airflow_hpt_provider.local.db.search_expressions import members
from airflow_hpt_provider.local.operations.search_api.operation import RESOURCES
from tests.integration.local_engine import searched_jobs
from tests.integration.local_engine.test_responses import conforms

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration
MODEL = botocore.session.get_session().get_service_model("sagemaker")
NUMBERS = {"integer", "long", "float", "double"}
SKIPPED = {"ConsumedResources.RuntimeInSeconds"}
"""It grows while a job runs."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service with jobs of every sort."""
    service = searched_jobs.make(tmp_path_factory.mktemp("search"))
    yield service
    service.close()


def everything(service: Any, resource: str) -> list[dict[str, Any]]:
    answer = service.call("Search", Resource=resource, MaxResults=100)
    conforms("Search", only_known(answer, MODEL.operation_model("Search").output_shape))
    assert answer["TotalHits"] == {"Value": len(answer["Results"]), "Relation": "EqualTo"}
    shape = MODEL.shape_for(RESOURCES[resource][0].shape)
    return [only_known(each[resource], shape) for each in answer["Results"]]


def only_known(value: Any, shape: Any) -> Any:
    """Without what is not of the shape, which is left out on the wire."""
    if shape.type_name == "structure":
        return {n: only_known(v, shape.members[n]) for n, v in value.items() if n in shape.members}
    if shape.type_name == "list":
        return [only_known(each, shape.member) for each in value]
    return value


def leaves(value: Any, shape: Any, name: str = "") -> Iterator[tuple[str, str, Any]]:
    """(property, type, value) of all that is in an answer."""
    dot = f"{name}." if name else ""
    if shape.type_name == "structure":
        for member, inner in value.items():
            yield from leaves(inner, shape.members[member], dot + member)
    elif shape.type_name == "list":
        for each in value:
            yield from leaves(each, shape.member, name)
    elif shape.type_name == "map":
        for key, each in value.items():
            yield f"{dot}{key}", "hyperparameter" if shape.name == "HyperParameters" else "string", each
    else:
        yield name, shape.type_name, value


def names_in_model(shape: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(property, type) of all that the model has, but the keys of maps."""
    if shape.type_name == "structure":
        for member, inner in shape.members.items():
            yield from names_in_model(inner, f"{name}.{member}" if name else member)
    elif shape.type_name == "list":
        yield from names_in_model(shape.member, name)
    elif shape.type_name != "map":
        yield name, shape.type_name


def text(value: Any, kind: str) -> str:
    if kind == "timestamp":
        rounded = datetime.fromtimestamp(round(value.timestamp(), 3), UTC)  # as on the wire
        return rounded.isoformat(timespec="milliseconds")
    return str(value).lower() if kind == "boolean" else str(value)


def found(service: Any, resource: str, **filters: Any) -> set[str]:
    answer = service.call(
        "Search", Resource=resource, MaxResults=100, SearchExpression={"Filters": [filters]}
    )
    return {each[resource][f"{resource}Name"] for each in answer["Results"]}


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_value_of_every_property_is_found(known: Any, resource: str) -> None:
    shape = MODEL.shape_for(RESOURCES[resource][0].shape)
    having: dict[tuple[str, str], dict[str, set[str]]] = {}
    jobs = everything(known, resource)
    for job in jobs:
        for name, kind, value in leaves(job, shape):
            if name.startswith("Tags."):
                continue
            values = having.setdefault((name, kind), {})
            values.setdefault(text(value, kind), set()).add(job[f"{resource}Name"])
    assert len(having) > 40
    all_jobs = {job[f"{resource}Name"] for job in jobs}
    checked = 0
    for (name, kind), values in having.items():
        present = set().union(*values.values())
        assert found(known, resource, Name=name, Operator="Exists") == present, name
        assert found(known, resource, Name=name, Operator="NotExists") == all_jobs - present, name
        if name in SKIPPED:
            continue
        for value, expected in values.items():
            if not 1 <= len(value) <= 1024 or (kind == "hyperparameter" and value.isdigit()):
                continue
            got = found(known, resource, Name=name, Operator="Equals", Value=value)
            assert got == expected, (name, value)
            got = found(known, resource, Name=name, Operator="NotEquals", Value=value)
            assert got == all_jobs - expected, (name, value)
            checked += 1
    assert checked > 60
    for name, _kind in names_in_model(shape):
        if not name.startswith("Tags.") and name not in {n for n, _ in having}:
            assert found(known, resource, Name=name, Operator="Exists") == set(), name


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_single_property_can_be_sorted_by(known: Any, resource: str) -> None:
    shape = MODEL.shape_for(RESOURCES[resource][0].shape)
    jobs = everything(known, resource)
    sorted_by = 0
    for name, kind in names_in_model(shape):
        if name.startswith("Tags."):
            continue
        column: dict[str, Any] = {}
        for job in jobs:
            values = [v for n, _, v in leaves(job, shape) if n == name]
            column[job[f"{resource}Name"]] = values[0] if values else None
        if RESOURCES[resource][0].property(name).scalar is None or name in SKIPPED:
            continue
        for order in ("Ascending", "Descending"):
            listed = [
                column[each[resource][f"{resource}Name"]]
                for each in known.call(
                    "Search", Resource=resource, MaxResults=100, SortBy=name, SortOrder=order
                )["Results"]
            ]
            values = [value for value in listed if value is not None]
            assert listed == values + [None] * (len(listed) - len(values)), name
            assert values == sorted(values, reverse=order == "Descending"), (name, kind, order)
            sorted_by += bool(values)
    assert sorted_by > 30


def test_tags_and_metrics(known: Any) -> None:
    job = "TrainingJob"
    assert found(known, job, Name="Tags.a.b", Value="1") == {"alone"}
    assert found(known, job, Name="Tags.team", Value="ü") == {"alone"}
    assert found(known, "HyperParameterTuningJob", Name="Tags.team") == {"First", "running"}
    with_loss = {
        each["TrainingJobName"]: each["FinalMetricDataList"][0]["Value"]
        for each in everything(known, job)
        if "FinalMetricDataList" in each
    }
    assert found(known, job, Name="Metrics.loss") == set(with_loss)
    low = {name for name, value in with_loss.items() if value < 1}
    assert low
    assert low != set(with_loss)
    assert found(known, job, Name="Metrics.loss", Operator="LessThan", Value="1") == low


def test_a_key_of_hyperparameters_may_be_any_text(known: Any) -> None:
    assert found(known, "TrainingJob", Name='HyperParameters.odd".key', Value="Ü") == {"loose"}


def test_what_runs_is_found_too(known: Any) -> None:
    running = found(
        known,
        "HyperParameterTuningJob",
        Name="ConsumedResources.RuntimeInSeconds",
        Operator="GreaterThanOrEqualTo",
        Value="0",
    )
    assert "running" in running
    assert len(running) == 5


@pytest.mark.parametrize("file", ["training_job_members", "tuning_job_members"])
def test_every_expression_is_valid_sql(known: Any, file: str) -> None:
    own = members(file)
    with known.engine.database.snapshot() as connection:
        for name in load(file):
            if name in ("rows", "described", "trained"):
                continue
            expression = own.keyed(name, "x") if name in ("Tag", "Metrics") else own[name].value
            statement = f"SELECT {expression.text} FROM {own.rows.text}"
            assert len(connection.execute(statement, expression.values).fetchall()) >= 5, name

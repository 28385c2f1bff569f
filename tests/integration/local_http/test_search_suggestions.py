"""GetSearchSuggestions: names of properties that begin with a hint, with plain boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def client(searched_service: Service) -> Any:
    return searched_service.client("sagemaker")


def suggested(client: Any, hint: str | None = None, resource: str = "TrainingJob") -> list[str]:
    query = {} if hint is None else {"SuggestionQuery": {"PropertyNameQuery": {"PropertyNameHint": hint}}}
    found = client.get_search_suggestions(Resource=resource, **query)["PropertyNameSuggestions"]
    return [each["PropertyName"] for each in found]


@pytest.mark.parametrize(
    ("resource", "hint", "expected"),
    [
        ("TrainingJob", "HyperParameters.e", ["HyperParameters.epochs"]),
        ("TrainingJob", "HyperParameters.sage",
         ["HyperParameters.sagemaker_program", "HyperParameters.sagemaker_submit_directory"]),
        ("TrainingJob", "Metrics.", ["Metrics.ObjectiveMetric", "Metrics.loss", "Metrics.val:acc"]),
        ("TrainingJob", "Tags.", ["Tags.Project", "Tags.Team.Name"]),
        ("TrainingJob", "Tags.Team.N", ["Tags.Team.Name"]),
        ("TrainingJob", "TrainingJob", ["TrainingJobArn", "TrainingJobName", "TrainingJobStatus"]),
        ("TrainingJob", "InputDataConfig.Ch", ["InputDataConfig.ChannelName"]),
        ("TrainingJob", "hyper", []),
        ("TrainingJob", "Tags.Project.x", []),
        ("TrainingJob", "x" * 100, []),
        ("HyperParameterTuningJob", "Tags", ["Tags", "Tags.Project"]),
        ("HyperParameterTuningJob", "Metrics", []),
        ("HyperParameterTuningJob", "BestTrainingJob.TunedHyperParameters.",
         ["BestTrainingJob.TunedHyperParameters.x"]),
        ("HyperParameterTuningJob", "TrainingJobDefinition.StaticHyperParameters.sagemaker_p",
         ["TrainingJobDefinition.StaticHyperParameters.sagemaker_program"]),
    ],
)  # fmt: skip
def test_hints(client: Any, resource: str, hint: str, expected: list[str]) -> None:
    assert suggested(client, hint, resource) == expected


@pytest.mark.parametrize("resource", ["TrainingJob", "HyperParameterTuningJob"])
def test_without_a_hint_all_that_a_search_takes(client: Any, resource: str) -> None:
    every = suggested(client, resource=resource)
    assert every == sorted(set(every)) == suggested(client, "", resource)
    assert f"{resource}Name" in every
    # Twenty at a time: a search takes no more.
    for first in range(0, len(every), 20):
        filters = [{"Name": name, "Operator": "Exists"} for name in every[first : first + 20]]
        client.search(Resource=resource, SearchExpression={"Filters": filters, "Operator": "Or"})


def test_what_is_not_within_the_model_is_refused(searched_service: Service) -> None:
    client = searched_service.client("sagemaker", Config(parameter_validation=False))
    for given, said in (
        ({"Resource": "Nothing"}, "enum value set"),
        ({}, "must not be null"),
        ({"Resource": "TrainingJob", "SuggestionQuery": {"PropertyNameQuery": {}}}, "must not be null"),
        (
            {
                "Resource": "TrainingJob",
                "SuggestionQuery": {"PropertyNameQuery": {"PropertyNameHint": "x" * 101}},
            },
            "less than or equal to 100",
        ),
    ):
        with pytest.raises(ClientError) as refused:
            client.get_search_suggestions(**given)
        assert refused.value.response["Error"]["Code"] == "ValidationException"
        assert said in refused.value.response["Error"]["Message"]


def test_those_of_other_resources_are_motos(client: Any) -> None:
    """Which has none, and says so."""
    with pytest.raises(ClientError) as refused:
        suggested(client, "Name", "Model")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500, refused.value

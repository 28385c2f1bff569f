"""Configs that come through XCom or out of a template, and errors that name what they are about."""

import json

import pytest
from airflow.sdk import DAG
from airflow.sdk.serde import deserialize, serialize

from airflow_hpt_provider.config.loading import load, validate
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models import Categorical, Continuous, Integer
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

DEFINITION = {
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1",
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+.0-9e]+)"}],
    },
    "OutputDataConfig": {"S3OutputPath": "s3://tuning-tests/models"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    "RoleArn": "arn:aws:iam::123456789012:role/tuning",
}
SHORTHANDS = {
    "rate": Continuous(1e-4, 0.1, log=True),
    "share": Continuous("0.5", 0.99, reverse_log=True),
    "depth": Integer(2, 10),
    "width": Integer(1, 512, log=True),
    "kind": Categorical(["a", 1, True]),
}


def config_with(ranges):
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": ranges,
        },
        "TrainingJobDefinition": DEFINITION,
    }


def through_xcom(value):
    return deserialize(json.loads(json.dumps(serialize(value))))


def through_json(value):
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("way", [through_xcom, through_json])
def test_shorthands_survive_the_way_from_task_to_task(way):
    config = config_with(SHORTHANDS)
    sent = way(config)
    assert type(sent["HyperParameterTuningJobConfig"]["ParameterRanges"]["rate"]) in (tuple, list)
    assert validate(sent) == validate(config)
    ranges = validate(sent).to_dict()["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert [each["Name"] for each in ranges["ContinuousParameterRanges"]] == ["rate", "share"]


@pytest.mark.parametrize(
    "value", [[1, 10], [1, 2, 3], ["a", "b"], [1, 2, 3, 4], [True, False, True], "x", [[1], [2]]]
)
def test_what_is_no_shorthand_is_still_refused(value):
    with pytest.raises(TuningJobConfigError, match=r"ParameterRanges.depth: .*Continuous\(...\)"):
        validate(config_with({"depth": value}))


@pytest.mark.parametrize(
    ("place", "template"),
    [
        ("config", "{{ params.config }}"),
        ("TrainingJobDefinition", "{{ params.config.TrainingJobDefinition }}"),
        ("Tags", "{{ params.tags }}"),
    ],
)
def test_a_template_that_gives_a_structure_without_tojson_says_what_to_do(place, template):
    config = config_with({"x": Continuous(0, 1)})
    context = {"params": {"config": config, "tags": [{"Key": "a", "Value": "b"}]}}

    def request(text):
        given = text if place == "config" else {**config, place: text}
        with DAG("d", schedule=None):
            task = HyperParameterTuningJobOperator(task_id="t", config=given)
        task.render_template_fields(context)
        return validate(*load(task, task.config, context))

    with pytest.raises(TuningJobConfigError, match=r"add the filter: \{\{ ... \| tojson \}\}"):
        request(template)
    tags = context["params"]["tags"] if place == "Tags" else None
    assert request(template.replace(" }}", " | tojson }}")) == validate({**config, "Tags": tags})


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ({"IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "x"}]}, "hyperparameter 'depth'"),
        ({"integer_parameter_ranges": [{"name": "depth", "min_value": 1}]}, "hyperparameter 'depth'"),
        ('{"ContinuousParameterRanges": [{"Name": "a", "MinValue": "1", "X": 1}]}', "hyperparameter 'a'"),
        ({"rate": Continuous(0, "x")}, "hyperparameter 'rate'"),
        ({"rate": Continuous(0, 1, log=True)}, "'rate'"),
        ({"kind": Categorical([])}, "hyperparameter 'kind'"),
        ({"CategoricalParameterRanges": [{"Name": "c", "Values": [None]}]}, "hyperparameter 'c'"),
        ({"AutoParameters": [{"Name": "auto"}]}, "hyperparameter 'auto'"),
    ],
)  # fmt: skip
def test_every_problem_in_a_range_names_its_hyperparameter(ranges, words):
    with pytest.raises(TuningJobConfigError) as caught:
        validate(config_with(ranges))
    problems = str(caught.value).splitlines()[1:]
    assert problems
    assert all(words in problem for problem in problems), problems


def test_problems_in_definitions_and_channels_name_them():
    channel = {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "x"}},
    }
    definition = {**DEFINITION, "DefinitionName": "linear", "InputDataConfig": [channel], "RoleArn": "x"}
    config = config_with({"x": Continuous(0, 1)})
    del config["TrainingJobDefinition"]
    config["TrainingJobDefinitions"] = [definition]
    with pytest.raises(TuningJobConfigError) as caught:
        validate(config)
    message = str(caught.value)
    assert "S3Uri: 'x' is not" in message
    assert "(channel 'train' of definition 'linear')" in message
    role = next(line for line in message.splitlines() if "RoleArn" in line)
    assert role.endswith("(definition 'linear')")

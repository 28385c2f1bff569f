"""What a request takes, what it makes of it, and what boto3 gets."""

import copy
import datetime as dt
import json
import pickle
from decimal import Decimal

import boto3
import numpy as np
import pytest
from botocore.stub import ANY, Stubber
from pydantic import ValidationError

from airflow_hpt_provider.models import (
    Categorical,
    Continuous,
    Integer,
    StrategyType,
    TuningJobRequest,
    check_request,
    explain,
)
from airflow_hpt_provider.models.validation.text import as_text


def read(config):
    return TuningJobRequest.model_validate(config)


def test_aws_names_go_in_and_out_unchanged(config):
    assert read(config).to_aws() == config


def test_boto3_takes_what_to_aws_gives(config):
    client = boto3.client(
        "sagemaker", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as stubber:
        arn = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/demo-1"
        stubber.add_response(
            "create_hyper_parameter_tuning_job",
            {"HyperParameterTuningJobArn": arn},
            dict.fromkeys(config, ANY),
        )
        assert (
            client.create_hyper_parameter_tuning_job(**read(config).to_aws())["HyperParameterTuningJobArn"]
            == arn
        )


def snake(value):
    from botocore import xform_name

    if isinstance(value, dict):
        kept = {"StaticHyperParameters", "Environment"}
        return {xform_name(key): each if key in kept else snake(each) for key, each in value.items()}
    return [snake(each) for each in value] if isinstance(value, list) else value


def test_pythons_names_are_taken(config):
    assert read(snake(config)).to_aws() == config


def test_members_can_be_models(config):
    request = read(config)
    again = TuningJobRequest(
        hyper_parameter_tuning_job_name="demo-1",
        hyper_parameter_tuning_job_config=request.hyper_parameter_tuning_job_config,
        training_job_definition=request.training_job_definition,
        tags=request.tags,
    )
    assert again == request


def test_text_becomes_numbers_and_booleans_everywhere(config):
    search, job = config["HyperParameterTuningJobConfig"], config["TrainingJobDefinition"]
    search["ResourceLimits"] = {
        "MaxNumberOfTrainingJobs": " 10 ",
        "MaxParallelTrainingJobs": "2.0",
        "MaxRuntimeInSeconds": 3600.0,
    }
    search["TuningJobCompletionCriteria"] = {"TargetObjectiveMetricValue": "0.5"}
    search["RandomSeed"] = "7"
    job["EnableNetworkIsolation"] = "True"
    job["EnableManagedSpotTraining"] = "false"
    job["ResourceConfig"]["VolumeSizeInGB"] = "10"
    job["RetryStrategy"] = {"MaximumRetryAttempts": "3"}
    request = read(config).to_aws()
    search, job = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    assert search["ResourceLimits"] == {
        "MaxNumberOfTrainingJobs": 10,
        "MaxParallelTrainingJobs": 2,
        "MaxRuntimeInSeconds": 3600,
    }
    assert search["TuningJobCompletionCriteria"] == {"TargetObjectiveMetricValue": 0.5}
    assert search["RandomSeed"] == 7
    assert job["EnableNetworkIsolation"] is True
    assert job["EnableManagedSpotTraining"] is False
    assert job["ResourceConfig"]["VolumeSizeInGB"] == 10
    assert job["RetryStrategy"] == {"MaximumRetryAttempts": 3}


@pytest.mark.parametrize(
    "value", ["ten", "1.5", "", "0x10", True, None, [1], "{{ params.n }}", float("nan"), "9" * 40, "\u0661"]
)
def test_no_whole_number(config, value):
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = value
    with pytest.raises(ValidationError) as caught:
        read(config)
    assert "ResourceLimits.MaxParallelTrainingJobs: " in explain(caught.value)


@pytest.mark.parametrize("value", ["yes", 1, "1", "", 0.0])
def test_no_boolean(config, value):
    config["TrainingJobDefinition"]["EnableNetworkIsolation"] = value
    with pytest.raises(ValidationError, match="must be true or false"):
        read(config)


@pytest.mark.parametrize("value", ["x", True, "nan", "inf", [0.5], "1_0", "\u0661"])
def test_no_number(config, value):
    config["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"] = {
        "TargetObjectiveMetricValue": value
    }
    with pytest.raises(ValidationError, match="number"):
        read(config)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (0.1, "0.1"),
        (1e-5, "1e-05"),
        (True, "true"),
        (False, "false"),
        ("True", "True"),
        ('"512"', '"512"'),
        ("", ""),
        ([1, "a"], '[1, "a"]'),
        ({"a": None}, '{"a": null}'),
        (Decimal("0.10"), "0.10"),
        (np.float64(0.1), "0.1"),
        (np.int64(7), "7"),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (StrategyType.GRID, "Grid"),
    ],
)
def test_hyperparameters_become_text(config, value, text):
    config["TrainingJobDefinition"]["StaticHyperParameters"] = {"x": value}
    config["TrainingJobDefinition"]["Environment"] = {"X": value}
    job = read(config).to_aws()["TrainingJobDefinition"]
    assert job["StaticHyperParameters"] == {"x": text}
    assert job["Environment"] == {"X": text}
    assert type(job["StaticHyperParameters"]["x"]) is str


@pytest.mark.parametrize("value", [None, object(), b"x", {1, 2}])
def test_what_has_no_text(config, value):
    config["TrainingJobDefinition"]["StaticHyperParameters"] = {"x": value}
    with pytest.raises(ValidationError, match=r"StaticHyperParameters\.x\s+must be a string"):
        read(config)
    assert as_text(value, structures=True) is None


def test_ranges_take_numbers(config):
    ranges = config["HyperParameterTuningJobConfig"]["ParameterRanges"]
    ranges["ContinuousParameterRanges"][0] |= {"MinValue": 0.0001, "MaxValue": 0.1}
    ranges["IntegerParameterRanges"][0] |= {"MinValue": 2, "MaxValue": 10}
    ranges["CategoricalParameterRanges"][0]["Values"] = (1, 0.5, True, "x")
    made = read(config).to_aws()["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert made["ContinuousParameterRanges"][0]["MinValue"] == "0.0001"
    assert made["IntegerParameterRanges"][0]["MaxValue"] == "10"
    assert made["CategoricalParameterRanges"][0]["Values"] == ["1", "0.5", "true", "x"]


def test_yamls_bare_off_is_the_word(config):
    config["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] = False
    made = read(config).to_aws()
    assert made["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] == "Off"


def test_words_are_plain_strings(config):
    config["HyperParameterTuningJobConfig"]["Strategy"] = StrategyType.RANDOM
    made = read(config).to_aws()["HyperParameterTuningJobConfig"]["Strategy"]
    assert (made, type(made)) == ("Random", str)


@pytest.mark.parametrize("word", ["bayesian", "BAYESIAN", "Bayes", "", 5])
def test_words_are_checked(config, word):
    config["HyperParameterTuningJobConfig"]["Strategy"] = word
    with pytest.raises(ValidationError, match="must be one of Bayesian, Random, Hyperband, Grid"):
        read(config)


def test_json_text_of_a_template_is_read(config):
    job = config["TrainingJobDefinition"]
    expected = read(config)
    job["StaticHyperParameters"] = json.dumps(job["StaticHyperParameters"])
    job["AlgorithmSpecification"]["MetricDefinitions"] = json.dumps(
        job["AlgorithmSpecification"]["MetricDefinitions"]
    )
    config["TrainingJobDefinition"] = json.dumps(job)
    assert read(config) == expected


def test_none_is_not_given(config):
    config["WarmStartConfig"] = None
    config["TrainingJobDefinition"]["VpcConfig"] = None
    made = read(config).to_aws()
    assert "WarmStartConfig" not in made
    assert "VpcConfig" not in made["TrainingJobDefinition"]


# Shorthands


def test_shorthands_as_parameter_ranges(config):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
        "rate": Continuous(1e-4, 1e-1, log=True),
        "momentum": Continuous(0, 0.999, reverse_log=True),
        "dropout": Continuous(0, 0.5),
        "depth": Integer(2, 10),
        "width": Integer("16", "512", log="true"),
        "booster": Categorical(["gbtree", "dart"]),
    }
    assert read(config).to_aws()["HyperParameterTuningJobConfig"]["ParameterRanges"] == {
        "ContinuousParameterRanges": [
            {"Name": "rate", "MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"},
            {"Name": "momentum", "MinValue": "0", "MaxValue": "0.999", "ScalingType": "ReverseLogarithmic"},
            {"Name": "dropout", "MinValue": "0", "MaxValue": "0.5"},
        ],
        "IntegerParameterRanges": [
            {"Name": "depth", "MinValue": "2", "MaxValue": "10"},
            {"Name": "width", "MinValue": "16", "MaxValue": "512", "ScalingType": "Logarithmic"},
        ],
        "CategoricalParameterRanges": [{"Name": "booster", "Values": ["gbtree", "dart"]}],
    }


@pytest.mark.parametrize("member", ["IntegerParameterRanges", "integer_parameter_ranges"])
def test_shorthands_next_to_written_ranges(config, member):
    written = [{"Name": "depth", "MinValue": "2", "MaxValue": "10"}]
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {member: written, "width": Integer(16, 512)}
    made = read(config).to_aws()["HyperParameterTuningJobConfig"]["ParameterRanges"]["IntegerParameterRanges"]
    assert [each["Name"] for each in made] == ["depth", "width"]
    assert len(written) == 1, "the config of the caller is left alone"


@pytest.mark.parametrize(
    "beside", [None, '[{"Name": "depth", "MinValue": "2", "MaxValue": "10"}]'], ids=["nothing", "JSON text"]
)
def test_shorthands_next_to_what_a_template_leaves(config, beside):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
        "IntegerParameterRanges": beside,
        "width": Integer(16, 512),
    }
    made = read(config).to_aws()["HyperParameterTuningJobConfig"]["ParameterRanges"]["IntegerParameterRanges"]
    assert [each["Name"] for each in made] == (["depth", "width"] if beside else ["width"])


@pytest.mark.parametrize("beside", [5, "depth", {"Name": "depth", "MinValue": "2", "MaxValue": "10"}])
def test_shorthands_next_to_what_is_no_list(config, beside):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
        "IntegerParameterRanges": beside,
        "width": Integer(16, 512),
    }
    with pytest.raises(ValidationError) as caught:
        read(config)
    [line] = explain(caught.value).splitlines()
    assert "ParameterRanges.IntegerParameterRanges: must be a list" in line


def test_shorthand_errors_name_the_range(config):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {"rate": Continuous(0, 1, log=True)}
    with pytest.raises(ValidationError) as caught:
        read(config)
    assert "ContinuousParameterRanges[0].ScalingType: needs a range above 0" in explain(caught.value)


def test_shorthand_with_two_scales(config):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {"rate": Continuous(0.1, 0.5, True, True)}
    with pytest.raises(ValidationError) as caught:
        read(config)
    assert "'rate' has both log and reverse_log; give one" in explain(caught.value)


@pytest.mark.parametrize("option", ["log", "reverse_log"])
def test_shorthand_whose_scale_is_neither_true_nor_false(config, option):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
        "rate": Continuous(0.1, 0.5, **{option: "maybe"})
    }
    with pytest.raises(ValidationError) as caught:
        read(config)
    assert explain(caught.value) == (
        f"HyperParameterTuningJobConfig.ParameterRanges: {option} of hyperparameter 'rate' must be true or false, "
        "not 'maybe'"
    )


@pytest.mark.parametrize("shorthand", [Continuous(0.1, 0.5, True, True), Continuous(0.1, 0.5, "maybe")])
def test_a_wrong_shorthand_hides_no_other_problem(config, shorthand):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {"rate": shorthand}
    config["Tags"] = [{"Key": "aws:mine", "Value": ""}]
    with pytest.raises(ValidationError) as caught:
        read(config)
    assert [line.partition(":")[0] for line in explain(caught.value).splitlines()] == [
        "HyperParameterTuningJobConfig.ParameterRanges",
        "Tags[0].Key",
    ]
    assert [problem.field for problem in check_request(config)] == ["Tags[0].Key"]


def test_shorthands_in_definitions(several):
    several["TrainingJobDefinitions"][0]["HyperParameterRanges"] = {"rate": Continuous(0.1, 0.5)}
    assert read(several)


def test_shorthands_look_as_they_are_written():
    assert repr(Continuous(1e-4, 1e-1, log=True)) == "Continuous(0.0001, 0.1, log=True)"
    assert repr(Continuous(0, 0.9, reverse_log=True)) == "Continuous(0, 0.9, reverse_log=True)"
    assert repr(Integer(2, 10)) == "Integer(2, 10)"
    assert repr(Categorical(["a", 1])) == "Categorical(['a', 1])"


def test_shorthands_are_rendered_by_airflow_without_being_changed():
    from airflow.sdk import BaseOperator

    templater = BaseOperator(task_id="tune")
    original = {"depth": Integer(2, "{{ most }}"), "booster": Categorical(["{{ most }}", "x"])}
    rendered = templater.render_template(original, {"most": 7})
    assert rendered == {"depth": Integer(2, "7"), "booster": Categorical(["7", "x"])}
    assert isinstance(rendered["depth"], Integer)
    assert original["depth"] == Integer(2, "{{ most }}")


# Names, tags, values


def test_name_may_be_missing_until_it_is_needed(config):
    del config["HyperParameterTuningJobName"]
    request = read(config)
    assert request.hyper_parameter_tuning_job_name is None
    with pytest.raises(ValueError, match="HyperParameterTuningJobName is missing; add it"):
        request.to_aws()
    named = request.with_name("demo-2")
    assert named.to_aws() == {**config, "HyperParameterTuningJobName": "demo-2"}
    assert request.hyper_parameter_tuning_job_name is None


@pytest.mark.parametrize("name", ["", "x" * 33, "-x", "x-", "a_b", "ä"])
def test_names_are_checked(config, name):
    with pytest.raises(ValidationError) as caught:
        read(config).with_name(name)
    assert explain(caught.value).startswith("HyperParameterTuningJobName: ")


def test_tags_are_added_and_replaced(config):
    request = read(config).with_tags({"owner": "a", "team": "b"}).with_tags([{"Key": "owner", "Value": "c"}])
    assert request.to_aws()["Tags"] == [{"Key": "team", "Value": "b"}, {"Key": "owner", "Value": "c"}]
    assert read(config).tags != request.tags


def test_too_many_tags(config):
    with pytest.raises(ValidationError, match="at most 50 elements, not 51"):
        read(config).with_tags({f"k{i}": "" for i in range(50)})


def test_requests_are_values(config):
    request = read(config)
    with pytest.raises(ValidationError, match="frozen"):
        request.hyper_parameter_tuning_job_name = "other"
    assert pickle.loads(pickle.dumps(request)) == request
    assert copy.deepcopy(request) == request
    assert TuningJobRequest.model_validate_json(request.model_dump_json()) == request
    assert TuningJobRequest.model_validate(request) is request


def test_json_schema_for_forms_and_editors():
    schema = TuningJobRequest.model_json_schema()
    limits = schema["$defs"]["ResourceLimits"]["properties"]
    assert limits["MaxParallelTrainingJobs"] == {
        "type": "integer",
        "minimum": 1,
        "title": limits["MaxParallelTrainingJobs"]["title"],
        "description": "Most training jobs at one time.",
    }
    config = schema["$defs"]["HyperParameterTuningJobConfig"]
    assert config["properties"]["Strategy"]["enum"] == ["Bayesian", "Random", "Hyperband", "Grid"]
    assert config["required"] == ["Strategy", "ResourceLimits"]
    name = schema["properties"]["HyperParameterTuningJobName"]["anyOf"][0]
    assert (name["minLength"], name["maxLength"]) == (1, 32)
    parents = schema["$defs"]["HyperParameterTuningJobWarmStartConfig"]["properties"][
        "ParentHyperParameterTuningJobs"
    ]
    assert (parents["minItems"], parents["maxItems"]) == (1, 5)


# Fingerprint


def test_fingerprint_is_the_same_however_the_request_is_written(config):
    expected = read(config).fingerprint()
    assert len(expected) == 64
    other = snake(config)
    other["hyper_parameter_tuning_job_config"]["resource_limits"]["max_number_of_training_jobs"] = "12"
    ranges = other["hyper_parameter_tuning_job_config"]["parameter_ranges"]
    ranges["continuous_parameter_ranges"][0]["min_value"] = 1e-4
    ranges["integer_parameter_ranges"][0] = {
        "max_value": 10,
        "min_value": "2.0".removesuffix(".0"),
        "name": "depth",
    }
    other["training_job_definition"]["static_hyper_parameters"] = {"epochs": 3}
    assert read(other).fingerprint() == expected
    assert read(config).with_name("other").with_tags({"x": "y"}).fingerprint() == expected
    assert read(dict(reversed(config.items()))).fingerprint() == expected
    assert read({**config, "WarmStartConfig": None, "Tags": []}).fingerprint() == expected


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("StaticHyperParameters", {"epochs": "4"}),
        ("Environment", {"A": "1"}),
        ("EnableNetworkIsolation", True),
    ],
)
def test_fingerprint_tells_different_jobs_apart(config, member, value):
    other = copy.deepcopy(config)
    other["TrainingJobDefinition"][member] = value
    assert read(other).fingerprint() != read(config).fingerprint()


def test_fingerprint_does_not_change_between_releases(config):
    """Jobs in flight carry it as a tag; if this must change, ownership must distinguish old from new."""
    assert read(config).fingerprint() == "001534d9edd44bc75d35273da89d912dabc2ca1570197dbbbb5378698bfeb6d2"

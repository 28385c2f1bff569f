"""All errors of a request together, each with its place in AWS's names, value and remedy."""

import copy
import json
import logging

import pytest
from pydantic import ValidationError

from airflow_hpt_provider.models import TuningJobRequest, check_request, explain
from airflow_hpt_provider.models.training import HyperParameterTrainingJobDefinition


def errors_of(config):
    with pytest.raises(ValidationError) as caught:
        TuningJobRequest.model_validate(config)
    return caught.value


def test_all_errors_come_together(config):
    search, job = config["HyperParameterTuningJobConfig"], config["TrainingJobDefinition"]
    search["Stratgy"] = search.pop("Strategy")
    search["ResourceLimits"]["MaxParallelTrainingJobs"] = "two"
    search["ParameterRanges"]["ContinuousParameterRanges"][0]["MinValue"] = 0
    search["ParameterRanges"]["IntegerParameterRanges"][0]["MaxValue"] = "9.5"
    job["RoleArn"] = "arn:aws:iam::1234:role/tune"
    job["ResourceConfig"]["InstanceType"] = "ml.m5.lagre"
    job["EnableManagedSpotTraining"] = "true"
    job["StaticHyperParameters"]["rate"] = 1
    del job["OutputDataConfig"]
    config["Tags"].append({"Key": "team", "Value": "x"})
    assert explain(errors_of(config)).splitlines() == [
        "HyperParameterTuningJobConfig.Stratgy: Unknown member 'Stratgy'; did you mean 'Strategy'?",
        "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs: must be a whole number, not 'two'; "
        "give it as 10 or '10'",
        "TrainingJobDefinition.RoleArn: 'arn:aws:iam::1234:role/tune' is not of the form "
        "arn:aws:iam::123456789012:role/NAME; change it to match",
        "TrainingJobDefinition.OutputDataConfig: is required; add it",
        "TrainingJobDefinition.ResourceConfig.InstanceType: must be one of 225 known values, not 'ml.m5.lagre'; "
        "did you mean 'ml.m5.large'? (a type newer than this release needs an upgrade of this package)",
        "HyperParameterTuningJobConfig.ParameterRanges.IntegerParameterRanges[0].MaxValue: is not a whole number "
        "(given: '9.5'); use ContinuousParameterRanges for fractions (hyperparameter 'depth')",
        "HyperParameterTuningJobConfig.ParameterRanges.ContinuousParameterRanges[0].ScalingType: needs a range above "
        "0, not 0 to 0.1 (given: 'Logarithmic'); raise MinValue of 'rate' above 0 or use Linear",
        "HyperParameterTuningJobConfig.ParameterRanges.ContinuousParameterRanges[0].Name: is both searched and static "
        "(given: 'rate'); remove its range, or remove it from StaticHyperParameters",
        "TrainingJobDefinition.StoppingCondition.MaxWaitTimeInSeconds: is required with EnableManagedSpotTraining; "
        "give the longest time for run and wait together, not below MaxRuntimeInSeconds",
        "Tags[1].Key: is given twice (given: 'team'); keep one tag with this key",
    ]


@pytest.mark.parametrize("end", ["\r", "\x0b", "\x85", "\u2028", "\x1b[2K"])
def test_a_maps_key_cannot_forge_a_line(config, end):
    """It may come from any user who triggers a run, and appears in the task's log."""
    name = f"x{end}TrainingJobDefinition: all is well"
    config["TrainingJobDefinition"]["StaticHyperParameters"][name] = "x" * 2501
    for line in explain(errors_of(config)).splitlines():
        assert line.isprintable()
        assert line.startswith("TrainingJobDefinition.StaticHyperParameters.x\\")


def test_what_is_misspelt_is_not_missed(config):
    config["TrainingJobDefintion"] = config.pop("TrainingJobDefinition")
    assert explain(errors_of(config)) == (
        "TrainingJobDefintion: Unknown member 'TrainingJobDefintion'; did you mean 'TrainingJobDefinition'?"
    )


def test_a_range_that_is_written_neither_way_gets_both_remedies(config):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = {"rate": {"MinValue": "0", "MaxValue": "1"}}
    first = explain(errors_of(config)).splitlines()[0]
    assert first.startswith(
        "HyperParameterTuningJobConfig.ParameterRanges.rate: Unknown member 'rate'; give its range"
    )
    assert "Continuous(...)" in first


def test_a_template_of_something_empty_is_suspected(config):
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = "None"
    assert "give it as 10 or '10' (a template of something empty?)" in explain(errors_of(config))


def test_what_cannot_be_read_is_not_said_to_be_missing(config):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = "none"
    config["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"][0]["Name"] = ""
    lines = explain(errors_of(config)).splitlines()
    assert len(lines) == 2
    assert "ParameterRanges: must be a structure" in lines[0]
    assert "MetricDefinitions[0].Name: must have 1 to 255 characters" in lines[1]


def test_check_request_reports_the_rules_alone(config):
    config["HyperParameterTuningJobConfig"]["ParameterRanges"] = "none"
    config["TrainingJobDefinition"]["RoleArn"] = "x"
    config["TrainingJobDefinition"]["EnableManagedSpotTraining"] = True
    [problem] = check_request(config)
    assert problem.field == "TrainingJobDefinition.StoppingCondition.MaxWaitTimeInSeconds"
    [line] = [each for each in errors_of(config).errors() if each["type"] == "rule"]
    assert line["ctx"] == {"remedy": problem.remedy, "aws_message": problem.aws_message}
    assert json.loads(errors_of(config).json())


def test_unknown_member_with_nothing_near(config):
    config["zzz"] = 1
    assert explain(errors_of(config)) == "zzz: Unknown member 'zzz'; remove it"


def test_member_given_under_both_names(config):
    config["tags"] = []
    assert explain(errors_of(config)) == "Tags: is given twice, also as 'tags'; keep one"


@pytest.mark.parametrize("config", [None, 5, "x", [], [{}]])
def test_no_structure_at_all(config):
    assert "must be a structure" in explain(errors_of(config))


def test_paths_are_aws_names_also_for_pythons(config):
    config["hyper_parameter_tuning_job_config"] = config.pop("HyperParameterTuningJobConfig")
    config["hyper_parameter_tuning_job_config"]["resource_limits"] = {"max_parallel_training_jobs": 0}
    del config["hyper_parameter_tuning_job_config"]["ResourceLimits"]
    assert explain(errors_of(config)).startswith(
        "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs: must be at least 1, not 0"
    )


@pytest.mark.parametrize("member", ["StaticHyperParameters", "Environment"])
@pytest.mark.parametrize("name", ["DB_PASSWORD", "client_secret", "hf_token", "API_KEY", "aws_credentials"])
def test_secrets_are_never_shown(config, member, name):
    value = "hunter2" * 1000
    config["TrainingJobDefinition"][member] = {name: value, "colour": "red" * 1000}
    del config["TrainingJobDefinition"]["RoleArn"]
    error = errors_of(config)
    for text in (explain(error), str(error), repr(error), repr(error.errors()), error.json()):
        assert "hunter2" not in text
        assert "redred" in text or text in (str(error), repr(error))
    with pytest.raises(ValidationError) as caught:
        HyperParameterTrainingJobDefinition.model_validate(config["TrainingJobDefinition"])
    assert "hunter2" not in explain(caught.value) + str(caught.value) + repr(caught.value.errors())


def test_repr_shows_neither_static_hyperparameters_nor_environment(config):
    config["TrainingJobDefinition"]["StaticHyperParameters"]["password"] = "hunter2"
    config["TrainingJobDefinition"]["Environment"] = {"PASSWORD": "hunter2"}
    request = TuningJobRequest.model_validate(config)
    assert "hunter2" not in repr(request) + str(request)
    assert "None" not in repr(request)


def test_templates_in_values_do_not_upset_messages(config):
    config["TrainingJobDefinition"]["RoleArn"] = "{{ params.role }} {shown} {text} {0}"
    assert "{{ params.role }}" in explain(errors_of(config))


def test_long_values_are_shortened(config):
    config["TrainingJobDefinition"]["RoleArn"] = "x" * 100_000
    assert len(explain(errors_of(config))) < 300


def test_errors_survive_copying_and_logging(config, caplog):
    config["nothing"] = 1
    error = errors_of(copy.deepcopy(config))
    with caplog.at_level(logging.INFO):
        logging.getLogger(__name__).info("%s", error)
    assert "Unknown member 'nothing'" in caplog.text


def test_what_has_the_wrong_form_is_not_said_to_be_short(config):
    config["TrainingJobDefinition"]["RoleArn"] = "my-role"
    assert explain(errors_of(config)) == (
        "TrainingJobDefinition.RoleArn: 'my-role' is not of the form arn:aws:iam::123456789012:role/NAME; "
        "change it to match"
    )


def test_an_instance_type_without_its_beginning_is_recognised(config):
    config["TrainingJobDefinition"]["ResourceConfig"]["InstanceType"] = "m5.large"
    assert "did you mean 'ml.m5.large'?" in explain(errors_of(config))


def test_ranges_that_cannot_be_read_are_not_counted(config):
    search = config["HyperParameterTuningJobConfig"]
    ranges = search["ParameterRanges"]
    ranges["ContinuousParameterRanges"] = ranges["ContinuousParameterRanges"][0]
    ranges["IntegerParameterRanges"] = [{"Name": "depth", "MinValue": "1", "MaxValue": "2"}]
    search["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 20
    assert len(explain(errors_of(config)).splitlines()) == 1, explain(errors_of(config))


def error_about(config, member, value, holder="TrainingJobDefinition"):
    """The one line about a wrong member, without its place."""
    (config[holder] if holder else config)[member] = value
    [line] = explain(errors_of(config)).splitlines()
    place = f"{holder}.{member}: " if holder else f"{member}: "
    assert line.startswith(place)
    return line.removeprefix(place)


@pytest.mark.parametrize(
    ("tags", "written"),
    [
        ({"a": "b"}, '[{"Key": "a", "Value": "b"}]'),
        ({"a": 1, "c": "d"}, '[{"Key": "a", "Value": "1"}, ...]'),
        ({"api_key": "hunter2"}, '[{"Key": "api_key", "Value": "***"}]'),
        ({"a": "x" * 900}, f'[{{"Key": "a", "Value": "{"x" * 37}..."}}]'),
    ],
)
def test_tags_as_names_and_values_must_become_a_list(config, tags, written):
    assert error_about(config, "Tags", tags, holder=None).endswith(f"; write it as {written}")


def test_channels_as_names_and_places_must_become_a_list(config):
    assert error_about(config, "InputDataConfig", {"train": "s3://bucket/train"}) == (
        "must be a list, not a structure of 1 member; "
        'write it as [{"ChannelName": "train", "DataSource": {...}}]'
    )


@pytest.mark.parametrize("name", ["ChannelName", "channel_name"])
def test_one_structure_must_be_put_into_a_list(config, name):
    assert error_about(config, "InputDataConfig", {name: "train"}) == (
        "must be a list, not a structure of 1 member; put the structure in [ ]"
    )


@pytest.mark.parametrize(
    ("value", "shown"), [("a", "'a'"), ({}, "a structure of 0 members"), ({"a"}, "a set of 1")]
)
def test_what_else_is_no_list(config, value, shown):
    assert error_about(config, "Tags", value, holder=None) == f"must be a list, not {shown}; put it in [ ]"


@pytest.mark.parametrize("member", ["StaticHyperParameters", "Environment"])
@pytest.mark.parametrize(("value", "shown"), [([1], "a list of 1"), ("a=1", "'a=1'"), (5, "5")])
def test_what_is_no_map(config, member, value, shown):
    assert error_about(config, member, value) == (
        f'must be a map of names to values, not {shown}; write it as {{"name": "value"}}'
    )


def test_empty_ranges_in_the_wrong_place_must_move_and_no_more(config):
    assert "belongs to TrainingJobDefinitions" in error_about(config, "HyperParameterRanges", {})


def test_empty_ranges_in_the_wrong_place_next_to_several_definitions(several):
    reported = error_about(several, "ParameterRanges", {}, holder="HyperParameterTuningJobConfig")
    assert "cannot stand here with TrainingJobDefinitions" in reported


def test_empty_ranges_of_one_of_several_definitions(several):
    several["TrainingJobDefinitions"][0]["HyperParameterRanges"] = {}
    assert explain(errors_of(several)) == (
        "TrainingJobDefinitions[0].HyperParameterRanges: holds no range, so there is nothing to search; "
        "add at least one range (definition 'linear')"
    )

"""Configs in files: read safely, with errors that name file and line."""

import json
import os

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from airflow_hpt_provider.models import ConfigFileError, TuningJobRequest, explain
from airflow_hpt_provider.models.files import read_config


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["job.json", "job.yaml", "job.yml", "JOB.YAML"])
def test_files_hold_what_boto3_takes(tmp_path, config, name):
    text = json.dumps(config) if name.endswith("json") else yaml.safe_dump(config)
    path = write(tmp_path, name, text)
    for form in (path, str(path)):
        assert TuningJobRequest.from_file(form).to_aws() == config


def test_yaml_as_people_write_it(tmp_path):
    path = write(
        tmp_path,
        "job.yaml",
        """
        hyper_parameter_tuning_job_config:
          strategy: Random
          training_job_early_stopping_type: Off
          resource_limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 2}
          hyper_parameter_tuning_job_objective: {type: Minimize, metric_name: rmse}
          parameter_ranges:
            continuous_parameter_ranges:
              - {name: rate, min_value: 1e-4, max_value: 0.1}
        training_job_definition:
          algorithm_specification:
            training_image: train:1
            training_input_mode: File
            metric_definitions: [{name: rmse, regex: 'rmse=(\\S+)'}]
          role_arn: arn:aws:iam::123456789012:role/tune
          output_data_config: {s3_output_path: s3://bucket/out}
          resource_config: {instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 1}
          stopping_condition: {max_runtime_in_seconds: 60}
          static_hyper_parameters: {epochs: 3, verbose: true, since: 2026-03-01}
        """,
    )
    made = TuningJobRequest.from_file(path).to_dict()
    search = made["HyperParameterTuningJobConfig"]
    assert search["TrainingJobEarlyStoppingType"] == "Off"
    assert search["ParameterRanges"]["ContinuousParameterRanges"][0]["MinValue"] == "1e-4"
    assert made["TrainingJobDefinition"]["StaticHyperParameters"] == {
        "epochs": "3",
        "verbose": "true",
        "since": "2026-03-01",
    }


@pytest.mark.parametrize("name", ["job.yaml", "job.json"])
def test_errors_name_file_and_line(tmp_path, config, name):
    config["HyperParameterTuningJobConfig"]["Stratgy"] = config["HyperParameterTuningJobConfig"].pop(
        "Strategy"
    )
    config["TrainingJobDefinition"]["RoleArn"] = "x"
    text = json.dumps(config, indent=2) if name.endswith("json") else yaml.safe_dump(config)
    path = write(tmp_path, name, text)
    lines = text.splitlines()
    with pytest.raises(ValidationError) as caught:
        TuningJobRequest.from_file(path)
    misspelt = 1 + next(number for number, line in enumerate(lines) if "Stratgy" in line)
    role = 1 + next(number for number, line in enumerate(lines) if "RoleArn" in line)
    first, second = explain(caught.value).splitlines()
    assert first.startswith(f"{path}:{misspelt}: HyperParameterTuningJobConfig.Stratgy: Unknown member")
    assert second.startswith(
        f"{path}:{role}: TrainingJobDefinition.RoleArn: 'x' is not of the form arn:aws:iam"
    )
    assert str(path) in str(caught.value)


def test_json_with_too_many_members_is_named(tmp_path, config):
    config["TrainingJobDefinition"]["Environment"] = {f"A{n}": "" for n in range(100_001)}
    path = write(tmp_path, "job.json", json.dumps(config))
    with pytest.raises(ConfigFileError, match=rf"^{path}: has more than 100000 members"):
        TuningJobRequest.from_file(path)


def test_missing_members_name_the_line_of_their_structure(tmp_path, config):
    del config["TrainingJobDefinition"]["StoppingCondition"]
    path = write(tmp_path, "job.yaml", yaml.safe_dump(config, sort_keys=False))
    line = 1 + path.read_text().splitlines().index("TrainingJobDefinition:")
    with pytest.raises(ValidationError) as caught:
        TuningJobRequest.from_file(path)
    assert (
        explain(caught.value)
        == f"{path}:{line}: TrainingJobDefinition.StoppingCondition: is required; add it"
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("job.json", '{\n"a": 1\n"b": 2}', "job.json:3:1: not well-formed JSON"),
        ("job.yaml", "a: 1\nb: [", "job.yaml:2:5: not well-formed YAML"),
        ("job.yaml", "a: 1\n\tb: 2", "job.yaml:2:1: not well-formed YAML"),
        ("job.yaml", "a: !!python/object/apply:os.system ['true']", "job.yaml:1:4: the tag !!python/object"),
        ("job.yaml", "a: 1\nb: !!str 2", "job.yaml:2:4: the tag !!str must not be given"),
        ("job.yaml", "a: !local 2", "job.yaml:1:4: the tag !local must not be given"),
        ("job.yaml", "%YAML 1.1\n---\na: on", "job.yaml:1:1: declares YAML 1.1"),
        ("job.yaml", "a: &a [1, *a]", "job.yaml:1:4: an alias stands for a structure that it is a part of"),
        ("job.yaml", "a: 1\n? [b]\n: 1", "job.yaml:2:3: a name must be a text"),
        ("job.yaml", "a: {<<: 5}", "job.yaml:1:9: a merge key (<<) must have a structure"),
        ("job.yaml", "a: 1\n---\nb: 1", "job.yaml:2:1: not well-formed YAML"),
        ("job.yaml", "Tags: []\nTags: []", "job.yaml:2:1: 'Tags' is given twice"),
        ("job.json", '{"Tags": [], "Tags": []}', "job.json:1:14: 'Tags' is given twice"),
        ("job.yaml", "", "must hold one structure"),
        ("job.yaml", "- 1", "must hold one structure"),
        ("job.json", "[1]", "must hold one structure"),
        ("job.json", "[" * 100_000, "nested too deeply"),
        ("job.yaml", "[" * 2_000, "nested too deeply"),
        ("job.toml", "a = 1", "must end in .json, .yaml or .yml"),
        ("job.yaml", "a: " + "x" * 5_000_001, "more than 5000000 characters"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, text, words):
    path = write(tmp_path, name, text)
    with pytest.raises(ConfigFileError) as caught:
        TuningJobRequest.from_file(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_aliases_cannot_make_a_giant(tmp_path):
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ConfigFileError, match="more than 100000 members"):
        TuningJobRequest.from_file(write(tmp_path, "job.yaml", "\n".join(levels)))


def test_missing_file_and_wrong_encoding(tmp_path):
    with pytest.raises(ConfigFileError, match="cannot be read: No such file"):
        TuningJobRequest.from_file(tmp_path / "none.yaml")
    path = tmp_path / "job.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigFileError, match="not UTF-8"):
        TuningJobRequest.from_file(path)


VALUES = [
    "2026-99-99",
    "!!timestamp x",
    "!!int x",
    "!!float x",
    "!!bool x",
    "!!binary '%'",
    "!!set {a, b}",
    "!!omap [a]",
    "!!python/name:os.system",
    "!local tag",
    "&a [*a]",
    "*nowhere",
    "? [a]\n: b",
    "{<<: 5}",
    "9" * 5000,
    "0b2",
    "1:60:60",
    "\x07",
    "%YAML 9.9",
    "- - - - -",
    "@x",
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("where", ["a: {}", "{}", "a: [{}]", "{}: a"])
def test_odd_yaml_is_read_or_refused_by_name(tmp_path, value, where):
    path = write(tmp_path, "job.yaml", where.replace("{}", value, 1))
    read_or_refused(path)


def read_or_refused(path):
    try:
        reported = read_config(path)
    except ConfigFileError as error:
        reported = str(error)
    assert isinstance(reported, dict) or reported.startswith(str(path))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.sampled_from("ab:{}[]&*!<>-?|'\"#%@, \n\t0123456789.~\\"), max_size=60)
    | st.text(max_size=40)
    | st.lists(st.sampled_from(VALUES), max_size=3).map("\n".join),
    st.sampled_from(["job.yaml", "job.json"]),
)
def test_any_text_is_read_or_refused_by_name(tmp_path, text, name):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", errors="replace")
    read_or_refused(path)


def test_merge_keys_cannot_make_a_giant(tmp_path):
    levels = ["a0: &a0 {" + ", ".join(f"k{n}: x" for n in range(10)) + "}"]
    levels += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9)]
    with pytest.raises(ConfigFileError, match="more than 100000 members"):
        TuningJobRequest.from_file(write(tmp_path, "job.yaml", "\n".join(levels)))


def test_numbers_that_are_too_long(tmp_path):
    path = write(tmp_path, "job.json", '{"a": ' + "9" * 5000 + "}")
    with pytest.raises(ConfigFileError, match="holds a number that cannot be read"):
        TuningJobRequest.from_file(path)


def test_only_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("pipe.yaml", "folder.yaml"):
        with pytest.raises(ConfigFileError, match="it is not a file"):
            TuningJobRequest.from_file(tmp_path / name)

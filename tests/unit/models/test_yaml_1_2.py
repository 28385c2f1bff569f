"""YAML 1.2's core schema in config files: texts stay texts, and numbers keep their digits."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.cli.aws.inputs import parameters_of
from airflow_hpt_provider.cli.main import main
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.models.files import read_config, yaml_notes
from airflow_hpt_provider.models.validation.text import as_text
from airflow_hpt_provider.models.yaml_1_2 import YamlError, load

WORDS = """
HyperParameterTuningJobConfig:
  Strategy: Grid
  TrainingJobEarlyStoppingType: Off
  HyperParameterTuningJobObjective: {Type: Minimize, MetricName: loss}
  ResourceLimits: {MaxNumberOfTrainingJobs: 4, MaxParallelTrainingJobs: 1}
  ParameterRanges:
    CategoricalParameterRanges:
      - {Name: choice, Values: [yes, no, on, 12:30]}
TrainingJobDefinition:
  AlgorithmSpecification:
    TrainingImage: 123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1
    TrainingInputMode: File
    MetricDefinitions: [{Name: loss, Regex: "loss=([0-9.eE+-]+)"}]
  StaticHyperParameters:
    off: off
    time: 12:30
    octal_looking: 012
    hexadecimal: 0x10
    version: 1.10
    rate: 1e-4
    thousands: 1_000
    day: 2026-03-01
    flag: true
    null: "null"
    1: one
  OutputDataConfig: {S3OutputPath: "s3://hpt-cases/out"}
  ResourceConfig: {InstanceType: ml.m5.large, InstanceCount: 1, VolumeSizeInGB: 5}
  StoppingCondition: {MaxRuntimeInSeconds: 600}
  RoleArn: arn:aws:iam::123456789012:role/tuning
"""
STATIC = {
    "off": "off",
    "time": "12:30",
    "octal_looking": "012",
    "hexadecimal": "0x10",
    "version": "1.10",
    "rate": "1e-4",
    "thousands": "1_000",
    "day": "2026-03-01",
    "flag": "true",
    "null": "null",
    "1": "one",
}


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "job.yaml"
    path.write_text(WORDS)
    return path


def test_words_and_numbers_reach_aws_as_written(words):
    made = TuningJobRequest.from_file(words).to_dict()
    assert made["TrainingJobDefinition"]["StaticHyperParameters"] == STATIC
    search = made["HyperParameterTuningJobConfig"]
    assert search["ParameterRanges"]["CategoricalParameterRanges"][0]["Values"] == [
        "yes",
        "no",
        "on",
        "12:30",
    ]
    assert search["TrainingJobEarlyStoppingType"] == "Off"
    assert search["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 1}
    assert type(search["ResourceLimits"]["MaxNumberOfTrainingJobs"]) is int


def test_numbers_of_json_files_keep_their_digits(tmp_path, config):
    path = tmp_path / "job.json"
    config["TrainingJobDefinition"]["StaticHyperParameters"] = {"step": "RATE", "size": "SIZE", "whole": 3}
    path.write_text(json.dumps(config).replace('"RATE"', "1.10").replace('"SIZE"', "1E5"))
    made = TuningJobRequest.from_file(path).to_dict()["TrainingJobDefinition"]
    assert made["StaticHyperParameters"] == {"step": "1.10", "size": "1E5", "whole": "3"}


def test_validate_notes_what_yaml_1_1_reads_differently(words, capsys):
    assert main(["validate", str(words)]) == 0
    first, *notes = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{words}: valid: Grid search")
    lines = WORDS.splitlines()
    place = lambda text, column: f"{words}:{lines.index(text) + 1}:{column}: note: "  # noqa: E731
    choices = "      - {Name: choice, Values: [yes, no, on, 12:30]}"
    assert [note.partition("; ")[0] for note in notes] == [
        f"{place('  TrainingJobEarlyStoppingType: Off', 33)}Off is the text 'Off', but YAML 1.1 reads false",
        f"{place(choices, 33)}yes is the text 'yes', but YAML 1.1 reads true",
        f"{place(choices, 38)}no is the text 'no', but YAML 1.1 reads false",
        f"{place(choices, 42)}on is the text 'on', but YAML 1.1 reads true",
        f"{place(choices, 46)}12:30 is the text '12:30', but YAML 1.1 reads 750",
        f"{place('    off: off', 5)}off is the text 'off', but YAML 1.1 reads false",
        f"{place('    off: off', 10)}off is the text 'off', but YAML 1.1 reads false",
        f"{place('    time: 12:30', 11)}12:30 is the text '12:30', but YAML 1.1 reads 750",
        f"{place('    octal_looking: 012', 20)}012 is the number '012', but YAML 1.1 reads 10",
        f"{place('    thousands: 1_000', 16)}1_000 is the text '1_000', but YAML 1.1 reads 1000",
    ]
    assert all(note.endswith("; put it in quotes, so that every program reads the same") for note in notes)


def test_quoted_texts_and_json_have_no_notes(tmp_path):
    (tmp_path / "job.yaml").write_text("""a: "on"\nb: 'off'\nc: |\n  yes\nd: word\ne: 1.5\n""")
    (tmp_path / "job.json").write_text('{"on": "off"}')
    assert yaml_notes(tmp_path / "job.yaml") == yaml_notes(tmp_path / "job.json") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("null", None), ("", None), ("true", True), ("FALSE", False), ("0o17", 15), ("0x1F", 31),
        ("012", 12), ("-0", 0), ("+5", 5), ("1e5", 1e5), (".5", 0.5), ("5.", 5.0), ("-.inf", float("-inf")),
        ("y", "y"), ("0b11", "0b11"), ("1:30", "1:30"), ("=", "="), ("2026-11-24", "2026-11-24"), ("nUll", "nUll"),
        ("1_0", "1_0"), ("٣", "٣"), ("inf", "inf"), ("nan", "nan"), ("-", None),
    ],
)  # fmt: skip
def test_the_core_schema(text, value):
    if text == "-":
        with pytest.raises(YamlError):
            load(f"a: {text}")
        return
    made = load(f"a: {text}")["a"]
    assert (made, type(made).__mro__[-2]) == (value, type(value).__mro__[-2])
    assert parameters_of({}, None, f"a: {text}") == {"a": made}


def test_merge_keys_and_aliases(tmp_path):
    text = "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nmade: {<<: [*b, *o], x: 5}\nlist: [*b]\n"
    assert load(text)["made"] == {"x": 5, "y": 2, "z": 4}
    assert load(text)["list"] == [{"x": 1, "y": 2}]


def means(read, written):
    """Return whether a value that was read has the same texts and the same numbers as the one that was written."""
    if isinstance(written, dict):
        return read.keys() == written.keys() and all(means(read[name], written[name]) for name in written)
    if isinstance(written, list):
        return len(read) == len(written) and all(map(means, read, written))
    return as_text(read) == written if isinstance(written, str) else read == written


TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12)
SCALARS = TEXTS | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def is_read_as_it_was_meant(value):
    """Check what YAML and JSON writers make of a value.

    JSON is YAML 1.2. PyYAML writes 1.1: the text ``1e5`` has no quotes there, and still reaches AWS as it is.
    """
    assert load(json.dumps({"v": value})) == {"v": value}
    assert means(load(yaml.safe_dump({"v": value})), {"v": value})


@given(VALUES)
def test_what_other_programs_write_is_read_as_they_meant_it(value):
    is_read_as_it_was_meant(value)


def test_one_reader_for_the_command_line_and_for_dags(words):
    assert read_config(words) == load(WORDS) == parameters_of({}, None, WORDS)

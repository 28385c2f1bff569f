"""The tables of docs/configs.md say what reaches SageMaker: each row is tried."""

import ast
import copy
import json
import re
from pathlib import Path

import pytest
from airflow.sdk import DAG

from airflow_hpt_provider.config.loading import validate
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models.files import read_config
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

PAGE = (Path(__file__).parents[3] / "docs" / "configs.md").read_text()
EMPTY, ERROR, NOTHING = "an empty text", "an error", "nothing"
CONFIG = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+.0-9e]+)"}],
        },
        "OutputDataConfig": {"S3OutputPath": "s3://tuning-tests/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "RoleArn": "arn:aws:iam::123456789012:role/tuning",
    },
}


def rows(title):
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `(.+?)` \| (.+?) \|$", section, re.MULTILINE)
    assert len(found) > 5
    return [(value, text.strip("`") if text.startswith("`") else text) for value, text in found]


def config_with(value):
    config = copy.deepcopy(CONFIG)
    config["TrainingJobDefinition"]["StaticHyperParameters"] = {"h": value}
    return config


def reaches(config):
    return validate(config).to_dict()["TrainingJobDefinition"]["StaticHyperParameters"]["h"]


def check(config, text):
    if text.startswith((ERROR, NOTHING)):
        with pytest.raises(TuningJobConfigError, match="StaticHyperParameters.h"):
            reaches(config)
    else:
        assert reaches(config) == ("" if text == EMPTY else text)


@pytest.mark.parametrize(("value", "text"), rows("Values in Python"))
def test_values_in_python(value, text):
    check(config_with(ast.literal_eval(value)), text)


@pytest.mark.parametrize(("value", "text"), rows("Values in YAML and JSON files"))
def test_values_in_yaml(tmp_path, value, text):
    path = tmp_path / "job.yaml"
    path.write_text(json.dumps(config_with("VALUE")).replace('"VALUE"', value))
    check(read_config(path), text)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(("value", "text"), rows("Templates"))
def test_templates(value, text, native):
    params = ast.literal_eval(re.search(r"with params `(.+?)`", PAGE)[1])
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        task = HyperParameterTuningJobOperator(task_id="t", config=config_with(value))
    context = {"params": params}
    if text.startswith(ERROR):
        with pytest.raises(TuningJobConfigError, match=re.escape(value)):
            task.render_template_fields(context)
        return
    task.render_template_fields(context)
    if text.startswith(NOTHING):
        assert task.config["TrainingJobDefinition"]["StaticHyperParameters"]["h"] is None
    check(task.config, text)

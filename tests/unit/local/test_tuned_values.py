"""A tuned value is the same, to the last digit, wherever a script or a person meets it."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.loaders
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_hpt_provider.local.aws_json.encode import encode as encode_response
from airflow_hpt_provider.local.engine.naming import hyperparameter_text
from airflow_hpt_provider.local.operations.responses import tuned_training_job
from airflow_hpt_provider.local.runners.contract import TrainingSpec
from airflow_hpt_provider.local.runners.data.input_config import files
from airflow_hpt_provider.local.runners.devices import Devices
from airflow_hpt_provider.local.runners.host_job import HostJob
from airflow_hpt_provider.local.runners.opt_ml import OptMlTree
from airflow_hpt_provider.local.runners.script_mode import arguments
from airflow_hpt_provider.local.runners.variables import environment
from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription, TuningResult
from airflow_hpt_provider.ui.document import document, encode
from airflow_hpt_provider.ui.export import to_csv

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
START = datetime(2026, 11, 24, tzinfo=UTC)
DEFINITION = {
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1",
        "TrainingInputMode": "File",
    },
    "RoleArn": "arn:aws:iam::123456789012:role/tuning",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
INTEGERS = st.integers(1 - 10**18, 10**18 - 1)
CATEGORIES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40
) | st.sampled_from(
    [
        "64,32",
        "1.10",
        "1e5",
        "True",
        "true",
        "null",
        "-1",
        "+1",
        "-0.5",
        "=1",
        "@x",
        "012",
        "0x10",
        "[1, 2]",
        "'q'",
    ]
)


@cache
def listing() -> OperationModel:
    model = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")
    return ServiceModel(model).operation_model("ListTrainingJobsForHyperParameterTuningJob")


def summary(point: dict[str, Any], tuned: dict[str, str]) -> TrainingJobSummary:
    """Return a training job as a client of the service reads it from the wire."""
    job = SimpleNamespace(
        name="job-001-abc", arn=f"{ARN}:training-job/job-001-abc", definition_name=None, status="Completed",
        created_at=START.timestamp(), started_at=START.timestamp(), ended_at=START.timestamp() + 5,
        point=point, tuned=json.loads(json.dumps(tuned)), failure_reason=None, objective_value=0.5,
        objective_type="Minimize", objective_metric="loss", objective_status="Succeeded",
    )  # fmt: skip
    body = encode_response(listing(), {"TrainingJobSummaries": [tuned_training_job(job)]})
    response = {"body": body, "headers": {}, "status_code": 200}
    parsed = create_parser("json").parse(response, listing().output_shape)
    return TrainingJobSummary.model_validate(parsed["TrainingJobSummaries"][0])


def description(ranges: dict[str, Any], best: TrainingJobSummary) -> TuningJobDescription:
    return TuningJobDescription.model_validate(
        {
            "HyperParameterTuningJobName": "job",
            "HyperParameterTuningJobArn": f"{ARN}:hyper-parameter-tuning-job/job",
            "HyperParameterTuningJobStatus": "Completed",
            "CreationTime": START,
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
                "ParameterRanges": ranges,
            },
            "TrainingJobDefinition": DEFINITION,
            "TrainingJobStatusCounters": {"Completed": 1},
            "ObjectiveStatusCounters": {"Succeeded": 1},
            "BestTrainingJob": best.to_aws(),
        }
    )


def script_sees(hyperparameters: dict[str, str]) -> tuple[Any, dict[str, str], list[str]]:
    """Return hyperparameters.json, the environment and the arguments of a training script."""
    spec = TrainingSpec("job", f"{ARN}:training-job/job", DEFINITION, hyperparameters, Path("/nowhere"))
    argv = arguments(hyperparameters)
    (job,) = HostJob.all(spec)
    variables = environment(
        job, OptMlTree(Path("/nowhere/ml")), image={}, arguments=argv, region="us-east-1", devices=Devices(1)
    )
    return (
        json.loads(json.dumps(files(spec, job.cluster, job.host, "lo")["hyperparameters.json"])),
        variables,
        argv,
    )


RANGES = {
    "ContinuousParameterRanges": [{"Name": "real", "MinValue": "-1", "MaxValue": "1"}],
    "IntegerParameterRanges": [{"Name": "whole", "MinValue": "-1", "MaxValue": "1"}],
    "CategoricalParameterRanges": [{"Name": "word", "Values": ["a", "b"]}],
}


def same_everywhere(real: float, whole: int, word: str) -> None:
    point = {"real": real, "whole": whole, "word": word}
    tuned = {name: hyperparameter_text(value) for name, value in point.items()}
    assert (float(tuned["real"]), int(tuned["whole"]), tuned["word"]) == (real, whole, word)

    # What the script gets
    stored, variables, argv = script_sees(tuned)
    assert stored == tuned
    numbers = {name: tuned[name] for name in ("real", "whole")}
    given = dict(zip(argv[::2], argv[1::2], strict=True))
    assert {name: given[f"--{name}"] for name in numbers} == numbers
    assert {name: variables[f"SM_HP_{name.upper()}"] for name in numbers} == numbers
    hps = json.loads(variables["SM_HPS"], parse_float=str, parse_int=str)
    assert {name: hps[name] for name in numbers} == numbers

    # What Describe, XCom, the page and its file say
    seen = summary(point, tuned)
    assert seen.tuned_hyper_parameters == tuned
    described = description(RANGES, seen)
    result = TuningResult.from_xcom(
        json.loads(json.dumps(TuningResult.from_description(described).to_xcom()))
    )
    assert result.best_training_job.tuned_hyper_parameters == tuned
    page = json.loads(encode(document(described, [seen])))["training_jobs"]["values"]
    assert (page["real"], page["whole"], page["word"]) == ([real], [whole], [word])
    (row,) = csv.DictReader(io.StringIO(to_csv(document(described, [seen]))))
    assert float(row["hyperparameter.real"]) == real
    assert row["hyperparameter.whole"] == tuned["whole"]
    assert row["hyperparameter.word"] in ([word] if is_number(word) else [word, f"'{word}"])


def is_number(text: str) -> bool:
    return re.fullmatch(r"[-+][0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", text) is not None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FLOATS, INTEGERS, CATEGORIES)
def test_a_tuned_value_is_the_same_everywhere(real, whole, word):
    same_everywhere(real, whole, word)


def test_a_category_that_is_json_is_read_as_the_toolkit_reads_it():
    """As sagemaker-training-toolkit does on SageMaker; hyperparameters.json has the text."""
    for text, argument in (
        ("1.10", "1.1"),
        ("1e5", "100000.0"),
        ("true", "True"),
        ("[1, 2]", "[1, 2]"),
        ("null", ""),
    ):
        stored, _, argv = script_sees({"word": text})
        assert (stored, argv) == ({"word": text}, ["--word", argument])
    for text in ("64,32", "True", "012", "0x10", "'q'", "1_000"):
        stored, variables, argv = script_sees({"word": text})
        assert (stored, argv, variables["SM_HP_WORD"]) == ({"word": text}, ["--word", text], text)

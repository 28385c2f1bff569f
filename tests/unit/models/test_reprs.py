"""What a person sees of results and ranges in a shell and in a notebook."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from airflow_hpt_provider.models import Categorical, Continuous, Integer, TuningResult
from airflow_hpt_provider.models.ranges import ParameterRanges

RANGES = ParameterRanges.model_validate(
    {"rate": Continuous(0.01, 1, log=True), "depth": Integer(2, 9), "loss": Categorical(["l1", "<l2>"])}
)
RESULT = TuningResult.model_validate(
    {
        "tuning_job_name": "tune-1",
        "tuning_job_arn": "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/tune-1",
        "status": "Completed",
        "objective": {"type": "Minimize", "metric_name": "loss & more"},
        "final_metric": 0.0811538,
        "training_job_status_counters": {"Completed": 11, "NonRetryableError": 1},
        "best_training_job": {
            "TrainingJobName": "tune-1-004",
            "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/tune-1-004",
            "CreationTime": "2026-11-24T01:02:03+00:00",
            "TrainingJobStatus": "Completed",
            "TunedHyperParameters": {"rate": "0.17875180762069579", "loss": "<l2>"},
        },
    }
)


def test_ranges() -> None:
    assert RANGES.continuous_parameter_ranges is not None
    assert (
        repr(RANGES.continuous_parameter_ranges[0])
        == "ContinuousParameterRange('rate', 0.01 to 1, Logarithmic)"
    )
    assert repr(RANGES) == "ParameterRanges(depth: 2 to 9; rate: 0.01 to 1, Logarithmic; loss: l1, <l2>)"


def test_notebooks_show_tables_whatever_the_values() -> None:
    for html, cells in (
        (RANGES._repr_html_(), ["depth", "2 to 9", "rate", "0.01 to 1, Logarithmic", "loss", "l1, <l2>"]),
        (
            RESULT._repr_html_(),
            [
                *(
                    "Status",
                    "Completed",
                    "Training jobs",
                    "11 of 12 completed",
                    "Best training job",
                    "tune-1-004",
                ),
                *("loss & more", "0.0811538", "rate", "0.17875180762069579", "loss", "<l2>"),
            ],
        ),
    ):
        page = ET.fromstring(f"<div>{html}</div>")
        assert [cell.text for row in page.iter("tr") for cell in row] == cells


def test_a_result_in_a_shell() -> None:
    assert repr(RESULT) == (
        "TuningResult('tune-1', Completed, loss & more=0.0811538 (Minimize), best='tune-1-004', 12 training jobs)"
    )

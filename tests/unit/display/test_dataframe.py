"""Training jobs as a DataFrame: a row each, real types, nothing lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from airflow_hpt_provider.display.dataframe import training_jobs_dataframe
from tests.unit.display.tuning_responses import DESCRIPTION, described_with, span, trial

pd = pytest.importorskip("pandas")  # an extra; the cells of the matrix have none

TRIALS = [
    trial(1, 0.75, depth="3", rate="0.25", status='"on"'),
    trial(2, None, depth="4", rate="1e-05", status='"off"'),
]


def test_one_column_for_each_hyperparameter_with_its_own_type() -> None:
    frame = training_jobs_dataframe(DESCRIPTION, TRIALS)
    assert list(frame.columns) == [
        *("training_job_name", "status", "objective", "objective_status", "duration_seconds"),
        *(
            "depth",
            "rate",
            "hp:status",
            "definition",
            "creation_time",
            "start_time",
            "end_time",
            "failure_reason",
        ),
    ]
    assert frame["depth"].dtype == "int64"
    assert frame["rate"].tolist() == [0.25, 1e-05]
    assert isinstance(frame["hp:status"].dtype, pd.CategoricalDtype)
    assert frame["hp:status"].tolist() == ["on", "off"]
    assert frame["objective"].dtype == "float64"
    assert frame["objective"].isna().tolist() == [False, True]
    assert frame["duration_seconds"].tolist()[0] == 90.0
    assert str(frame["end_time"].dtype).endswith("UTC]")
    assert frame["end_time"].isna().tolist() == [False, True]
    assert frame.sort_values("objective").iloc[0]["training_job_name"] == "tune-1-001"


def test_hyperparameters_that_only_some_have() -> None:
    frame = training_jobs_dataframe(DESCRIPTION, [TRIALS[0], trial(3, 0.5, rate="0.5", optimizer='"adam"')])
    assert frame["depth"].dtype == "Int64"
    assert frame["depth"].isna().tolist() == [False, True]
    assert frame["optimizer"].tolist()[1] == "adam"


@pytest.mark.parametrize("order", [1, -1])
def test_a_hyperparameter_with_fractions_in_one_definition_keeps_them(order: int) -> None:
    spaces = [{"ContinuousParameterRanges": span("0", "1")}, {"IntegerParameterRanges": span("1", "9")}]
    frame = training_jobs_dataframe(
        described_with(*spaces[::order]), [trial(1, 0.1, rate="0.5"), trial(2, 0.2, rate="3")]
    )
    assert frame["rate"].tolist() == [0.5, 3.0]


@pytest.mark.parametrize("order", [1, -1])
def test_a_hyperparameter_with_words_in_one_definition_keeps_them(order: int) -> None:
    words = [{"Name": "rate", "Values": ["auto"]}]
    spaces = [{"ContinuousParameterRanges": span("0", "1")}, {"CategoricalParameterRanges": words}]
    frame = training_jobs_dataframe(
        described_with(*spaces[::order]), [trial(1, 0.1, rate="0.5"), trial(2, 0.2, rate="auto")]
    )
    assert frame["rate"].tolist() == ["0.5", "auto"]


def test_no_training_jobs_yet() -> None:
    frame = training_jobs_dataframe(DESCRIPTION, [])
    assert len(frame) == 0
    assert {"objective", "depth", "rate"} <= set(frame.columns)


def test_without_pandas() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from airflow_hpt_provider.display.dataframe import training_jobs_dataframe\n"
        "training_jobs_dataframe(None, [])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (
        "ImportError: training_jobs_dataframe() requires pandas: pip install 'airflow-hpt-provider[pandas]'"
        in done.stderr
    )


@pytest.mark.parametrize(
    "module", ["airflow_hpt_provider.display.dataframe", "airflow_hpt_provider.display.plotting"]
)
def test_importing_needs_no_extra(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('pandas', 'altair', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

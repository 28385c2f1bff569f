"""Marginal import time of an operator in a DAG file, ours next to the amazon provider's.

``make bench-import``. "Marginal": what the import adds in a fresh interpreter that has imported ``airflow.sdk``
and its base classes, which every DAG file does. The runs of both alternate, so that noise meets both.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

SUBJECTS = {
    "airflow-hpt-provider": "from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator",
    "... with sensor, registration and ranges": (
        "from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator\n"
        "from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator\n"
        "from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor\n"
        "from airflow_hpt_provider.models import Categorical, Continuous, Integer"
    ),
    "amazon provider": "from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator",
}
PROGRAM = """
import time
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""


def marginal_seconds(statement: str) -> float:
    """One fresh interpreter's time for the import."""
    program = PROGRAM.format(statement=statement)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    times: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    for statement in SUBJECTS.values():
        marginal_seconds(statement)  # warms the file cache and writes the byte code
    for _ in range(runs):
        for name, statement in SUBJECTS.items():
            times[name].append(marginal_seconds(statement))
    base = statistics.median(times["amazon provider"])
    print(f"{'import of':44} {'median ms':>10} {'min ms':>8} {'times less':>11}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:44} {median * 1000:10.1f} {min(values) * 1000:8.1f} {base / median:11.1f}")


if __name__ == "__main__":
    main()

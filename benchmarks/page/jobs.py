"""Finished tuning jobs as a boosted-trees project leaves them, put straight into a local tuning service's store.

The objective is a formula and the search a random walk towards its minimum: what the page shows looks like the real
thing, and a thousand training jobs need no thousand trainings.
"""

from __future__ import annotations

import math
import random
import time
from pathlib import Path
from typing import Any

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.db.records import MetricRow, NewTrainingJob
from airflow_hpt_provider.local.engine.naming import Arns, training_job_name
from airflow_hpt_provider.local.engine.plan import Plan

ARNS = Arns("us-east-1", "123456789012")
METRIC = "validation:logloss"
OUT_OF_MEMORY = """AlgorithmError: ExecuteUserScriptError:
ExitCode 1
ErrorMessage "MemoryError: cannot allocate 3.1 GiB for the histogram of 4194304 bins"
Command "/opt/conda/bin/python train.py --booster dart --max_depth {max_depth}", exit code: 1"""
NOT_A_NUMBER = "AlgorithmError: validation loss is NaN after round 12, exit code: 1"
CURVES = 200
"""Tuning jobs with at most this number of training jobs get learning curves; a thousand are quick to fill without."""
Point = dict[str, float | int | str]


def fill(
    data_dir: Path, name: str, trials: int, *, parents: tuple[str, ...] = (), seed: int = 0, age: float = 3600
) -> None:
    """Put a Completed tuning job into a service's store; the service must not run.

    Args:
        data_dir: the service's.
        name: of the tuning job.
        trials: how many training jobs it has.
        parents: tuning jobs it was warm-started from; then it starts near the optimum.
        seed: of its random numbers.
        age: how many seconds ago it ended.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(data_dir / "jobs.sqlite")
    try:
        with database.transaction() as connection:
            _insert(connection, name, trials, parents, random.Random(seed), time.time() - age)
    finally:
        database.close()


def request(name: str, trials: int, parents: tuple[str, ...]) -> dict[str, Any]:
    """Its Create request."""
    ranges = {
        "ContinuousParameterRanges": [
            {"Name": "eta", "MinValue": "0.001", "MaxValue": "1", "ScalingType": "Logarithmic"},
            {"Name": "lambda", "MinValue": "1e-06", "MaxValue": "10", "ScalingType": "Logarithmic"},
            {"Name": "subsample", "MinValue": "0.5", "MaxValue": "1", "ScalingType": "Linear"},
            {"Name": "momentum", "MinValue": "0.5", "MaxValue": "0.999", "ScalingType": "ReverseLogarithmic"},
        ],
        "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "12"}],
        "CategoricalParameterRanges": [{"Name": "booster", "Values": ["gbtree", "dart", "gblinear"]}],
    }
    body: dict[str, Any] = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": METRIC},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trials, "MaxParallelTrainingJobs": 4},
            "TrainingJobEarlyStoppingType": "Auto",
            "ParameterRanges": ranges,
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": METRIC, "Regex": "logloss=([-+.0-9e]+)"}],
            },
            "RoleArn": "arn:aws:iam::123456789012:role/tuning",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }
    if parents:
        body["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent} for parent in parents],
            "WarmStartType": "IdenticalDataAndAlgorithm",
        }
    return body


def _insert(
    connection: Any, name: str, trials: int, parents: tuple[str, ...], rng: random.Random, end: float
) -> None:
    body = request(name, trials, parents)
    [definition] = Plan.of(body, 0).definitions
    durations = [rng.lognormvariate(5.0, 0.4) for _ in range(trials)]
    start = end - sum(durations) / 4
    job_id = tuning_jobs.insert(
        connection, name=name, arn=ARNS.tuning_job(name), request=body, seed=0, now=start
    )
    definition_id = training_jobs.insert_definition(connection, definition.body)
    tuning_jobs.insert_definitions(connection, job_id, [definition_id])
    free, best, best_loss = [start] * 4, None, math.inf
    for number in range(1, trials + 1):
        if parents and best is None:
            best = OPTIMUM  # what the parents have found
        width = 1.0 if best is None or rng.random() < 0.2 else max(0.05, 0.5 * 20 / (20 + number))
        point = _point(rng, best, width)
        loss, status, reason = _outcome(rng, point)
        if status == "Completed" and loss < best_loss:
            best, best_loss = point, loss
        began = min(free)
        seconds = durations[number - 1] * {"Completed": 1.0, "Stopped": 0.4, "Failed": 0.15}[status]
        free[free.index(began)] = began + seconds + 2
        child = training_job_name(name, number)
        tuned = {key: str(value) for key, value in point.items()}
        new = NewTrainingJob(
            name=child,
            arn=ARNS.training_job(child),
            definition_id=definition_id,
            tuning_job_id=job_id,
            tuning_job_name=name,
            tuning_job_arn=ARNS.tuning_job(name),
            number=number,
            point=point,
            tuned=tuned,
            hyperparameters=tuned,
            objective_type="Minimize",
            objective_metric=METRIC,
        )
        child_id = training_jobs.insert(connection, new, began)
        training_jobs.add_transition(connection, child_id, "Training", "Training", began + 1)
        training_jobs.set_attempt_started(connection, child_id, began + 1)
        good = status != "Failed"
        if good:
            epochs = 8 if status == "Stopped" else 20
            curve = _curve(loss, epochs, began + 1, seconds) if trials <= CURVES else []
            training_jobs.add_metrics(
                connection, child_id, [*curve, MetricRow(METRIC, loss, began + seconds)], 100
            )
        training_jobs.set_ended(
            connection,
            child_id,
            status=status,
            now=began + 1 + seconds,
            failure_reason=reason,
            objective_status="Succeeded" if good else "Failed",
            objective_value=loss if good else None,
            loss=loss if good else None,
            model_artifact=f"s3://bucket/models/{child}/output/model.tar.gz" if good else None,
        )
        training_jobs.add_transition(connection, child_id, status, status, began + 1 + seconds, final=True)
    tuning_jobs.recount(connection, job_id, end)
    tuning_jobs.set_ended(connection, job_id, status="Completed", failure_reason=None, now=max(free))


def _curve(loss: float, epochs: int, start: float, seconds: float) -> list[MetricRow]:
    """All values of the objective but the last: it falls to the last one by and by."""
    return [
        MetricRow(METRIC, loss + 0.4 * 0.75**epoch, start + seconds * epoch / epochs)
        for epoch in range(1, epochs)
    ]


OPTIMUM: Point = {
    "eta": 0.08,
    "lambda": 0.01,
    "subsample": 0.8,
    "momentum": 0.95,
    "max_depth": 7,
    "booster": "gbtree",
}


def _point(rng: random.Random, around: Point | None, width: float) -> Point:
    def near(name: str, low: float, high: float) -> float:
        if around is None or width >= 1:
            return rng.uniform(low, high)
        centre = _scaled(name, around[name])
        return min(max(rng.gauss(centre, width * (high - low) / 3), low), high)

    boosters = ("gbtree", "dart", "gblinear")
    keep = around is not None and rng.random() > max(width, 0.1)
    return {
        "eta": 10 ** near("eta", -3, 0),
        "lambda": 10 ** near("lambda", -6, 1),
        "subsample": near("subsample", 0.5, 1),
        "momentum": 1 - 10 ** -near("momentum", 0.301, 3),
        "max_depth": round(near("max_depth", 2, 12)),
        "booster": around["booster"] if around and keep else rng.choice(boosters),
    }


def _scaled(name: str, value: float | str) -> float:
    number = float(value)
    if name in ("eta", "lambda"):
        return math.log10(number)
    return -math.log10(1 - number) if name == "momentum" else number


def _outcome(rng: random.Random, point: Point) -> tuple[float, str, str | None]:
    """(objective, status, failure reason)."""
    depth = int(point["max_depth"])
    if point["booster"] == "dart" and depth >= 11:
        return math.inf, "Failed", OUT_OF_MEMORY.format(max_depth=depth)
    if float(point["eta"]) > 0.6 and rng.random() < 0.7:
        return math.inf, "Failed", NOT_A_NUMBER
    loss = 0.182 + {"gbtree": 0.0, "dart": 0.009, "gblinear": 0.055}[str(point["booster"])]
    for name, weight in (("eta", 0.07), ("lambda", 0.0012), ("momentum", 0.012)):
        loss += weight * (_scaled(name, point[name]) - _scaled(name, OPTIMUM[name])) ** 2
    loss += (
        0.0022 * (depth - 7) ** 2 + 0.12 * (float(point["subsample"]) - 0.8) ** 2 + abs(rng.gauss(0, 0.006))
    )
    if rng.random() < 0.012:
        loss += rng.uniform(1, 4)  # diverged
    return loss, "Stopped" if loss > 0.26 and rng.random() < 0.5 else "Completed", None

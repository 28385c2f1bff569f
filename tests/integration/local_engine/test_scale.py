"""200 tuning jobs of 50 training jobs known to one service; and several that share too few slots.

What a request costs is counted in steps of SQLite's virtual machine, which are the same on every machine.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import NewTrainingJob

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.integration

TUNING_JOBS = 200
TRAINING_JOBS = 50
"""Of each."""
STATM = Path("/proc/self/statm")


def fill(service: Any, first: int, last: int) -> None:
    """Put tuning jobs that have ended into the store."""
    service.engine.write(lambda turn: [_put(service, turn.connection, n) for n in range(first, last)])


def _put(service: Any, connection: sqlite3.Connection, number: int) -> None:
    name, now = f"tuned-{number:03}", 1_700_000_000.0 + number * 100
    definition = service.definition()
    request = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": TRAINING_JOBS,
                "MaxParallelTrainingJobs": TRAINING_JOBS,
            },
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        },
        "TrainingJobDefinition": definition,
    }
    arn = service.engine.arns.tuning_job(name)
    job_id = tuning_jobs.insert(connection, name=name, arn=arn, request=request, seed=1, now=now)
    definition_id = training_jobs.insert_definition(connection, definition)
    tuning_jobs.insert_definitions(connection, job_id, [definition_id])
    for n in range(1, TRAINING_JOBS + 1):
        value = (n * 37 % TRAINING_JOBS) / TRAINING_JOBS
        child = f"{name}-{n:03}-0a1b2c3d"
        new = NewTrainingJob(
            name=child,
            arn=service.engine.arns.training_job(child),
            definition_id=definition_id,
            hyperparameters={"x": str(value)},
            tuning_job_id=job_id,
            tuning_job_name=name,
            tuning_job_arn=arn,
            number=n,
            point={"x": value},
            tuned={"x": str(value)},
            objective_type="Minimize",
            objective_metric="loss",
        )
        training_job = training_jobs.insert(connection, new, now + n)
        training_jobs.set_ended(
            connection,
            training_job,
            status="Completed",
            now=now + n,
            objective_status="Succeeded",
            objective_value=value,
            loss=value,
        )
        for status in ("Starting", "Training", "Uploading"):
            training_jobs.add_transition(connection, training_job, status, status, now + n)
        training_jobs.add_transition(connection, training_job, "Completed", "", now + n, final=True)
    tuning_jobs.recount(connection, job_id, now)
    tuning_jobs.set_ended(connection, job_id, status="Completed", failure_reason=None, now=now)


def pages(service: Any, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """All pages of a list."""
    token: dict[str, str] = {}
    while True:
        answer = service.call(operation, **parameters, **token)
        yield answer
        if "NextToken" not in answer:
            return
        token = {"NextToken": answer["NextToken"]}


def read_everything(service: Any) -> int:
    """Page through all of it and describe every tuning job and its best; how many training jobs there are."""
    seen = 0
    for page in pages(service, "ListHyperParameterTuningJobs", MaxResults=100):
        for summary in page["HyperParameterTuningJobSummaries"]:
            job = service.describe(summary["HyperParameterTuningJobName"])
            best = job["BestTrainingJob"]["TrainingJobName"]
            service.call("DescribeTrainingJob", TrainingJobName=best)
    for page in pages(service, "ListTrainingJobs", MaxResults=100):
        seen += len(page["TrainingJobSummaries"])
    above = {"Filters": [{"Name": "HyperParameters.x", "Operator": "GreaterThan", "Value": "0.9"}]}
    search = {"Resource": "TrainingJob", "SortBy": "TrainingJobName", "SearchExpression": above}
    found = [len(page["Results"]) for page in pages(service, "Search", MaxResults=100, **search)]
    assert sum(found) == seen * 4 / TRAINING_JOBS
    return seen


def resident() -> int:
    """Pages of memory that this process has."""
    gc.collect()
    return int(STATM.read_text().split()[1])


@pytest.mark.skipif(not STATM.exists(), reason="/proc shows its memory")
def test_memory_stays_flat(service):
    fill(service, 0, TUNING_JOBS)
    assert read_everything(service) == TUNING_JOBS * TRAINING_JOBS
    before = resident()
    for _ in range(3):
        read_everything(service)
    assert resident() / before < 1.05


def steps(service: Any, request: Callable[[], Any]) -> int:
    """Steps of SQLite's machine that a request takes in this thread's connection."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    with service.engine.database.snapshot() as connection:
        connection.set_progress_handler(step, 1)
    request()
    with service.engine.database.snapshot() as connection:
        connection.set_progress_handler(None, 1)
    return count


def test_a_request_costs_no_more_when_much_is_known(service):
    def costs() -> dict[str, int]:
        """Steps of the first page and of one from the middle of each list, and of the engine's own look."""
        found = {}
        for operation, sorts in (
            ("ListHyperParameterTuningJobs", ("Name", "CreationTime")),
            ("ListTrainingJobs", ("Name", "CreationTime")),
        ):
            for sort in sorts:
                for order in ("Ascending", "Descending"):
                    query = {"SortBy": sort, "SortOrder": order, "MaxResults": 5}
                    listed = pages(service, operation, **query)
                    page = next(listed)
                    next(listed)
                    name = f"{operation} by {sort}, {order}"
                    found[name] = steps(service, lambda o=operation, q=query: service.call(o, **q))
                    later = query | {"NextToken": page["NextToken"]}
                    found[f"{name}, later"] = steps(
                        service, lambda o=operation, q=later: service.call(o, **q)
                    )
        for sort in ("Name", "CreationTime", "Status", "FinalObjectiveMetricValue"):
            found[f"of one tuning job by {sort}"] = steps(
                service, lambda s=sort: list(service.training_jobs("tuned-003", SortBy=s))
            )
        found["describe"] = steps(service, lambda: service.describe("tuned-003"))

        def active() -> None:
            with service.engine.database.snapshot() as connection:
                training_jobs.active(connection)
                training_jobs.pending(connection, limit=4)

        found["active"] = steps(service, active)
        return found

    fill(service, 0, 10)
    few = costs()
    fill(service, 10, TUNING_JOBS)
    many = costs()
    assert all(count > 0 for count in few.values())
    grown = {name: (few[name], many[name]) for name in few if many[name] > 1.5 * few[name] + 20}
    assert not grown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TrainingJobStatus", "Completed"),
        ("HyperParameters.x", "0.5"),
        ("Tags.team", "red"),
        ("Metrics.loss", "0.5"),
        ("AlgorithmSpecification.MetricDefinitions.Name", "loss"),
        ("SecondaryStatusTransitions.Status", "Training"),
    ],
)
def test_a_search_goes_once_through_the_jobs_for_its_page_and_once_for_their_number(service, name, value):
    def cost() -> int:
        query = {"SearchExpression": {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}}
        return steps(service, lambda: service.call("Search", Resource="TrainingJob", MaxResults=1, **query))

    fill(service, 0, 10)
    few = cost()
    fill(service, 10, 40)
    assert cost() < 4.4 * few
    assert few < 10 * TRAINING_JOBS * 400


def test_slots_are_shared_fairly(make_service):
    """Five tuning jobs and two slots: none gets ahead of another by more than two."""
    service = make_service(max_parallel=2)
    service.script(
        """
import time
go = base.parents[2] / "go"
while not go.exists():
    time.sleep(0.01)
print("loss=1")
"""
    )
    names = [f"job-{n}" for n in range(5)]
    limits = {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 5}
    for name in names:
        service.tune(name, config={"ResourceLimits": limits})
    (service.directory / "go").write_text("")
    for name in names:
        service.ended(name)
    ends = sorted((trial["TrainingEndTime"], name) for name in names for trial in service.training_jobs(name))
    counts = dict.fromkeys(names, 0)
    for _, name in ends[:20]:
        counts[name] += 1
        assert max(counts.values()) - min(counts.values()) <= 2, counts

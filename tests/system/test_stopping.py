"""Ways in which a task ends before its tuning job: the job is stopped, or keeps running if it was to; never unseen.

The DAG runs are concurrent, and the tests wait for each other's as little as they can.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.models import TuningResult

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

WAIT_SECONDS = 420
"""Seconds; generous, for a busy machine."""
RUNS = {
    "marked failed": "stopping",
    "marked success": "stopping",
    "cleared": "stopping",
    "run marked failed": "stopping",
    "terminated": "terminated",
    "kept": "kept",
    "timed out": "timed_out",
    "run timed out": "run_timed_out",
    "execution timed out": "execution_timed_out",
    "unstorable": "unstorable",
    "unrendered": "unrendered",
}
MODES = ("sync", "deferred")


@dataclass
class Case:
    """A task instance, seen from outside."""

    demo: DemoSession
    dag_id: str
    run_id: str
    task_id: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.dag_id, self.run_id, self.task_id

    @property
    def state(self) -> str:
        return str(self.demo.airflow.api.task(*self.key)["state"])

    @property
    def tries(self) -> int:
        return int(self.demo.airflow.api.task(*self.key)["try_number"])

    @property
    def job(self) -> str | None:
        name: str | None = self.demo.airflow.api.xcom(*self.key, "tuning_job_name")
        return name

    def log(self, try_number: int = 1) -> str:
        return self.demo.airflow.api.log(*self.key, try_number)

    def status(self, job: str) -> str:
        answer = self.demo.service.client("sagemaker").describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=job
        )
        return str(answer["HyperParameterTuningJobStatus"])

    def trained(self, job: str) -> int:
        """How many training jobs have completed."""
        completed = self.demo.service.client("sagemaker").list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=job, StatusEquals="Completed"
        )
        return len(completed["TrainingJobSummaries"])

    def waiting(self) -> str:
        """The job's name, as soon as the task waits for it and has polled it."""

        def waits() -> str | None:
            if self.state not in ("running", "deferred"):
                return None
            job = self.job
            return job if job and f"{job}: InProgress" in self.log() else None

        return wait_until(waits, WAIT_SECONDS, f"{self.key} does not wait", every=0.5)

    def until(self, look: Callable[[], Any], complaint: str) -> Any:
        try:
            return wait_until(look, WAIT_SECONDS, complaint, every=0.5)
        except Exception as error:
            logs = "\n".join(self.log(n + 1) for n in range(self.tries))
            raise AssertionError(f"{complaint}; state {self.state}; log:\n{logs}") from error

    def until_stopped(self, job: str) -> None:
        """And no training job is left."""
        self.until(lambda: self.status(job) == "Stopped", f"{job} of {self.key} was not stopped")
        left = self.demo.service.client("sagemaker").list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=job, StatusEquals="InProgress"
        )
        assert not left["TrainingJobSummaries"]

    def until_nothing_runs(self) -> list[str]:
        """The names of the task's jobs: none, if its time was over before it had made one."""
        base = Owner(self.dag_id, self.task_id, self.run_id).base_name
        jobs = self.demo.service.client("sagemaker").list_hyper_parameter_tuning_jobs(NameContains=base)
        names = [
            summary["HyperParameterTuningJobName"] for summary in jobs["HyperParameterTuningJobSummaries"]
        ]
        for name in names:
            self.until_stopped(name)
        return names

    def until_state(self, *states: str) -> None:
        self.until(lambda: self.state in states, f"{self.key} did not become {' or '.join(states)}")


Find = Callable[[str, str], Case]


@pytest.fixture(scope="module")
def find(demo: DemoSession) -> Iterator[Find]:
    """The task instance of a case in a mode. At the end, what was left running on purpose is stopped."""
    runs = {}
    for name, dag_id in RUNS.items():
        demo.airflow.api.wait_for_dag(dag_id)
        runs[name] = run_id = demo.airflow.api.trigger(dag_id)

        def begun(dag_id: str = dag_id, run_id: str = run_id) -> bool:
            states = [task["state"] for task in demo.airflow.api.tasks(dag_id, run_id)]
            return bool(states) and not {None, "scheduled", "queued"} & set(states)

        # Not all at the same time: some machines are too slow to start that number of workers in time.
        wait_until(begun, WAIT_SECONDS, f"the tasks of {dag_id} are not started")
    yield lambda name, mode: Case(demo, RUNS[name], runs[name], mode)
    sagemaker = demo.service.client("sagemaker")
    for page in sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate(
        StatusEquals="InProgress"
    ):
        for summary in page["HyperParameterTuningJobSummaries"]:
            sagemaker.stop_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=summary["HyperParameterTuningJobName"]
            )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("state", ["failed", "success"])
def test_marking_the_task_stops_the_job(find: Find, mode: str, state: str) -> None:
    case = find(f"marked {state}", mode)
    job = case.waiting()
    case.demo.airflow.api.mark_task(*case.key, state)
    case.until_stopped(job)
    assert case.state == state


def test_marking_the_run_failed_stops_the_jobs_of_its_tasks(find: Find) -> None:
    cases = [find("run marked failed", mode) for mode in MODES]
    jobs = [case.waiting() for case in cases]
    cases[0].demo.airflow.api.mark_run(cases[0].dag_id, cases[0].run_id, "failed")
    for case, job in zip(cases, jobs, strict=True):
        case.until_stopped(job)


@pytest.mark.parametrize("mode", MODES)
def test_a_cleared_task_waits_for_one_job_again(find: Find, mode: str) -> None:
    case = find("cleared", mode)
    first = case.waiting()
    case.demo.airflow.api.clear_task(*case.key)

    def again() -> str | None:
        job = case.job
        if job is None or case.state not in ("running", "deferred") or case.status(job) != "InProgress":
            return None
        rejoined = job == first and "of this task is still running" in case.log(2)
        return job if job != first or rejoined else None

    second = case.until(again, "the cleared task does not wait again")
    if first != second:
        case.until_stopped(first)
    assert case.status(second) == "InProgress"
    # Its trigger is to stop the job; before that has started, the API server would: test_marked_tasks.py.
    case.until(lambda: f"{second}: InProgress" in case.log(2), "the cleared task has not polled its job")
    case.demo.airflow.api.mark_task(*case.key, "failed")
    case.until_stopped(second)


@pytest.mark.parametrize("mode", MODES)
def test_the_timeout_stops_the_job(find: Find, mode: str) -> None:
    case = find("timed out", mode)
    case.until_state("failed")
    job = case.job
    assert job is not None
    case.until_stopped(job)
    assert "did not end within its timeout" in case.log()


@pytest.mark.parametrize("mode", MODES)
def test_the_timeout_of_the_dag_run_stops_the_job(find: Find, mode: str) -> None:
    case = find("run timed out", mode)
    case.until_state("failed", "skipped")
    case.until_nothing_runs()


def test_execution_timeout_stops_the_job(find: Find) -> None:
    case = find("execution timed out", "sync")
    case.until_state("failed")
    case.until_nothing_runs()
    assert "AirflowTaskTimeout" in case.log()


@pytest.mark.skipif(not has("trigger_on_kill"), reason="Airflow 3.3+")
def test_a_deferral_that_cannot_be_stored_stops_the_job(find: Find) -> None:
    case = find("unstorable", "deferred")
    case.until_state("failed")
    job = case.job
    assert job is not None
    case.until_stopped(job)


def test_a_last_try_whose_templates_cannot_be_rendered_stops_the_job_of_the_one_before(find: Find) -> None:
    case = find("unrendered", "sync")
    job = case.waiting()
    os.kill(case.demo.airflow.api.task(*case.key)["pid"], signal.SIGKILL)
    case.until_state("failed")
    case.until_stopped(job)
    assert "'nothing' is undefined" in case.log(2)


def test_sigterm_at_the_worker_leaves_the_job_to_the_next_try(find: Find) -> None:
    """As when its node is drained; then a person clears the task while it runs, and one marks it failed."""
    case = find("terminated", "sync")
    job = case.waiting()
    terminate(case)
    case.until(lambda: case.tries == 2 and f"{job}: InProgress" in case.log(2), "there is no second try")
    assert "TuningTaskInterruptedError" in case.log(1)
    assert (case.job, case.status(job)) == (job, "InProgress")
    case.demo.airflow.api.clear_task(*case.key)
    case.until(lambda: case.tries == 3 and f"{job}: InProgress" in case.log(3), "there is no third try")
    assert (case.job, case.status(job)) == (job, "InProgress")
    case.demo.airflow.api.mark_task(*case.key, "failed")
    case.until_stopped(job)
    assert f"Stopping tuning job {job}" in case.log(3), "not by the worker"


def test_sigterm_at_the_worker_delivers_no_part_of_a_search(demo: DemoSession) -> None:
    """``on_stopped="use_best"`` is for jobs that a person stops: the next try delivers the whole search."""
    demo.airflow.api.wait_for_dag("half_done")
    case = Case(demo, "half_done", demo.airflow.api.trigger("half_done"), "sync")
    job = case.waiting()
    case.until(lambda: case.trained(job), "no training job has completed")
    terminate(case)
    case.until_state("success")
    result = TuningResult.from_xcom(case.demo.airflow.api.xcom(*case.key))
    assert (result.tuning_job_name, result.status) == (job, "Completed")
    assert (case.trained(job), case.tries) == (4, 2)


def test_sigterm_in_the_last_try_stops_the_job(find: Find) -> None:
    """Airflow fails the task for good."""
    case = find("terminated", "last")
    job = case.waiting()
    terminate(case)
    case.until_state("failed")
    case.until_stopped(job)


def terminate(case: Case) -> None:
    os.kill(case.demo.airflow.api.task(*case.key)["pid"], signal.SIGTERM)


@pytest.mark.parametrize("mode", MODES)
def test_stop_on_kill_false_leaves_the_job_running_and_says_where(find: Find, mode: str) -> None:
    case = find("kept", mode)
    job = case.waiting()
    case.demo.airflow.api.mark_task(*case.key, "failed")
    case.until(lambda: "stop_on_kill=False" in case.log(), "the log does not say that the job keeps running")
    assert job in case.log()
    assert case.status(job) == "InProgress"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_triggerer_stops_no_job_and_the_wait_continues(
    demo: DemoSession, number: signal.Signals
) -> None:
    """Near the end: the triggerer is away for a while."""
    api = demo.airflow.api
    api.wait_for_dag("going_on")
    case = Case(demo, "going_on", api.trigger("going_on"), "deferred")
    job = case.waiting()
    end_triggerer(demo, number)
    assert case.status(job) == "InProgress"
    demo.airflow.component("triggerer").start()
    keeps_running(case, job)


def test_a_deferral_that_fails_stops_the_job_and_a_new_triggerer_starts_the_next(demo: DemoSession) -> None:
    """Last, and with a triggerer that is restarted: this one would never start a trigger of the same id.

    Airflow (3.1 to 3.3.2, ``jobs/triggerer_job_runner.py``): ``TriggerRunner.create_triggers`` reports a trigger that
    it cannot load or make as failed, but never as finished. So ``TriggerRunnerSupervisor`` keeps its id in
    ``running_triggers`` and ``cancelling_triggers``, and ``update_triggers`` takes a new trigger of that id for one
    that it knows. SQLite reuses the id of the last row as soon as that is deleted; PostgreSQL and MySQL do not.
    """
    api = demo.airflow.api
    for dag_id in ("undeferrable", "going_on"):
        api.wait_for_dag(dag_id)
    case = Case(demo, "undeferrable", api.trigger("undeferrable"), "deferred")
    try:
        case.until_state("failed")
        job = case.job
        assert job is not None
        case.until_stopped(job)
    finally:
        end_triggerer(demo, signal.SIGTERM)
        demo.airflow.component("triggerer").start()
    following = Case(demo, "going_on", api.trigger("going_on"), "deferred")
    keeps_running(following, following.waiting())


def end_triggerer(demo: DemoSession, number: signal.Signals) -> None:
    triggerer = demo.airflow.component("triggerer")
    assert triggerer.pid is not None
    os.kill(triggerer.pid, number)
    triggerer.join()
    triggerer.kill()  # what it has started


def keeps_running(case: Case, job: str) -> None:
    """The job comes to its own end, in the task's first try."""
    api = case.demo.airflow.api
    assert api.wait_for_run(case.dag_id, case.run_id, WAIT_SECONDS) == "success"
    result = TuningResult.from_xcom(api.xcom(*case.key))
    assert (result.tuning_job_name, result.status) == (job, "Completed")
    assert api.task(*case.key)["try_number"] == 1

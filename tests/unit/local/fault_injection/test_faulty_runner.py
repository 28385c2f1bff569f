"""Training jobs that fail by injection."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.local.fault_injection.rules import TrainingJobFault
from airflow_hpt_provider.local.fault_injection.runner import FaultyRunner, TrainingJobFaults
from airflow_hpt_provider.local.runners.contract import AttemptListener, AttemptResult, Metric, TrainingSpec
from airflow_hpt_provider.models.rules.space import OBJECTIVE_HYPERPARAMETER

if TYPE_CHECKING:
    from collections.abc import Mapping

REASON = "AlgorithmError: as the test has it"


def spec(number: int = 1, *, attempt: int = 1, job: str = "job", tuned: bool = True) -> TrainingSpec:
    return TrainingSpec(
        name=f"{job}-{number:03d}-0e830ada",
        arn="arn",
        definition={},
        hyperparameters={OBJECTIVE_HYPERPARAMETER: "loss"} if tuned else {},
        directory=Path(),
        attempt=attempt,
    )


def faulted(fault: dict[str, Any], specs: list[TrainingSpec]) -> list[TrainingSpec]:
    faults = TrainingJobFaults([TrainingJobFault.model_validate({"reason": REASON, **fault})])
    return [each for each in specs if faults.fault_of(each)]


def test_by_number_only_trials_of_tuning_jobs() -> None:
    specs = [spec(1), spec(2), spec(12), spec(2, job="other"), spec(2, tuned=False)]
    assert faulted({"numbers": [2, 12]}, specs) == [specs[1], specs[2], specs[3]]
    assert faulted({"numbers": [2], "training_job": "oth*"}, specs) == [specs[3]]
    assert faulted({}, specs) == specs


def test_first_attempts_only() -> None:
    specs = [spec(1, attempt=n) for n in (1, 2, 3)]
    assert faulted({"attempts": 2}, specs) == specs[:2]


def test_a_seed_means_the_same_trials_whatever_order_they_come_in() -> None:
    specs = [spec(n) for n in range(1, 1001)]
    found = faulted({"rate": 0.3, "seed": 5}, specs)
    assert 240 < len(found) < 360
    assert faulted({"rate": 0.3, "seed": 5}, specs[::-1]) == found[::-1]
    assert faulted({"rate": 0.3, "seed": 6}, specs) != found


@dataclass
class Process:
    """An attempt under the test's control, in place of a process."""

    listener: AttemptListener
    killed: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None: ...

    def kill(self) -> None:
        self.killed.set()
        self.listener.on_status("Uploading", "", 2.0)
        self.listener.on_end(AttemptResult(model_artifact="s3://bucket/model.tar.gz"))


@dataclass
class Processes:
    """A runner of those."""

    started: list[Process] = field(default_factory=list)

    def check(self, definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> None: ...

    def start(self, spec: TrainingSpec, listener: AttemptListener) -> Process:
        self.started.append(Process(listener))
        listener.on_status("Training", "", 1.0)
        listener.on_metrics([Metric("loss", 0.5, 1.0)], 10)
        return self.started[-1]

    resume = start

    def close(self) -> None: ...


@dataclass
class Told:
    """A listener's reports."""

    statuses: list[str] = field(default_factory=list)
    metrics: list[float] = field(default_factory=list)
    ends: list[AttemptResult] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def listener(self) -> AttemptListener:
        def on_end(ended: AttemptResult) -> None:
            self.ends.append(ended)
            self.ended.set()

        return AttemptListener(
            on_status=lambda status, message, when: self.statuses.append(status),
            on_metrics=lambda metrics, position: self.metrics.extend(metric.value for metric in metrics),
            on_end=on_end,
        )


def run(**fields: Any) -> tuple[FaultyRunner, Processes]:
    processes = Processes()
    fault = TrainingJobFault.model_validate({"reason": REASON, **fields})
    return FaultyRunner(processes, TrainingJobFaults([fault])), processes


def test_what_is_not_faulted_is_the_other_runners() -> None:
    runner, processes = run(numbers=[2])
    reported = Told()
    assert runner.start(spec(1), reported.listener()) is processes.started[0]
    assert reported.ends == []


@pytest.mark.parametrize("lost", [False, True])
def test_what_runs_when_it_is_taken_up_again_is_killed(lost: bool) -> None:
    """The service came back with a fault that it had not before: the process must not run on, alone."""
    runner, processes = run()
    reported = Told()
    runner.resume(spec(), reported.listener())
    if lost:
        processes.started[0].listener.on_end(AttemptResult(lost=True))
    assert reported.ended.wait(30)
    assert reported.ends[0] == AttemptResult(failure_reason=REASON)
    assert lost or processes.started[0].killed.wait(30)


def test_immediately_without_a_process() -> None:
    runner, processes = run()
    reported = Told()
    runner.start(spec(), reported.listener())
    assert reported.ends == [AttemptResult(failure_reason=REASON)]
    assert reported.statuses == ["Training"]
    assert processes.started == []


def test_an_internal_error_may_be_tried_again() -> None:
    runner, _ = run(reason="InternalServerError: We encountered an internal error. Please try again.")
    reported = Told()
    runner.start(spec(), reported.listener())
    assert reported.ends[0].internal


def test_after_a_while_with_the_metrics_until_then() -> None:
    runner, processes = run(seconds=0.02)
    reported = Told()
    runner.start(spec(), reported.listener())
    assert reported.ended.wait(30)
    assert processes.started[0].killed.is_set()
    assert reported.ends == [AttemptResult(failure_reason=REASON)]
    assert (reported.statuses, reported.metrics) == (["Training"], [0.5])


def test_one_that_ends_before_that_fails_too_but_a_lost_one_is_lost() -> None:
    for ended, expected in (
        (AttemptResult(), AttemptResult(failure_reason=REASON)),
        (AttemptResult(lost=True), AttemptResult(lost=True)),
    ):
        runner, processes = run(seconds=3600)
        reported = Told()
        runner.start(spec(), reported.listener())
        processes.started[0].listener.on_end(ended)
        assert reported.ends == [expected]
        assert not processes.started[0].killed.is_set()


def test_stopping_one_kills_the_process_once() -> None:
    runner, processes = run(seconds=3600)
    reported = Told()
    running = runner.start(spec(), reported.listener())
    running.stop()
    running.kill()
    assert processes.started[0].killed.is_set()
    assert len(reported.ends) == 1

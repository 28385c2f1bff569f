"""Following a run of the example DAG: its tuning job's progress, its outcome, what to print of both."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.demo.airflow_api import FINISHED
from airflow_hpt_provider.demo.errors import DemoTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from airflow_hpt_provider.demo.airflow_api import AirflowApi
    from airflow_hpt_provider.demo.display import Display

DAG_ID = "tune_and_register"
TUNE, REGISTER = "tune", "register"
LOOK_EVERY_SECONDS = 0.5


@dataclass
class DemoRun:
    """One run of the example DAG.

    Attributes:
        api: of the Airflow it runs in.
        sagemaker: a boto3 client of the service that tunes.
        run_id: Airflow's.
    """

    api: AirflowApi
    sagemaker: Any
    run_id: str

    @classmethod
    def start(cls, api: AirflowApi, sagemaker: Any) -> DemoRun:
        """Wait until Airflow has read the DAG file, and trigger a run."""
        api.wait_for_dag(DAG_ID)
        return cls(api, sagemaker, api.trigger(DAG_ID))

    def follow(self, check: Callable[[], None], display: Display, timeout: float) -> bool:
        """Show progress until the run ends; whether it succeeded.

        Args:
            check: raises when something that should run has ended.
            display: where to show it.
            timeout: in seconds.

        Raises:
            DemoTimeoutError: the run has not ended after ``timeout`` seconds.
        """
        started = time.monotonic()
        job = None
        while True:
            check()
            state = self.api.run_state(DAG_ID, self.run_id)
            job = job or self.api.xcom(DAG_ID, self.run_id, TUNE, "tuning_job_name")
            elapsed = time.monotonic() - started
            display.update(self._progress(job), f" · {elapsed:.0f} s")
            if state in FINISHED:
                display.finish()
                return state == "success"
            if elapsed > timeout:
                raise DemoTimeoutError(f"Run {self.run_id} has not ended after {timeout:g} s.")
            time.sleep(LOOK_EVERY_SECONDS)

    def _progress(self, job: str | None) -> str:
        if job is None:
            return "  Airflow is starting the task"
        answer = self.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)
        return progress_line(answer)

    def results(self) -> Iterator[str]:
        """Yield the results of the run, line by line, read from its XComs."""
        best = self.api.xcom(DAG_ID, self.run_id, TUNE, "best_training_job")
        registered = self.api.xcom(DAG_ID, self.run_id, REGISTER)
        objective = best["FinalHyperParameterTuningJobObjectiveMetric"]
        final_metric = self.api.xcom(DAG_ID, self.run_id, TUNE, "final_metric")
        yield f"Best training job    {best['TrainingJobName']}"
        for name, value in sorted(best["TunedHyperParameters"].items()):
            yield f"  {name:<19}{value}"
        yield f"Final metric         {objective['MetricName']} = {final_metric:.6f}"
        yield f"Model artifact       {best['ModelArtifacts']['S3ModelArtifacts']}"
        yield f"Model package        {registered['model_package_arn']}"

    def failures(self, log_lines: int = 30) -> Iterator[str]:
        """Yield the failed tasks, each with the end of its log."""
        for task in self.api.tasks(DAG_ID, self.run_id):
            if task["state"] == "failed":
                log = self.api.log(DAG_ID, self.run_id, task["task_id"], task["try_number"])
                yield f"Task {task['task_id']} failed. The end of its log:"
                yield from (f"  {line}" for line in log.splitlines()[-log_lines:])


def progress_line(answer: Mapping[str, Any]) -> str:
    """Format DescribeHyperParameterTuningJob's response in one line."""
    counters = answer["TrainingJobStatusCounters"]
    limit = answer["HyperParameterTuningJobConfig"]["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    failed = counters.get("RetryableError", 0) + counters.get("NonRetryableError", 0)
    parts = [f"{counters.get('Completed', 0)} of {limit} training jobs done"]
    parts += [
        f"{count} {word}"
        for count, word in ((counters.get("InProgress"), "running"), (failed, "failed"))
        if count
    ]
    metric = answer.get("BestTrainingJob", {}).get("FinalHyperParameterTuningJobObjectiveMetric")
    if metric:
        parts.append(f"best {metric['Value']:.5f}")
    if answer["HyperParameterTuningJobStatus"] == "Completed":
        parts.append("registering it")
    return "  " + " · ".join(parts)

"""A scripted SageMaker that also creates tuning jobs, which run until the benchmark lets them end."""

from __future__ import annotations

from typing import Any

from tests.support.scripted_sagemaker import ACCOUNT, REGION, Fault, ScriptedJob, ScriptedSageMaker

FOREVER = 10.0**9
"""Seconds; longer than any benchmark."""
POLLS = ("DescribeHyperParameterTuningJob", "ListHyperParameterTuningJobs", "StopHyperParameterTuningJob")


class CreatingSageMaker(ScriptedSageMaker):
    """The script, with Create and without tags."""

    def answer(self, operation: str, body: dict[str, Any], key: str = "") -> dict[str, Any] | Fault:
        """One call."""
        if operation in POLLS:
            return super().answer(operation, body, key)
        self.calls[operation] += 1
        self.times.append((self.clock(), operation))
        if operation == "CreateHyperParameterTuningJob":
            now = self.clock()
            job = ScriptedJob(body["HyperParameterTuningJobName"], now, now + FOREVER)
            self.add([job])
            return {"HyperParameterTuningJobArn": job.arn}
        if operation == "ListTags":
            return {"Tags": []}
        if operation == "DescribeTrainingJob":
            return self._training_job(body["TrainingJobName"])
        if operation.startswith("List"):
            return {"TrainingJobSummaries": []}
        return {}

    def _training_job(self, name: str) -> dict[str, Any]:
        now = self.clock()
        return {
            "TrainingJobName": name,
            "TrainingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{name.lower()}",
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://bench/models/{name}/output/model.tar.gz"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "CreationTime": now - 60,
            "TrainingEndTime": now,
        }

    def end_jobs(self, prefix: str, first: float, window: float) -> dict[str, float]:
        """Let the jobs of a prefix end one after the other; the times of their ends, by name.

        Args:
            prefix: of their names.
            first: seconds from now to the first end.
            window: seconds from the first to the last end.
        """
        jobs = [job for job in self._order if job.name.startswith(prefix)]
        now = self.clock()
        for number, job in enumerate(jobs):
            job.ends = now + first + window * number / max(1, len(jobs) - 1)
        return {job.name: job.ends for job in jobs}

    def polls_between(self, begin: float, end: float) -> int:
        """Return the number of calls between two times."""
        return sum(begin <= at < end for at, _ in self.times)

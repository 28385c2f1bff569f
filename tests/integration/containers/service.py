"""A local tuning service in this process, whose training jobs all run in containers.

``python -m tests.integration.containers.service DIRECTORY ENGINE REQUEST`` starts one that can be killed, creates a
training job with these members, says "ready", and stays.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
import time
from pathlib import Path

from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.engine.engine import Engine
from airflow_hpt_provider.local.engine.naming import Arns
from airflow_hpt_provider.local.operations.local_operations import LocalOperations
from airflow_hpt_provider.local.runners.containers.containers import Containers
from airflow_hpt_provider.local.runners.containers.engine import EngineFinder
from airflow_hpt_provider.local.runners.subprocess_runner import SubprocessRunner
from airflow_hpt_provider.local.s3.objects import ObjectStore

URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/algorithm:1"


class Service:
    """A service whose images all run in containers."""

    def __init__(
        self, directory: Path, programs=("docker",), *, pull=False, grace_period=120.0, images=None
    ) -> None:
        self.directory = directory
        self.objects = ObjectStore(directory / "s3")
        self.objects.create_bucket("bucket", exist_ok=True)
        containers = Containers(EngineFinder(programs), pull=pull)
        self.runner = SubprocessRunner(self.objects, containers=containers, images=images)
        database = open_database(directory / "jobs.sqlite")
        arns = Arns("us-east-1", "123456789012")
        self.engine = Engine(
            database, self.runner, directory, arns, max_parallel=2, grace_period=grace_period
        )
        self.operations = LocalOperations(self.engine)
        self.operations.start()

    def create(self, name="job", uri=URI, algorithm=None, **members):
        request = {
            "TrainingJobName": name,
            "HyperParameters": {"x": "0.5"},
            "AlgorithmSpecification": {
                "TrainingImage": uri,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+0-9.e]+)"}],
                **(algorithm or {}),
            },
            "RoleArn": "arn:aws:iam::123456789012:role/tuning",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **members,
        }
        self.operations.call("CreateTrainingJob", request)

    def describe(self, name="job"):
        return self.operations.call("DescribeTrainingJob", {"TrainingJobName": name})

    def stop(self, name="job"):
        self.operations.call("StopTrainingJob", {"TrainingJobName": name})

    def ended(self, wait_until, name="job"):
        def done():
            job = self.describe(name)
            return None if job["TrainingJobStatus"] in ("InProgress", "Stopping") else job

        return wait_until(done)

    def model(self, name="job"):
        """The model's files, by name."""
        archive = self.objects.get("bucket", f"output/{name}/output/model.tar.gz")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            return {each.name: tar.extractfile(each).read().decode() for each in tar if each.isfile()}


if __name__ == "__main__":
    service = Service(Path(sys.argv[1]), (sys.argv[2],))
    service.create(**json.loads(sys.argv[3]))
    print("ready", flush=True)
    time.sleep(600)

"""Training jobs as processes of this machine; some of them in containers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.algorithms import trainable
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners import cluster, script_mode
from airflow_hpt_provider.local.runners.attempt import Attempt
from airflow_hpt_provider.local.runners.command import CommandMaker, image_uri
from airflow_hpt_provider.local.runners.containers.containers import Containers
from airflow_hpt_provider.local.runners.containers.images import ImageMap
from airflow_hpt_provider.local.runners.context import RunnerContext
from airflow_hpt_provider.local.runners.data import channels, checkpoints
from airflow_hpt_provider.local.runners.data.file_systems import FileSystems
from airflow_hpt_provider.local.runners.data.s3 import S3Uri
from airflow_hpt_provider.local.runners.devices import DevicePool
from airflow_hpt_provider.local.runners.log import LogFollower
from airflow_hpt_provider.local.runners.metrics import compile_regex
from airflow_hpt_provider.models.algorithms import find_algorithm
from airflow_hpt_provider.models.rules.space import OBJECTIVE_HYPERPARAMETER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow_hpt_provider.local.runners.contract import AttemptListener, RunningJob, TrainingSpec
    from airflow_hpt_provider.local.runners.requirements import Environments
    from airflow_hpt_provider.local.runners.sandbox.sandbox import Sandbox
    from airflow_hpt_provider.local.s3.objects import ObjectStore

CLOSE_TIMEOUT = 10.0
"""Seconds to wait for each attempt's thread, once its processes have been killed."""


class SubprocessRunner:
    """A :class:`~airflow_hpt_provider.local.runners.contract.Runner` that starts processes.

    Args:
        objects: where channels come from and artifacts go.
        images: the file given as ``--images``, if one was.
        containers: for the images that no command stands for.
        region: given to the jobs as AWS_REGION.
        sandbox: makes a sandbox for each job that is a process; None: bare processes.
        environments: with what scripts require; None: their requirements.txt is not installed.
        devices: shares out GPUs and CPUs; None: evenly among as many jobs as there are CPUs.
        max_hosts: maximum number of hosts of a training job.

    Raises:
        ValueError, OSError: the images file can't be used.
    """

    def __init__(
        self,
        objects: ObjectStore,
        *,
        images: Path | None = None,
        region: str = "us-east-1",
        containers: Containers | None = None,
        sandbox: Sandbox | None = None,
        environments: Environments | None = None,
        devices: DevicePool | None = None,
        max_hosts: int = cluster.MAX_HOSTS,
    ) -> None:
        self._max_hosts = max_hosts
        self._follower = LogFollower()
        self._images = ImageMap.load(images)
        self._containers = containers or Containers()
        self._file_systems = FileSystems.load(images)
        commands = CommandMaker(
            self._images, self._containers, objects, region, sandbox, environments, self._file_systems
        )
        self._means = RunnerContext(commands, objects, self._follower, devices or DevicePool())
        self._attempts: set[Attempt] = set()
        self._lock = threading.Lock()
        self._follower.start()

    def check(self, definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> None:
        """Refuse what a process of this machine can't have."""
        self._check_hosts(definition, hyperparameters)
        channels.check(definition)
        self._file_systems.check(definition)
        S3Uri.parse(definition["OutputDataConfig"]["S3OutputPath"])
        checkpoints.check(definition)
        specification = definition["AlgorithmSpecification"]
        for metric in specification.get("MetricDefinitions") or ():
            compile_regex(metric["Name"], metric["Regex"])
        self._check_objective(specification, image_uri(definition), hyperparameters)
        if script_mode.is_script_mode(hyperparameters):
            script_mode.check(hyperparameters)
            return
        self._check_image(image_uri(definition))
        self._check_trainer(definition, hyperparameters)

    def start(self, spec: TrainingSpec, listener: AttemptListener) -> RunningJob:
        """Start the attempt in a thread."""
        return self._begin(spec, listener, resume=False)

    def resume(self, spec: TrainingSpec, listener: AttemptListener) -> RunningJob:
        """Look for the attempt's process, in a thread."""
        return self._begin(spec, listener, resume=True)

    def close(self) -> None:
        """Kill every process group and wait until all are gone."""
        self._means.closing.set()
        with self._lock:
            attempts = list(self._attempts)
        for attempt in attempts:
            attempt.kill()
        for attempt in attempts:
            attempt.join(CLOSE_TIMEOUT)
        self._follower.close()

    def _check_hosts(self, definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> None:
        """Refuse more hosts than this machine can have, or than the algorithm trains on."""
        commands, uri = self._means.commands, image_uri(definition)
        in_container = commands.runs_in_container(definition, hyperparameters)
        scripted = script_mode.is_script_mode(hyperparameters) or self._images.find(uri) is not None
        built_in = find_algorithm(uri) if not scripted and not in_container else None
        cluster.check(
            definition,
            self._max_hosts,
            alone=f"the built-in algorithm {built_in.name}" if built_in else None,
            networked=in_container or commands.sandbox is not None,
        )

    def _check_objective(
        self, specification: Mapping[str, Any], uri: str, hyperparameters: Mapping[str, str]
    ) -> None:
        """Refuse a built-in algorithm's objective that no known regex finds, before the training is paid for."""
        objective = hyperparameters.get(OBJECTIVE_HYPERPARAMETER)
        given = specification.get("MetricDefinitions") or ()
        known = {each["Name"] for each in self._images.metric_definitions(uri, given, objective)}
        if find_algorithm(uri) is not None and objective is not None and objective not in known:
            raise ServiceError(
                "ValidationException",
                f"The regex of the metric '{objective}' of the built-in algorithm is unknown to the local service: "
                "give it in `metrics` of an [[image]] table of --images FILE.",
            )

    def _check_trainer(self, definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> None:
        """Refuse what the service's own trainer cannot do, before the training is paid for."""
        uri = image_uri(definition)
        if self._images.find(uri) is not None or trainable.command(uri) is None:
            return
        problem = trainable.unsupported(definition, hyperparameters)
        if problem is not None:
            raise ServiceError(
                "ValidationException",
                f"{problem}; or map the image to a command of your own, in an [[image]] table of --images FILE.",
            )

    def _check_image(self, uri: str) -> None:
        """Check that a command stands for the image, or that it can run in a container."""
        image = self._images.find(uri)
        if (image is not None and not image.container) or (image is None and trainable.command(uri)):
            return
        engine = self._containers.engines.find()
        if engine is not None:
            self._containers.check(engine, uri)
            return
        start_engine = "start docker or podman, neither of which answers, to run the image itself"
        if image is not None:
            raise ServiceError(
                "ValidationException",
                f"The training image '{uri}' is to run in a container ({self._images.path}): {start_engine}.",
            )
        if self._images.path is None:
            remedy = "start the local tuning service with --images FILE, where FILE has an [[image]] table"
        else:
            remedy = (
                f"add an [[image]] table to {self._images.path} and restart the local tuning service: one"
            )
        algorithm = find_algorithm(uri)
        reason = trainable.why_not(algorithm) if algorithm is not None else None
        reason = reason or f"No command is known for the training image '{uri}'"
        raise ServiceError(
            "ValidationException",
            f"{reason}: {remedy} whose `match` is a glob on this URI and "
            f"whose `command` is what to run; or {start_engine}; or use script mode (hyperparameters "
            "sagemaker_program and sagemaker_submit_directory).",
        )

    def _begin(self, spec: TrainingSpec, listener: AttemptListener, *, resume: bool) -> RunningJob:
        attempt = Attempt(spec, listener, self._means, on_gone=self._gone)
        with self._lock:
            self._attempts.add(attempt)
        attempt.begin(resume=resume)
        return attempt

    def _gone(self, attempt: Attempt) -> None:
        with self._lock:
            self._attempts.discard(attempt)

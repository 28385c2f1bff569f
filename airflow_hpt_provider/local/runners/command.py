"""What an attempt runs: the image's command, script mode's, or the image itself in a container."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.algorithms import trainable
from airflow_hpt_provider.local.runners import process, requirements, script_mode
from airflow_hpt_provider.local.runners.containers import containers
from airflow_hpt_provider.local.runners.data.file_systems import FileSystems
from airflow_hpt_provider.local.runners.failures import ClientFailure
from airflow_hpt_provider.local.runners.opt_ml import OPT_ML, OptMlTree, checkpoint_path
from airflow_hpt_provider.local.runners.sandbox import leader
from airflow_hpt_provider.local.runners.sandbox.sandbox import HOME, TEMPORARY, Place, Sandbox
from airflow_hpt_provider.local.runners.variables import BASE_DIRECTORY, INTERFACE, environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.runners.containers.containers import Containers
    from airflow_hpt_provider.local.runners.containers.images import ImageMap
    from airflow_hpt_provider.local.runners.contract import TrainingSpec
    from airflow_hpt_provider.local.runners.devices import Devices
    from airflow_hpt_provider.local.runners.host_job import HostJob
    from airflow_hpt_provider.local.s3.objects import ObjectStore


@dataclass(frozen=True)
class Command:
    """What to run, where, and with what environment, the whole of it; ``leader`` is the shell that starts it."""

    argv: tuple[str, ...]
    working_directory: Path
    environment: Mapping[str, str]
    leader: str = process.LEADER


@dataclass(frozen=True)
class CommandMaker:
    """Makes the command of an attempt.

    Attributes:
        images: which command stands for which image.
        containers: for those that none stands for.
        objects: where script mode's code is.
        region: given to the jobs as AWS_REGION.
        sandbox: makes sandboxes for the jobs; None: they are bare processes.
        environments: those with what scripts require; None: nothing is installed.
        file_systems: the directories of channels on file systems.
    """

    images: ImageMap
    containers: Containers
    objects: ObjectStore
    region: str
    sandbox: Sandbox | None = None
    environments: requirements.Environments | None = None
    file_systems: FileSystems = field(default_factory=FileSystems)

    def runs_in_container(self, definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> bool:
        """Return whether a training job's image itself runs, in a container."""
        if script_mode.is_script_mode(hyperparameters):
            return False
        uri = image_uri(definition)
        image = self.images.find(uri)
        return image.container if image is not None else trainable.command(uri) is None

    def trains(self, definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> bool:
        """Return whether the service's own trainer of a built-in algorithm runs a training job."""
        uri = image_uri(definition)
        has_program = self.images.find(uri) is not None or script_mode.is_script_mode(hyperparameters)
        return not has_program and trainable.command(uri) is not None

    def interface(self, spec: TrainingSpec) -> str:
        """Return the name of the network interface between the hosts of a job."""
        return "eth0" if self.runs_in_container(spec.definition, spec.hyperparameters) else INTERFACE

    def make(self, job: HostJob, devices: Devices) -> Command:
        """Return the command of a host of a training job; in script mode, its code is fetched first.

        Args:
            devices: the host's share of the machine.

        Raises:
            ClientFailure: there is no such code, or nothing any more that could run the image.
        """
        spec = job.spec
        if script_mode.is_script_mode(spec.hyperparameters):
            return self._script(job, devices)
        uri = image_uri(spec.definition)
        image = self.images.find(uri)
        trainer = trainable.command(uri) if image is None else None
        if trainer is not None:
            argv = (*trainer, *self._checkpoints(job))
            return self._process(job, argv, None, devices.variables(), devices)
        if image is None or image.container:
            return self._container(job, uri, image.environment if image else {})
        specification = spec.definition["AlgorithmSpecification"]
        argv = (
            *(specification.get("ContainerEntrypoint") or image.command),
            *(specification.get("ContainerArguments") or ()),
        )
        if image.arguments and "ContainerArguments" not in specification:
            argv += tuple(script_mode.arguments(spec.hyperparameters))
        variables = {**devices.variables(), **image.environment}
        return self._process(job, argv, image.directory, variables, devices)

    def _checkpoints(self, job: HostJob) -> tuple[str, ...]:
        """Return the directory of the job's checkpoints, as the job sees it; nothing if it has none."""
        definition = job.spec.definition
        own, inside = job.tree.checkpoints(definition), checkpoint_path(definition)
        if own is None or inside is None:
            return ()
        return (str(inside if self.sandbox is not None else own),)

    def _script(self, job: HostJob, devices: Devices) -> Command:
        hyperparameters = job.spec.hyperparameters
        script_mode.fetch_code(hyperparameters, self.objects, job.tree)
        python = self._requirements(job.tree, job.directory / "log")
        argv = script_command(hyperparameters, OptMlTree(Path(OPT_ML)), python)
        directory = Path(OPT_ML, "code")
        return self._process(job, argv, directory, devices.variables(), devices, python)

    def _requirements(self, tree: OptMlTree, log: Path) -> Path | None:
        """Install requirements.txt; return the interpreter that has it, None for the service's."""
        if self.environments is not None:
            return self.environments.python(tree.code, log)
        if (tree.code / requirements.NAME).is_file():
            note = "requirements.txt is not installed (--no-install): the job runs in the service's environment\n"
            log.write_text(note, encoding="utf-8")
        return None

    def _process(
        self,
        job: HostJob,
        argv: tuple[str, ...],
        directory: Path | None,
        image_variables: Mapping[str, str],
        devices: Devices,
        python: Path | None = None,
    ) -> Command:
        """Return the command of a process or sandbox; its words and directory name ``/opt/ml``."""
        arguments = script_mode.arguments(job.spec.hyperparameters)
        if self.sandbox is not None:
            inside = environment(
                job,
                OptMlTree(Path(OPT_ML)),
                image=image_variables,
                arguments=arguments,
                region=self.region,
                devices=devices,
                python=python,
                home=HOME,
                temporary=Path(TEMPORARY[0]),
            )
            return self._sandboxed(self.sandbox, job, argv, directory, inside, python)
        spec, tree = job.spec, job.tree
        variables = environment(
            job,
            tree,
            image=image_variables,
            arguments=arguments,
            region=self.region,
            devices=devices,
            python=python,
        )
        for channel in self.file_systems.channels(spec.definition):
            (tree.data / channel.name).symlink_to(channel.directory, target_is_directory=True)
        where = Path(tree.localize(str(directory))) if directory else spec.directory
        return Command(tuple(tree.localize(word) for word in argv), where, variables)

    def _sandboxed(
        self,
        sandbox: Sandbox,
        job: HostJob,
        argv: tuple[str, ...],
        directory: Path | None,
        variables: Mapping[str, str],
        python: Path | None,
    ) -> Command:
        spec, tree = job.spec, job.tree
        for path in (tree.home, tree.temporary):
            path.mkdir(exist_ok=True, mode=0o700)
        checkpoints, inside = tree.checkpoints(spec.definition), checkpoint_path(spec.definition)
        elsewhere = checkpoints is not None and inside is not None and not inside.is_relative_to(OPT_ML)
        readable = [directory] if directory and not directory.is_relative_to(OPT_ML) else []
        if python is not None:
            readable.append(python.parents[1])
        mounts = [(checkpoints, str(inside), True)] if elsewhere and checkpoints else []
        mounts += [
            (channel.directory, f"{OPT_ML}/input/data/{channel.name}", channel.writable)
            for channel in self.file_systems.channels(spec.definition)
        ]
        place = Place(
            attempt=job.directory,
            opt_ml=tree.base,
            home=tree.home,
            temporary=tree.temporary,
            host=job.host.name,
            hosts=job.cluster.addresses(spec.directory),
            working_directory=directory or HOME,
            readable=readable,
            mounts=mounts,
            isolated=bool(spec.definition.get("EnableNetworkIsolation")),
            in_network=not job.alone,
        )
        # Nothing of the job's own environment reaches the processes outside of the sandbox: not LD_PRELOAD, say.
        outside = {"PATH": os.environ.get("PATH", os.defpath), BASE_DIRECTORY: job.mark}
        return Command(sandbox.command(place, argv, variables), job.directory, outside, leader.SCRIPT)

    def _container(self, job: HostJob, uri: str, image_variables: Mapping[str, str]) -> Command:
        engine = self.containers.engines.find()
        if engine is None:
            raise ClientFailure(f"no container engine answers any more that could run '{uri}'")
        argv = self.containers.command(
            engine,
            job,
            uri=uri,
            environment=image_variables,
            region=self.region,
            file_systems=self.file_systems.channels(job.spec.definition),
        )
        containers.begin(engine, job, uri)
        variables = containers.client_environment(BASE_DIRECTORY, job.mark)
        return Command(argv, job.spec.directory, variables)


def image_uri(definition: Mapping[str, Any]) -> str:
    """Return the URI of the training image, or the algorithm's name; ``""`` without both."""
    specification = definition["AlgorithmSpecification"]
    return str(specification.get("TrainingImage") or specification.get("AlgorithmName") or "")


def script_command(
    hyperparameters: Mapping[str, str], tree: OptMlTree, python: Path | None = None
) -> tuple[str, ...]:
    """Script mode's command line; empty without script mode."""
    if not script_mode.is_script_mode(hyperparameters):
        return ()
    program = script_mode.program(hyperparameters)
    if script_mode.is_python(program):
        start: tuple[str, ...] = (str(python or sys.executable), program)
    else:
        start = (program if program.startswith("/") else f"./{program}",)
    return (*start, *(tree.localize(word) for word in script_mode.arguments(hyperparameters)))

"""Training jobs in containers, as SageMaker runs them: ``docker run IMAGE train``, the tree at ``/opt/ml``.

What an attempt supervises is the engine's command line: it hands the container's output and exit code on, and a
SIGTERM to the container. A SIGKILL ends only the command line; so once that is gone, however it went, whatever
is left of the container is removed (:func:`end`). The containers of a training job are distinguished from others by
a label with its directory, never by name: the names on an engine are not only ours.

Of the environment, a container gets what SageMaker's platform sets; the ``SM_*`` variables are for the training
toolkit in the image to set.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.containers.engine import ContainerEngine, EngineFinder
from airflow_hpt_provider.local.runners.opt_ml import OPT_ML, checkpoint_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_hpt_provider.local.runners.data.file_systems import FileSystemChannel
    from airflow_hpt_provider.local.runners.host_job import HostJob

LABEL = "airflow-hpt.training-job"
WITHOUT_SELINUX = ("--security-opt", "label=disable")
"""Where SELinux is on, it would keep a container from directories that are not its own."""
NOT_STARTED = 125
"""The exit code of ``docker run`` and ``podman run`` when the engine could not run the container."""


@dataclass(frozen=True)
class Containers:
    """What the service has to run containers with.

    Attributes:
        engines: finds the engine.
        pull: pull images that are not on this machine; otherwise their jobs are refused.
    """

    engines: EngineFinder = field(default_factory=EngineFinder)
    pull: bool = False

    def check(self, engine: ContainerEngine, uri: str) -> None:
        """Refuse an image that can't be run.

        Raises:
            ServiceError: a ValidationException: it is not on this machine and may not be pulled.
        """
        if not self.pull and not engine.has_image(uri):
            raise ServiceError(
                "ValidationException",
                f"The training image '{uri}' is not on this machine: pull it (`{_name(engine)} pull {uri}`), start "
                "the local tuning service with --pull, or give it a command in an [[image]] table of the --images "
                "file.",
            )

    def command(
        self,
        engine: ContainerEngine,
        job: HostJob,
        *,
        uri: str,
        environment: Mapping[str, str],
        region: str,
        file_systems: Sequence[FileSystemChannel] = (),
    ) -> tuple[str, ...]:
        """Return the command line that runs the container of one host of a training job from its start to its end.

        Args:
            environment: the image's own, from its ``[[image]]`` table.
            file_systems: the channels on file systems.
        """
        spec, tree, host = job.spec, job.tree, job.host.name
        definition = spec.definition
        specification = definition["AlgorithmSpecification"]
        variables = {
            "TRAINING_JOB_NAME": spec.name,
            "TRAINING_JOB_ARN": spec.arn,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            **environment,
            **(definition.get("Environment") or {}),
        }
        entrypoint = list(specification.get("ContainerEntrypoint") or ())
        arguments = list(specification.get("ContainerArguments") or ())
        options = [
            *("--rm", "--name", spec.name if job.alone else f"{spec.name}-{host}"),
            *("--label", label(tree.base.parent), "--hostname", host),
            *("--pull", "missing" if self.pull else "never"),
            *_network(job),
            *WITHOUT_SELINUX,
            *mount(tree.base, OPT_ML),
        ]
        checkpoints, inside = tree.checkpoints(definition), checkpoint_path(definition)
        if checkpoints is not None and inside is not None and not inside.is_relative_to(OPT_ML):
            options += mount(checkpoints, str(inside))
        for channel in file_systems:
            inside = PurePosixPath(OPT_ML, "input", "data", channel.name)
            options += mount(channel.directory, f"{inside}{'' if channel.writable else ':ro'}")
        for name, value in variables.items():
            options += ["--env", f"{name}={value}"]
        if entrypoint:
            options += ["--entrypoint", entrypoint[0]]
        words = [*entrypoint[1:], *arguments] if entrypoint or arguments else ["train"]
        return (engine.program, "run", *options, uri, *words)


def _network(job: HostJob) -> tuple[str, ...]:
    if not job.alone:
        return ("--network", network_name(job), "--network-alias", job.host.name)
    return ("--network", "none") if job.spec.definition.get("EnableNetworkIsolation") else ()


def network_name(job: HostJob) -> str:
    """Return the name of the engine's network between the hosts of a training job."""
    return f"airflow-hpt-{job.spec.name}"


def mount(directory: Path, inside: str) -> list[str]:
    """Return the options that show a directory of this machine to a container."""
    return ["--volume", f"{directory}:{inside}"]


def label(directory: Path) -> str:
    """Return the label of the containers of the host of a training job that has this directory."""
    return f"{LABEL}={directory}"


def client_environment(variable: str, value: str) -> dict[str, str]:
    """Return the environment of the container engine's command line: the service's, and a variable to find it by."""
    return {**os.environ, variable: value}


def begin(engine: ContainerEngine, job: HostJob, uri: str) -> None:
    """Note, before it starts, that this host is a container; any user of it may write the tree.

    The first of several hosts makes their network.
    """
    (job.directory / "container").write_text(f"{engine.program}\n{uri}\n", encoding="utf-8")
    if not job.alone and job.host.number == 1:
        internal = bool(job.spec.definition.get("EnableNetworkIsolation"))
        engine.remove_networks(label(job.spec.directory))
        engine.create_network(network_name(job), label(job.spec.directory), internal=internal)
    # The data directory above it is the user's alone.
    for directory, _, files in os.walk(job.tree.base):
        os.chmod(directory, 0o777)  # noqa: S103, PTH101
        for name in files:
            path = Path(directory, name)
            path.chmod(path.stat().st_mode | 0o666)


def end_network(job: HostJob) -> None:
    """Remove the network between the hosts of an attempt, once their containers are gone."""
    noted = None if job.alone else _noted(job)
    if noted is not None:
        noted[0].remove_networks(label(job.spec.directory))


def end(job: HostJob) -> bool:
    """Remove what is left of a host's container; says whether it had one.

    Files in the tree that belong to the container's user are given to the service's, who could not read or
    remove them otherwise.
    """
    noted, tree = _noted(job), job.tree
    if noted is None:
        return False
    engine, uri = noted
    engine.remove(label(tree.base.parent))
    if not _all_ours(tree.base):
        owner = f"{os.geteuid()}:{os.getegid()}"
        options = ["--rm", "--pull", "never", "--network", "none", "--user", "0", "--entrypoint", "chown"]
        engine.run_to_end(*options, *WITHOUT_SELINUX, *mount(tree.base, OPT_ML), uri, "-R", owner, OPT_ML)
    return True


def _noted(job: HostJob) -> tuple[ContainerEngine, str] | None:
    """Return the engine and the image of a host's container; None if it has none."""
    try:
        program, uri = (job.directory / "container").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    return ContainerEngine(program), uri


def _all_ours(directory: Path) -> bool:
    me = os.geteuid()
    return me == 0 or all(
        os.lstat(os.path.join(parent, name)).st_uid == me  # noqa: PTH118 - many files
        for parent, directories, files in os.walk(directory)
        for name in (*directories, *files)
    )


def _name(engine: ContainerEngine) -> str:
    return PurePosixPath(engine.program).name

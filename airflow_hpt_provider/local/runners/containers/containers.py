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
from airflow_hpt_provider.local.runners.data.input_config import HOST
from airflow_hpt_provider.local.runners.opt_ml import OPT_ML, OptMlTree, checkpoint_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_hpt_provider.local.runners.contract import TrainingSpec
    from airflow_hpt_provider.local.runners.data.file_systems import FileSystemChannel

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
        spec: TrainingSpec,
        tree: OptMlTree,
        *,
        uri: str,
        environment: Mapping[str, str],
        region: str,
        file_systems: Sequence[FileSystemChannel] = (),
    ) -> tuple[str, ...]:
        """Return the command line that runs a training job's container from its start to its end.

        Args:
            environment: the image's own, from its ``[[image]]`` table.
            file_systems: the channels on file systems.
        """
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
            *("--rm", "--name", spec.name, "--label", label(spec.directory), "--hostname", HOST),
            *("--pull", "missing" if self.pull else "never"),
            *("--network", "none") * bool(definition.get("EnableNetworkIsolation")),
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


def mount(directory: Path, inside: str) -> list[str]:
    """Return the options that show a directory of this machine to a container."""
    return ["--volume", f"{directory}:{inside}"]


def label(directory: Path) -> str:
    """Return the label of the containers of the training job that has this directory."""
    return f"{LABEL}={directory}"


def client_environment(variable: str, value: str) -> dict[str, str]:
    """Return the environment of the container engine's command line: the service's, and a variable to find it by."""
    return {**os.environ, variable: value}


def begin(attempt: Path, engine: ContainerEngine, tree: OptMlTree, uri: str) -> None:
    """Note, before it starts, that this attempt is a container; any user of it may write the tree."""
    (attempt / "container").write_text(f"{engine.program}\n{uri}\n", encoding="utf-8")
    # The data directory above it is the user's alone.
    for directory, _, files in os.walk(tree.base):
        os.chmod(directory, 0o777)  # noqa: S103, PTH101
        for name in files:
            path = Path(directory, name)
            path.chmod(path.stat().st_mode | 0o666)


def end(attempt: Path, tree: OptMlTree) -> bool:
    """Remove what is left of an attempt's container; says whether it had one.

    Files in the tree that belong to the container's user are given to the service's, who could not read or
    remove them otherwise.
    """
    try:
        program, uri = (attempt / "container").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    engine = ContainerEngine(program)
    engine.remove(label(attempt.parent))
    if not _all_ours(tree.base):
        owner = f"{os.geteuid()}:{os.getegid()}"
        options = ["--rm", "--pull", "never", "--network", "none", "--user", "0", "--entrypoint", "chown"]
        engine.run_to_end(*options, *WITHOUT_SELINUX, *mount(tree.base, OPT_ML), uri, "-R", owner, OPT_ML)
    return True


def _all_ours(directory: Path) -> bool:
    me = os.geteuid()
    return me == 0 or all(
        os.lstat(os.path.join(parent, name)).st_uid == me  # noqa: PTH118 - many files
        for parent, directories, files in os.walk(directory)
        for name in (*directories, *files)
    )


def _name(engine: ContainerEngine) -> str:
    return PurePosixPath(engine.program).name

"""What an attempt runs: the image's command, script mode's, or the image itself in a container."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.runners import script_mode
from airflow_hpt_provider.local.runners.containers import containers
from airflow_hpt_provider.local.runners.failures import ClientFailure
from airflow_hpt_provider.local.runners.variables import BASE_DIRECTORY, environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow_hpt_provider.local.runners.containers.containers import Containers
    from airflow_hpt_provider.local.runners.containers.images import ImageMap
    from airflow_hpt_provider.local.runners.contract import TrainingSpec
    from airflow_hpt_provider.local.runners.opt_ml import Tree
    from airflow_hpt_provider.local.s3.objects import ObjectStore


@dataclass(frozen=True)
class Command:
    """What to run, where, and with what environment, the whole of it."""

    argv: tuple[str, ...]
    working_directory: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class CommandMaker:
    """Makes the command of an attempt.

    Attributes:
        images: which command stands for which image.
        containers: for those that none stands for.
        objects: where script mode's code is.
        region: given to the jobs as AWS_REGION.
    """

    images: ImageMap
    containers: Containers
    objects: ObjectStore
    region: str

    def make(self, spec: TrainingSpec, tree: Tree, attempt: Path) -> Command:
        """The command of a training job; in script mode, its code is fetched first.

        Args:
            attempt: the attempt's directory.

        Raises:
            ClientFailure: there is no such code, or nothing any more that could run the image.
        """
        if script_mode.is_script_mode(spec.hyperparameters):
            return self._script(spec, tree, attempt / "log")
        uri = image_uri(spec.definition)
        image = self.images.find(uri)
        if image is None or image.container:
            return self._container(spec, tree, attempt, uri, image.environment if image else {})
        specification = spec.definition["AlgorithmSpecification"]
        argv = (
            *(specification.get("ContainerEntrypoint") or image.command),
            *(specification.get("ContainerArguments") or ()),
        )
        return self._process(
            spec,
            tree,
            tuple(tree.here(word) for word in argv),
            image.directory or spec.directory,
            image.environment,
        )

    def _script(self, spec: TrainingSpec, tree: Tree, log: Path) -> Command:
        script_mode.fetch_code(spec.hyperparameters, self.objects, tree.code)
        if (tree.code / "requirements.txt").is_file():
            note = "requirements.txt is not installed: the training job runs in the service's environment\n"
            log.write_text(note, encoding="utf-8")
        return self._process(spec, tree, script_command(spec.hyperparameters, tree), tree.code, {})

    def _process(
        self,
        spec: TrainingSpec,
        tree: Tree,
        argv: tuple[str, ...],
        directory: Path,
        image_variables: Mapping[str, str],
    ) -> Command:
        arguments = script_mode.arguments(spec.hyperparameters)
        variables = environment(spec, tree, image=image_variables, arguments=arguments, region=self.region)
        return Command(argv, directory, variables)

    def _container(
        self, spec: TrainingSpec, tree: Tree, attempt: Path, uri: str, image_variables: Mapping[str, str]
    ) -> Command:
        engine = self.containers.engines.find()
        if engine is None:
            raise ClientFailure(f"no container engine answers any more that could run {uri!r}")
        argv = self.containers.command(
            engine, spec, tree, uri=uri, environment=image_variables, region=self.region
        )
        containers.begin(attempt, engine, tree, uri)
        variables = containers.client_environment(BASE_DIRECTORY, str(tree.base))
        return Command(argv, spec.directory, variables)


def image_uri(definition: Mapping[str, Any]) -> str:
    """The URI of the training image; in its place, the algorithm's name; ``""`` if there is neither."""
    specification = definition["AlgorithmSpecification"]
    return str(specification.get("TrainingImage") or specification.get("AlgorithmName") or "")


def script_command(hyperparameters: Mapping[str, str], tree: Tree) -> tuple[str, ...]:
    """Script mode's command line; empty without script mode."""
    if not script_mode.is_script_mode(hyperparameters):
        return ()
    program = script_mode.program(hyperparameters)
    if script_mode.is_python(program):
        start: tuple[str, ...] = (sys.executable, program)
    else:
        start = (program if program.startswith("/") else f"./{program}",)
    return (*start, *(tree.here(word) for word in script_mode.arguments(hyperparameters)))

"""What an attempt runs: the image's command, or script mode's."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners import script_mode
from airflow_hpt_provider.local.runners.failures import ClientFailure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow_hpt_provider.local.runners.contract import TrainingSpec
    from airflow_hpt_provider.local.runners.images import ImageMap
    from airflow_hpt_provider.local.runners.tree import Tree
    from airflow_hpt_provider.local.storage.objects import ObjectStore


@dataclass(frozen=True)
class Command:
    """What to run, where, and what its image adds to the environment."""

    argv: tuple[str, ...]
    working_directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def make_command(
    spec: TrainingSpec, tree: Tree, images: ImageMap, objects: ObjectStore, *, log: Path
) -> Command:
    """The command of a training job; in script mode, its code is fetched first.

    Raises:
        ClientFailure: there is no such code, or no image of that name any more.
    """
    if script_mode.is_script_mode(spec.hyperparameters):
        script_mode.fetch_code(spec.hyperparameters, objects, tree.code)
        if (tree.code / "requirements.txt").is_file():
            note = "requirements.txt is not installed: the training job runs in the service's environment\n"
            log.write_text(note, encoding="utf-8")
        return Command(script_command(spec.hyperparameters, tree), tree.code)
    specification = spec.definition["AlgorithmSpecification"]
    uri = specification.get("TrainingImage") or specification.get("AlgorithmName") or ""
    image = images.find(uri)
    if image is None:
        raise ClientFailure(f"no image matches {uri!r} in {images.path}")
    argv = (
        *(specification.get("ContainerEntrypoint") or image.command),
        *(specification.get("ContainerArguments") or ()),
    )
    directory = image.directory or spec.directory
    return Command(tuple(tree.here(word) for word in argv), directory, image.environment)


def script_command(hyperparameters: Mapping[str, str], tree: Tree) -> tuple[str, ...]:
    """Script mode's command line; empty without script mode."""
    if not script_mode.is_script_mode(hyperparameters):
        return ()
    words = (script_mode.program(hyperparameters), *script_mode.arguments(hyperparameters))
    return (sys.executable, *(tree.here(word) for word in words))

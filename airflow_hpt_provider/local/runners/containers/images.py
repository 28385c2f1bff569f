r"""Which command stands for which training image: the file given as ``--images``.

TOML, first match wins::

    [[image]]
    match = "*/my-algorithm:*"                     # glob on the image URI
    command = ["{python}", "train.py"]             # {python} is the service's own interpreter
    directory = "algorithms/mine"                  # where it runs, from the file; default: the job's own
    environment = { OMP_NUM_THREADS = "1" }        # below the definition's own Environment
    metrics = { "validation:accuracy" = 'acc=(\S+)' }  # regexes, in place of the request's and the algorithm's
    arguments = false                              # no hyperparameters as arguments; default: --name value ...

    [[image]]
    match = "*/xgboost:*"
    container = true                               # run the image itself, by docker or podman
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from airflow_hpt_provider.models.algorithms.algorithm import OBJECTIVE_METRIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEYS = {"match", "command", "container", "directory", "environment", "arguments", "metrics"}


@dataclass(frozen=True)
class Image:
    """What stands for the images that match a glob: a command, or with ``container`` the image itself.

    With ``arguments``, the hyperparameters follow the command as in script mode. ``metrics``: name -> regex, in
    place of those of the request or the built-in algorithm.
    """

    match: str
    command: tuple[str, ...]
    directory: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    container: bool = False
    arguments: bool = True
    metrics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageMap:
    """All images of a file, in its order; ``path`` is None where the service was given no file."""

    path: Path | None = None
    images: tuple[Image, ...] = ()

    @classmethod
    def load(cls, path: Path | None) -> ImageMap:
        """Read the file.

        Raises:
            ValueError: the file is not as above; says where and what to write.
            OSError: it can't be read.
        """
        if path is None:
            return cls()
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: not valid TOML: {error}") from error
        unknown = set(content) - {"image", "file_system"}
        if unknown:
            raise ValueError(
                f"{path}: unknown {min(unknown)!r}: only [[image]] and [[file_system]] tables belong here"
            )
        tables = content.get("image", [])
        if not isinstance(tables, list):
            # Not a TypeError: it is the file that is wrong.
            raise ValueError(  # noqa: TRY004
                f"{path}: write [[image]], with double brackets: each is one entry of a list"
            )
        images = tuple(_image(table, f"{path}: image {n}", path.parent) for n, table in enumerate(tables, 1))
        return cls(path, images)

    def find(self, uri: str) -> Image | None:
        """Return the first table that matches the image URI."""
        return next((image for image in self.images if fnmatchcase(uri, image.match)), None)

    def metric_definitions(
        self, uri: str, given: Sequence[Mapping[str, Any]], objective: str | None
    ) -> list[dict[str, Any]]:
        """Return a training job's MetricDefinitions with the regexes of its image's table.

        Args:
            uri: of the training image.
            given: the definition's.
            objective: the metric that the tuning job optimizes; ``ObjectiveMetric`` gets its regex.
        """
        image = self.find(uri)
        own = dict(image.metrics) if image is not None else {}
        if objective in own:
            own[OBJECTIVE_METRIC] = own[objective]
        others = [dict(each) for each in given if each["Name"] not in own]
        return [*others, *({"Name": name, "Regex": pattern} for name, pattern in own.items())]


def _image(table: Any, where: str, base: Path) -> Image:
    if not isinstance(table, dict):
        raise ValueError(f"{where}: must be a table")  # noqa: TRY004 - bad content, not a wrong call
    unknown = set(table) - KEYS
    if unknown:
        raise ValueError(f"{where}: unknown key {min(unknown)!r}: use {', '.join(sorted(KEYS))}")
    match, command = table.get("match"), table.get("command")
    if not isinstance(match, str) or not match:
        raise ValueError(f"{where}: `match` must be a glob on the image URI, such as '*/my-algorithm:*'")
    container = table.get("container", False)
    if not isinstance(container, bool):
        raise ValueError(f"{where}: `container` must be true or false")  # noqa: TRY004 - bad content
    arguments = table.get("arguments", True)
    if not isinstance(arguments, bool):
        raise ValueError(f"{where}: `arguments` must be true or false")  # noqa: TRY004 - bad content
    if container:
        command = _no_process(table, where)
    elif not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        raise ValueError(
            f"{where}: `command` must be a list of strings, such as ['{{python}}', 'train.py']; "
            "or write `container = true` to run the image itself"
        )
    directory = table.get("directory")
    if directory is not None:
        if not isinstance(directory, str):
            raise ValueError(f"{where}: `directory` must be a path")
        resolved = (base / Path(directory).expanduser()).resolve()
        if not resolved.is_dir():
            raise ValueError(f"{where}: `directory` {resolved} is not a directory")
    environment = table.get("environment", {})
    if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
        raise ValueError(f"{where}: `environment` must be a table of strings")
    metrics = table.get("metrics", {})
    if not isinstance(metrics, dict) or not all(isinstance(value, str) for value in metrics.values()):
        raise ValueError(f"{where}: `metrics` must be a table of regexes")
    for name, pattern in metrics.items():
        try:
            regex.compile(pattern)
        except regex.error as error:
            raise ValueError(f"{where}: the regex of `metrics` {name!r} is not valid: {error}") from error
    return Image(
        match=match,
        command=tuple(word.replace("{python}", sys.executable) for word in command),
        directory=resolved if directory is not None else None,
        environment=environment,
        container=container,
        arguments=arguments,
        metrics=metrics,
    )


def _no_process(table: Mapping[str, Any], where: str) -> list[str]:
    """Check that a container's table configures no process, and return its empty command."""
    for key in ("command", "directory", "arguments"):
        if key in table:
            raise ValueError(f"{where}: `{key}` is for a process: leave it out, or `container = true`")
    return []

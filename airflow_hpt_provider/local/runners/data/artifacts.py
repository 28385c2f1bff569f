"""What a job leaves in S3: ``{S3OutputPath}/{job}/output/model.tar.gz`` and ``output.tar.gz``.

The files of all hosts go into one artifact. AWS asks algorithms to avoid equal names. Here, the first host's file is
kept.
"""

from __future__ import annotations

import logging
import tarfile
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners import permissions
from airflow_hpt_provider.local.runners.data.s3 import S3Uri
from airflow_hpt_provider.local.runners.failures import ClientFailure
from airflow_hpt_provider.local.runners.opt_ml import OPT_ML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from airflow_hpt_provider.local.runners.contract import TrainingSpec
    from airflow_hpt_provider.local.runners.opt_ml import OptMlTree
    from airflow_hpt_provider.local.s3.objects import ObjectStore

LOGGER = logging.getLogger(__name__)
IN_MEMORY = 8 << 20
"""Bytes of an archive that are kept off the disk until it is uploaded."""


def output_uri(name: str, definition: Mapping[str, Any]) -> S3Uri:
    """Where the artifacts of the job of this name go."""
    return S3Uri.parse(definition["OutputDataConfig"]["S3OutputPath"]) / name / "output"


def check(spec: TrainingSpec, objects: ObjectStore) -> None:
    """Find out before a job trains whether its artifacts can be uploaded.

    Raises:
        ClientFailure: there is no such bucket.
    """
    target = output_uri(spec.name, spec.definition)
    try:
        objects.bucket(target.bucket)
    except ServiceError as error:
        raise _not_uploaded(target, error) from error


def _not_uploaded(target: S3Uri, error: ServiceError) -> ClientFailure:
    return ClientFailure(f"Artifact upload failed:{error.code} ({target}): {error.message}")


def upload(
    spec: TrainingSpec, trees: Sequence[OptMlTree], objects: ObjectStore, *, even_empty: bool
) -> str | None:
    """Upload the model and the output data.

    Args:
        trees: the ``/opt/ml`` of each host.
        even_empty: upload the model though its directory is empty or gone, as for every job that completes: its
            ModelArtifacts then always exists.

    Returns:
        The model's URI; None if there was nothing to upload.

    Raises:
        ClientFailure: there is no such bucket, or the job has put a link or a file in the place of a directory.
    """
    for tree in trees:
        for directory in (tree.output_data, tree.model):
            if not tree.contains(directory) or directory.is_file():
                where = f"{OPT_ML}/{directory.relative_to(tree.base)}"
                raise ClientFailure(
                    f"Artifact upload failed:{where} is a link or a file: leave it a directory"
                )
            permissions.grant_recursively(directory)
    target = output_uri(spec.name, spec.definition)
    compressed = spec.definition["OutputDataConfig"].get("CompressionType", "GZIP") != "NONE"
    try:
        outputs = [(tree, tree.output_data) for tree in trees]
        models = [(tree, tree.model) for tree in trees]
        if any(_entries(directory) for _, directory in outputs):
            _upload(outputs, target, "output", objects, compressed=compressed)
        if even_empty or any(_entries(directory) for _, directory in models):
            return _upload(models, target, "model", objects, compressed=compressed)
    except ServiceError as error:
        raise _not_uploaded(target, error) from error
    return None


def _upload(
    sources: Sequence[tuple[OptMlTree, Path]],
    target: S3Uri,
    name: str,
    objects: ObjectStore,
    *,
    compressed: bool,
) -> str:
    """Upload a directory of each host as one artifact."""
    once = _Once()
    if not compressed:
        for tree, directory in sources:
            for path in sorted(directory.rglob("*")):
                inside = path.relative_to(directory).as_posix()
                if path.is_file() and not path.is_symlink() and once.is_new(inside, path):
                    with tree.open(path) as file:
                        objects.put(target.bucket, (target / f"{name}/{inside}").key, file)
        return str(target / name)
    archive = target / f"{name}.tar.gz"
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(sources[0][1].parent)) as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as tar:
            for _, directory in sources:
                for path in _entries(directory):
                    tar.add(path, arcname=path.name, filter=once.filter)
        file.seek(0)
        objects.put(archive.bucket, archive.key, cast("BinaryIO", file))
    return str(archive)


class _Once:
    """Keeps the first of several files that have the same name in an artifact."""

    def __init__(self) -> None:
        self._kinds: dict[str, bool] = {}

    def is_new(self, name: str, where: object, *, is_directory: bool = False) -> bool:
        """Return whether no host before has left a file of this name, or a file where this is a directory."""
        if name not in self._kinds:
            self._kinds[name] = is_directory
            return True
        if not (is_directory and self._kinds[name]):
            LOGGER.warning("another host has left %s too, whose file is kept; left out: %s", name, where)
        return is_directory and self._kinds[name]

    def filter(self, member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        """Leave out of an archive what is not new."""
        return member if self.is_new(member.name, member.name, is_directory=member.isdir()) else None


def _entries(directory: Path) -> list[Path]:
    """Return the content of a directory, by name; empty if the job has removed it."""
    try:
        return sorted(directory.iterdir())
    except FileNotFoundError:
        return []

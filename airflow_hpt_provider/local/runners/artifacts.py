"""What a job leaves in S3: ``{S3OutputPath}/{job}/output/model.tar.gz`` and ``output.tar.gz``."""

from __future__ import annotations

import tarfile
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.failures import ClientFailure
from airflow_hpt_provider.local.runners.s3 import S3Uri
from airflow_hpt_provider.local.runners.tree import OPT_ML

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow_hpt_provider.local.runners.contract import TrainingSpec
    from airflow_hpt_provider.local.runners.tree import Tree
    from airflow_hpt_provider.local.storage.objects import ObjectStore

IN_MEMORY = 8 << 20
"""Bytes of an archive that are kept off the disk until it is uploaded."""


def output_uri(name: str, definition: Mapping[str, Any]) -> S3Uri:
    """Where the artifacts of the job of this name go."""
    return S3Uri.parse(definition["OutputDataConfig"]["S3OutputPath"]) / name / "output"


def upload(spec: TrainingSpec, tree: Tree, objects: ObjectStore, *, even_empty: bool) -> str | None:
    """Upload model and output data; the model's URI.

    ``even_empty`` uploads the model though its directory is empty, as for every job that completes: its
    ModelArtifacts then always exists.

    Raises:
        ClientFailure: there is no such bucket, or a directory was made a link that leads out of the tree.
    """
    for directory in (tree.output_data, tree.model):
        if not tree.holds(directory):
            where = f"{OPT_ML}/{directory.relative_to(tree.base)}"
            raise ClientFailure(f"Artifact upload failed:{where} is a link: leave it a directory")
    target = output_uri(spec.name, spec.definition)
    compressed = spec.definition["OutputDataConfig"].get("CompressionType", "GZIP") != "NONE"
    try:
        if any(tree.output_data.iterdir()):
            _upload(tree, tree.output_data, target, "output", objects, compressed=compressed)
        if even_empty or any(tree.model.iterdir()):
            return _upload(tree, tree.model, target, "model", objects, compressed=compressed)
    except ServiceError as error:
        raise ClientFailure(f"Artifact upload failed:{error.code} ({target}): {error.message}") from error
    return None


def _upload(
    tree: Tree, directory: Path, target: S3Uri, name: str, objects: ObjectStore, *, compressed: bool
) -> str:
    if not compressed:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and not path.is_symlink():
                key = f"{name}/{path.relative_to(directory).as_posix()}"
                with tree.open(path) as file:
                    objects.put(target.bucket, (target / key).key, file)
        return str(target / name)
    archive = target / f"{name}.tar.gz"
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(directory.parent)) as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as tar:
            for path in sorted(directory.iterdir()):
                tar.add(path, arcname=path.name)
        file.seek(0)
        objects.put(archive.bucket, archive.key, cast("BinaryIO", file))
    return str(archive)

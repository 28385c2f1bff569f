"""Checkpoints: copied from S3 before an attempt, to S3 while it runs and after it.

An attempt gets what is in S3 when it starts, and nothing that others put there later. What the job deletes is
deleted in S3, too.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners import permissions
from airflow_hpt_provider.local.runners.data.downloads import download
from airflow_hpt_provider.local.runners.data.s3 import S3Uri, below
from airflow_hpt_provider.local.runners.failures import ClientFailure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow_hpt_provider.local.runners.opt_ml import OptMlTree
    from airflow_hpt_provider.local.s3.objects import ObjectStore

LOGGER = logging.getLogger(__name__)
INTERVAL = 5.0
"""Seconds between two copies to S3 while the job runs."""


def check(definition: Mapping[str, Any]) -> None:
    """Refuse checkpoints outside of the training job's own tree.

    Raises:
        ServiceError: a ValidationException naming value and remedy.
    """
    config = definition.get("CheckpointConfig")
    if not config:
        return
    S3Uri.parse(config["S3Uri"])
    local = str(config.get("LocalPath") or "")
    if ".." in local.split("/") or "\0" in local:
        raise ServiceError(
            "ValidationException",
            f"CheckpointConfig.LocalPath is '{local}': it must not lead out of the training job's directory; use "
            "/opt/ml/checkpoints, or leave it out.",
        )


class Checkpoints:
    """The checkpoints of one attempt.

    Args:
        directory: where the job writes them.
        uri: where they are kept.
        tree: the job's, in which the directory is.
    """

    def __init__(self, directory: Path, uri: S3Uri, objects: ObjectStore, tree: OptMlTree) -> None:
        self._directory = directory
        self._uri = uri
        self._objects = objects
        self._tree = tree
        self._known: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def restore(self) -> None:
        """Copy what is in S3 into the directory.

        Raises:
            ClientFailure: there is no such bucket.
        """
        prefix = (self._uri / "").key
        try:
            for info in self._objects.list(self._uri.bucket, prefix):
                name = info.key.removeprefix(prefix)
                path = below(self._directory, name)
                if path is None or name.endswith("/"):
                    continue
                download(self._objects, S3Uri(self._uri.bucket, info.key), path)
                self._known[name] = _version(path)
        except ServiceError as error:
            raise ClientFailure(
                f"Checkpoint download failed:{error.code} ({self._uri}): {error.message}"
            ) from error

    def save(self) -> None:
        """Copy what has changed to S3.

        Raises:
            ClientFailure: there is no such bucket.
        """
        try:
            self._save()
        except ServiceError as error:
            raise ClientFailure(
                f"Checkpoint upload failed:{error.code} ({self._uri}): {error.message}"
            ) from error

    def save_last(self) -> None:
        """Save once more after the job has ended, whatever it has locked.

        Raises:
            ClientFailure: there is no such bucket.
        """
        if self._tree.contains(self._directory):
            permissions.grant_recursively(self._directory)
        self.save()

    def _save(self) -> None:
        with self._lock:
            here: dict[str, Path] = {
                path.relative_to(self._directory).as_posix(): path
                for path in self._directory.rglob("*")
                if path.is_file() and not path.is_symlink()
            }
            for name, path in here.items():
                try:
                    version = _version(path)
                    if self._known.get(name) == version:
                        continue
                    file = self._tree.open(path)
                except OSError:  # the job has renamed it, or made it a link
                    continue
                with file:
                    self._objects.put(self._uri.bucket, (self._uri / name).key, file)
                self._known[name] = version
            for name in set(self._known) - set(here):
                self._objects.delete(self._uri.bucket, (self._uri / name).key)
                del self._known[name]

    def keep_saving(self) -> None:
        """Copy every few seconds until :meth:`stop_saving`, in a thread."""
        threading.Thread(target=self._run, name="checkpoints", daemon=True).start()

    def stop_saving(self) -> None:
        """End that thread; after it, :meth:`save_last` makes the last copy."""
        self._ended.set()

    def _run(self) -> None:
        trouble = ""
        while not self._ended.wait(INTERVAL):
            try:
                self.save()
            except Exception as error:  # noqa: BLE001 - the last copy decides on the job
                if str(error) != trouble:  # once, not at each try
                    trouble = str(error)
                    LOGGER.warning(
                        "can't copy checkpoints to %s (%s); retrying in %g s", self._uri, error, INTERVAL
                    )
            else:
                trouble = ""


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size

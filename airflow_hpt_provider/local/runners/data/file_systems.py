"""File systems (Amazon EFS, FSx for Lustre) as directories of this machine.

The ``--images`` file maps their ids::

    [[file_system]]
    id = "fs-0123456789abcdef0"
    directory = "data/efs"       # the root of the file system; relative to the file

A channel on a file system is the directory that its DirectoryPath names below that root. Sandboxes and containers
mount it, read-only for the access mode ``ro``. A bare process gets a symbolic link, which enforces no access mode.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.failures import ClientFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TABLE = "file_system"
KEYS = {"id", "directory"}


@dataclass(frozen=True)
class FileSystemChannel:
    """A channel on a file system: its name, its directory on this machine, and whether the job may write there."""

    name: str
    directory: Path
    writable: bool


@dataclass(frozen=True)
class FileSystems:
    """The file systems that are mapped: their roots by id; ``path`` is the file that maps them."""

    path: Path | None = None
    roots: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None) -> FileSystems:
        """Read the tables of an ``--images`` file.

        Raises:
            ValueError: a table is wrong, or its directory does not exist.
            OSError: the file can't be read.
        """
        if path is None:
            return cls()
        roots: dict[str, Path] = {}
        for number, table in enumerate(tomllib.loads(path.read_text(encoding="utf-8")).get(TABLE, []), 1):
            where = f"{path}: {TABLE} {number}"
            if not isinstance(table, dict) or set(table) != KEYS:
                raise ValueError(f"{where}: must be a table with `id` and `directory`")
            name, directory = table["id"], table["directory"]
            if not isinstance(name, str) or not isinstance(directory, str):
                raise ValueError(f"{where}: `id` and `directory` must be strings")  # noqa: TRY004 - bad content
            root = (path.parent / Path(directory).expanduser()).resolve()
            if not root.is_dir():
                raise ValueError(f"{where}: `directory` must be a directory, got {root}")
            roots[name] = root
        return cls(path, roots)

    def check(self, definition: Mapping[str, Any]) -> None:
        """Refuse channels on file systems that are not mapped.

        Raises:
            ServiceError: a ValidationException with channel, id and remedy.
        """
        for channel, source in _sources(definition):
            mode = channel.get("InputMode") or definition["AlgorithmSpecification"]["TrainingInputMode"]
            if mode != "File":
                raise _channel_error(
                    channel, f"a file system needs input mode File, got {mode}. Set InputMode to File."
                )
            self._directory(channel, source)

    def channels(self, definition: Mapping[str, Any]) -> list[FileSystemChannel]:
        """Return the channels on file systems.

        Raises:
            ClientFailure: a directory has gone since the job was created.
        """
        try:
            return [
                FileSystemChannel(
                    channel["ChannelName"],
                    self._directory(channel, source),
                    writable=source["FileSystemAccessMode"] == "rw",
                )
                for channel, source in _sources(definition)
            ]
        except ServiceError as error:
            raise ClientFailure(error.message) from error

    def _directory(self, channel: Mapping[str, Any], source: Mapping[str, Any]) -> Path:
        name, path = source["FileSystemId"], source["DirectoryPath"]
        root = self.roots.get(name)
        if root is None:
            file = self.path or "a TOML file and start the local tuning service with --images FILE"
            raise _channel_error(
                channel,
                f"FileSystemDataSource: no directory is mapped to file system {name}. "
                f"Add a [[{TABLE}]] table with its id to {file}.",
            )
        directory = Path(root, path.lstrip("/")).resolve()
        if not directory.is_relative_to(root) or not directory.is_dir():
            raise _channel_error(
                channel,
                f"file system {name} ({root}) has no directory {path}. Create it or change DirectoryPath.",
            )
        return directory


def _sources(definition: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for channel in definition.get("InputDataConfig") or ():
        source = channel["DataSource"].get("FileSystemDataSource")
        if source is not None:
            yield channel, source


def _channel_error(channel: Mapping[str, Any], text: str) -> ServiceError:
    return ServiceError("ValidationException", f"Channel '{channel['ChannelName']}': {text}")

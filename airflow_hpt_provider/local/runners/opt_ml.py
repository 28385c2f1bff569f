"""The tree that SageMaker mounts at ``/opt/ml``, in a training job's own directory.

A local process can't own ``/opt/ml``. Its environment names the tree: by ``SAGEMAKER_BASE_DIR`` (which
sagemaker-training-toolkit reads), by the ``SM_*`` variables, and by ``/opt/ml`` being replaced in these variables and
in the command. The Environment of the request is left as it is.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from airflow_hpt_provider.local.runners import permissions
from airflow_hpt_provider.local.runners.data.s3 import below

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OPT_ML = "/opt/ml"
_OPT_ML_PATH = re.compile(rf"(?<![\w.-]){OPT_ML}(?![\w-]|\.\w)")
"""Not within another path: neither of ``/opt/mlflow`` nor of ``s3://bucket/opt/ml``."""


@dataclass(frozen=True)
class OptMlTree:
    """The tree below ``base``; the properties are SageMaker's directories."""

    base: Path

    @property
    def config(self) -> Path:
        """The path of ``/opt/ml/input/config``."""
        return self.base / "input" / "config"

    @property
    def data(self) -> Path:
        """``/opt/ml/input/data``: one directory a channel."""
        return self.base / "input" / "data"

    @property
    def model(self) -> Path:
        """The path of ``/opt/ml/model``."""
        return self.base / "model"

    @property
    def output(self) -> Path:
        """The path of ``/opt/ml/output``."""
        return self.base / "output"

    @property
    def output_data(self) -> Path:
        """The path of ``/opt/ml/output/data``."""
        return self.output / "data"

    @property
    def failure(self) -> Path:
        """``/opt/ml/output/failure``: why the algorithm failed, in its own words."""
        return self.output / "failure"

    @property
    def code(self) -> Path:
        """``/opt/ml/code``: script mode's."""
        return self.base / "code"

    @property
    def temporary(self) -> Path:
        """The job's TMPDIR."""
        return self.base.parent / "tmp"

    @property
    def home(self) -> Path:
        """The job's home directory, in a sandbox."""
        return self.base.parent / "home"

    def checkpoints(self, definition: Any) -> Path | None:
        """Return the directory of the job's checkpoints; None if its definition asks for none.

        It is always in the tree: a LocalPath elsewhere, say ``/data``, is the tree's ``data``.
        """
        path = checkpoint_path(definition)
        if path is None:
            return None
        inside = path.relative_to(OPT_ML) if path.is_relative_to(OPT_ML) else path
        return below(self.base, str(inside)) or self.base

    def localize(self, text: str) -> str:
        """Return the text with ``/opt/ml``, where it is not within another path, replaced by where the tree is."""
        return _OPT_ML_PATH.sub(lambda _: str(self.base), text)

    def contains(self, path: Path) -> bool:
        """Return whether a path below the tree leads there: the job may have put a link anywhere on the way."""
        return path.resolve() == self.base.resolve() / path.relative_to(self.base)

    def open(self, path: Path) -> BinaryIO:
        """Open one of the job's files to read it: a regular one, and by no link, though the job runs and makes some.

        The service may read what a job in a container may not.

        Raises:
            OSError: there is no such file.
        """
        *directories, name = path.relative_to(self.base).parts
        parent = os.open(self.base, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for directory in directories:
                below_it = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
                os.close(parent)
                parent = below_it
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
        finally:
            os.close(parent)
        file = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            file.close()
            raise FileNotFoundError(errno.ENOENT, "no regular file", str(path))
        return file

    def create(self, definition: Any, files: Mapping[str, Any]) -> None:
        """Make the tree for an attempt, empty except for the configuration files.

        Args:
            definition: the training definition.
            files: content of the configuration files by name, to be written as JSON.
        """
        permissions.remove(self.base)
        self.temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
        for directory in (
            *(self.base, self.config.parent, self.config, self.data),
            *(self.model, self.output, self.output_data, self.code),
        ):
            directory.mkdir(mode=0o700)
        checkpoints = self.checkpoints(definition)
        if checkpoints:
            checkpoints.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, content in files.items():
            (self.config / name).write_text(json.dumps(content), encoding="utf-8")

    def clear(self) -> None:
        """Free the disk once the job has ended: all but the configuration files and ``output/failure`` goes."""
        own = (path for path in (self.data, self.model, self.output_data, self.code) if self.contains(path))
        for directory in (*own, self.temporary, self.home):
            permissions.remove(directory)


def checkpoint_path(definition: Any) -> PurePosixPath | None:
    """Where SageMaker has the job's checkpoints (LocalPath); None if its definition asks for none."""
    config = definition.get("CheckpointConfig")
    return PurePosixPath(config.get("LocalPath") or f"{OPT_ML}/checkpoints") if config else None

"""Results of runs as JSON lines, so that what has been run is not run again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

Key = tuple[str, str, str, int]


class Run(Protocol):
    """A dataclass whose fields JSON can hold."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def key(self) -> Key:
        """Return what runs are found by: searcher, problem, setting and seed."""
        ...


SomeRun = TypeVar("SomeRun", bound=Run)


def read_runs(kind: type[SomeRun], results: Path | None) -> dict[Key, SomeRun]:
    """Return the runs of a file by key, the last of each; none where there is no file."""
    if results is None or not results.exists():
        return {}
    runs = [kind(**json.loads(line)) for line in results.read_text().splitlines()]
    return {run.key: run for run in runs}


def append_run(run: Run, results: Path | None) -> None:
    """Add a run to the end of a file, if there is one to keep."""
    if results is not None:
        with results.open("a") as file:
            file.write(json.dumps(dataclasses.asdict(run)) + "\n")

"""A tuning job's progress while a command waits: a bar on a terminal, else a line for each change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from airflow_hpt_provider.models.printable import printable

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription


@contextmanager
def shown_progress(out: TextIO) -> Iterator[Callable[[TuningJobDescription], None]]:
    """Yield a function to call with each description; the progress bar ends with the context."""
    if not out.isatty():
        from airflow_hpt_provider.waiting.progress import ProgressLog

        yield ProgressLog(_Lines(out))
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[best]}", style="bold"),
    )
    with Progress(*columns, console=Console(file=out), transient=True) as progress:
        bar = _Bar(progress)
        yield bar.show


class _Bar:
    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._task: Any = None

    def show(self, description: TuningJobDescription) -> None:
        """Move the bar to what a description says."""
        from airflow_hpt_provider.waiting.progress import counts
        from airflow_hpt_provider.waiting.snapshot import JobSnapshot

        seen = JobSnapshot.of_description(description)
        label = f"{seen.name} {seen.status} · {counts(seen)}"
        best = "" if seen.best_metric is None else f"best {seen.best_metric:.6g}"
        if self._task is None:
            self._task = self._progress.add_task(label, total=seen.limit or None, best=best)
            elapsed = (datetime.now(UTC) - description.creation_time).total_seconds()
            task = self._progress.tasks[0]
            task.start_time = task.get_time() - max(elapsed, 0.0)
        self._progress.update(
            self._task,
            description=label,
            completed=seen.finished,
            total=seen.limit or seen.finished + 1,
            best=best,
        )


class _Lines:
    """As much of a logger as a ProgressLog wants."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def info(self, text: str, *values: Any) -> None:
        print(printable(text % values if values else text), file=self._out, flush=True)

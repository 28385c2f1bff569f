"""What ``migrate-check`` finds, and the DAG files it looks at."""

from __future__ import annotations

import tokenize
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Severity = Literal["change", "look"]
"""``change``: it would not run, or not find its value. ``look``: it runs, and behaves differently."""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to change or to look at.

    Attributes:
        path: the file's, as it was given.
        line: counts from 1.
        column: counts from 1.
        rule: a word for its kind: ``import``, ``parameter``, ``behaviour``, ``xcom``, ``name``, ``config``,
            ``subclass``, ``unreadable``.
        severity: see :data:`Severity`.
        what: what to do.
        why: the reason; empty if it is plain.
    """

    path: str
    line: int
    column: int
    rule: str
    severity: Severity
    what: str
    why: str = ""

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}:{self.column}: {self.severity} [{self.rule}] {self.what}"
        return f"{text}\n    {self.why}" if self.why else text

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Report:
    """All findings of a folder, in order of file and line."""

    files: int
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """How many there are."""
        return sum(finding.severity == severity for finding in self.findings)


def check_folder(folder: Path) -> Report:
    """Read every Python file of a folder, or one file. Nothing is imported.

    Hidden folders and those of installed packages are left out. A file that is no Python is a finding.
    """
    from airflow_hpt_provider.migrate.checker import check_source

    files, findings = 0, []
    for path in _python_files(folder):
        files += 1
        try:
            with tokenize.open(path) as source:
                findings += check_source(source.read(), str(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
            line = getattr(error, "lineno", None) or 1
            findings.append(
                Finding(str(path), line, 1, "unreadable", "change", "Look at this file by hand.", str(error))
            )
    return Report(files, tuple(sorted(findings)))


def _python_files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder).parts[:-1]
        if path.is_file() and not any(
            part.startswith(".") or part in {"__pycache__", "site-packages"} for part in inside
        ):
            yield path

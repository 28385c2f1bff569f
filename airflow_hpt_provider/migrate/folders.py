"""Finds the DAG files to check, and reports on all of them."""

from __future__ import annotations

import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.migrate.checker import check_source
from airflow_hpt_provider.migrate.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airflow_hpt_provider.migrate.findings import Severity


@dataclass(frozen=True)
class Report:
    """All findings of a folder, in order of file and line."""

    files: int
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def check_folder(folder: Path) -> Report:
    """Read every Python file of a folder, or one file. Nothing is imported.

    Hidden folders and those of installed packages are left out. A file that cannot be read as Python is a finding.
    """
    files, findings = 0, []
    for path in _python_files(folder):
        files += 1
        try:
            with tokenize.open(path) as source:
                findings += check_source(source.read(), str(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
            line = getattr(error, "lineno", None) or 1
            findings.append(
                Finding(str(path), line, 1, "unreadable", "change", "Review this file by hand.", str(error))
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

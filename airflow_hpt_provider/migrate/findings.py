"""A finding of ``migrate-check``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["change", "look"]
"""``change``: it would not run, or not find its value. ``look``: it runs, and behaves differently."""


@dataclass(frozen=True, order=True)
class Finding:
    """One place to change or to review.

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

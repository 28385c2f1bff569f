"""The local service's log: whatever a training job or a client writes, a record is one printable line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_hpt_provider.models.printable import printable

if TYPE_CHECKING:
    from types import TracebackType

    ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PrintableFormatter(logging.Formatter):
    """Escapes control characters in messages; only a traceback, which comes behind its message, has several lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the record's line, without its traceback."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 - logging's name
        """Return the traceback."""
        return printable(super().formatException(ei), keep="\n")

"""Airflow's log messages, where they do not get between the lines of a command's output."""

from __future__ import annotations

import logging
import sys


def logs_to_stderr() -> None:
    """Send what Airflow logs to stderr, and only warnings, unless ``--debug`` wants everything.

    Airflow logs to stdout as soon as it is imported, and logs how it found its credentials.
    """
    root = logging.getLogger()
    level = logging.DEBUG if root.level == logging.DEBUG else logging.WARNING
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream in (sys.stdout, sys.stderr):
            handler.setStream(sys.stderr)
            handler.setLevel(level)
    try:
        import structlog
    except ImportError:
        return
    structlog.configure(
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )

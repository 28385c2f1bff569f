"""What can go wrong in a demo, each with a message for the person who ran it."""

from __future__ import annotations


class DemoError(RuntimeError):
    """Base of the errors that end a demo with a message instead of a traceback."""


class ProcessEndedError(DemoError):
    """A process that should be serving has ended; with the end of its log."""


class AirflowApiError(DemoError):
    """Airflow did not answer, or answered with an error; the message says to what, and what it said."""


class DagImportFailedError(DemoError):
    """A DAG file cannot be imported; the message is Airflow's traceback."""


class DemoTimeoutError(DemoError, TimeoutError):
    """Something did not happen in time; the message says what, and where to look."""

"""A training job's log in CloudWatch Logs, a page at a time: its end first, then earlier or later lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.models.secret_values import without_secrets
from airflow_hpt_provider.retries.errors import error_code
from airflow_hpt_provider.ui.problems import Problem

GROUP = "/aws/sagemaker/TrainingJobs"
PAGE_LINES = 1000
LONGEST_LINE = 20_000
"""Characters of a line that the page gets: a line may have a million."""
MAX_STREAMS = 50


@needs("logs:DescribeLogStreams")
def read_streams(logs: Any, name: str) -> list[str]:
    """Return the log streams of a training job, one for each machine; empty while it has not logged anything.

    Args:
        logs: a boto3 client of CloudWatch Logs.
        name: the training job's.
    """
    try:
        answer = logs.describe_log_streams(
            logGroupName=GROUP, logStreamNamePrefix=f"{name}/", limit=MAX_STREAMS
        )
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return []
    return sorted(one["logStreamName"] for one in answer.get("logStreams", ()))


@needs("logs:GetLogEvents")
def read_page(
    logs: Any, streams: Sequence[str], stream: str | None, token: str | None, secrets: Sequence[str] = ()
) -> dict[str, Any]:
    """Return a page of a training job's log.

    Args:
        logs: a boto3 client of CloudWatch Logs.
        streams: those of the training job.
        stream: one of them; None: the first.
        token: ``earlier`` or ``later`` of another page; None: the end of the log.
        secrets: those of the tuning job, which no line shows.

    Returns:
        ``streams``, ``stream``, ``lines`` (time in seconds since 1970, text), and the tokens ``earlier``
        (None at the log's first line) and ``later``.

    Raises:
        Problem: the training job has no such stream.
    """
    chosen = stream or next(iter(streams), None)
    if chosen is None:
        return {"streams": [], "stream": None, "lines": [], "earlier": None, "later": None}
    if chosen not in streams:
        raise Problem(404, "no_log", "No such log", f"This training job has no log stream {chosen!r}.")
    answer = logs.get_log_events(
        logGroupName=GROUP,
        logStreamName=chosen,
        limit=PAGE_LINES,
        startFromHead=False,
        **({"nextToken": token} if token else {}),
    )
    lines = [
        [round(one["timestamp"] / 1000, 3), _short(without_secrets(one["message"], secrets))]
        for one in answer.get("events", ())
    ]
    earlier = answer.get("nextBackwardToken")
    return {
        "streams": list(streams),
        "stream": chosen,
        "lines": lines,
        # CloudWatch Logs repeats the token at the end of the log.
        "earlier": None if earlier == token else earlier,
        "later": answer.get("nextForwardToken"),
    }


def _short(text: str) -> str:
    if len(text) <= LONGEST_LINE:
        return text
    return f"{text[:LONGEST_LINE]} … ({len(text) - LONGEST_LINE} more characters)"

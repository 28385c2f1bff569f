"""Counts every call of a boto3 client, by operation and outcome."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from airflow_hpt_provider.metrics import CALLS, THROTTLES
from airflow_hpt_provider.retries.classify import classify
from airflow_hpt_provider.retries.errors import is_throttled


def count_calls(client: Any) -> None:
    """Make a boto3 client send ``hpt.calls`` and ``hpt.throttles``."""
    events = client.meta.events
    events.register("needs-retry", _on_response)
    events.register("after-call", _after_call)
    events.register("after-call-error", _after_error)


def _operation(event_name: str) -> str:
    return event_name.rpartition(".")[2]


def _error(http: Any, parsed: dict[str, Any], event_name: str) -> ClientError | None:
    return ClientError(parsed, _operation(event_name)) if http.status_code >= 300 else None  # type: ignore[arg-type]


def _outcome(error: Exception | None) -> str:
    if error is None:
        return "ok"
    return "throttled" if is_throttled(error) else classify(error).replace(" ", "_")


def _on_response(response: Any, event_name: str, **_: Any) -> None:
    """Count a throttled response. botocore emits this event for each of its own tries."""
    if response is None:  # no response has arrived
        return
    error = _error(response[0], response[1], event_name)
    if error is not None and is_throttled(error):
        THROTTLES.send(operation=_operation(event_name))


def _after_call(http_response: Any, parsed: dict[str, Any], event_name: str, **_: Any) -> None:
    CALLS.send(operation=_operation(event_name), outcome=_outcome(_error(http_response, parsed, event_name)))


def _after_error(exception: Exception, event_name: str, **_: Any) -> None:
    CALLS.send(operation=_operation(event_name), outcome=_outcome(exception))

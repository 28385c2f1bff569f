"""One boto3 client for many subscriptions: off the event loop, rate-limited, rebuilt when its credentials fail."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from airflow_hpt_provider.compat import AirflowRuntimeError
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import is_throttled, one_line, retry_after
from airflow_hpt_provider.waiting.rate_limit import AdaptiveTokenBucket, calls_per_second, shared_budget

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings

log = logging.getLogger(__name__)

WORKERS = 4
"""Maximum number of concurrent calls. boto3's clients are thread-safe and keep ten connections."""
KEEP_SECONDS = 600.0
"""Seconds after which an unused client is rebuilt: the connection may have been edited."""

MIN_YEAR, MAX_YEAR = 2000, 9000


class ClientBuildError(ConnectionError):
    """The connection could not be read now, or no client be built from it in the middle of a wait: transient."""


class RateLimitedClient:
    """Calls the tuning API for the waiters of one connection.

    Args:
        settings: the connection.

    Attributes:
        worked: whether any call has succeeded so far, here or on a worker. Credentials that are refused later were
            rotated.
        server_time: the service's own clock at its last answer; None before the first.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._boto3: Any = None
        self._used_at = 0.0
        self._building = asyncio.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._budget = AdaptiveTokenBucket(calls_per_second())
        self._shares_budget = False
        self.worked = False
        self.server_time: datetime | None = None

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call, as soon as the budget allows it. Not retried.

        Raises:
            BadResponseError: the response cannot be read, or is about another job.
            ClientBuildError: Airflow could not be asked for the connection; or a client from it has worked
            before, and could not be rebuilt.
            Exception: as boto3, or the first building of the client, raised it.
        """
        loop = asyncio.get_running_loop()
        client = await self._ready()
        if delay := self._budget.acquire(loop.time()):
            await asyncio.sleep(delay)
        self._executor = self._executor or ThreadPoolExecutor(WORKERS, thread_name_prefix="hpt-poller")
        try:
            answer: dict[str, Any] = await loop.run_in_executor(
                self._executor, partial(_send, client, operation, parameters)
            )
        except Exception as error:
            self._learn(error, client, loop.time())
            raise
        self.worked = True
        self._budget.on_success()
        self._read_metadata(answer, client)
        return answer

    async def _ready(self) -> Any:
        """Return the client, built by one caller at a time."""
        async with self._building:
            if self._boto3 is None or time.monotonic() - self._used_at > KEEP_SECONDS:
                try:
                    # Airflow answers a connection look-up in the triggerer only from asgiref's own thread.
                    self._boto3 = await sync_to_async(self._build)()
                except Exception as error:
                    if self.worked or isinstance(error, AirflowRuntimeError):
                        raise ClientBuildError(
                            f"no client for connection {self._settings.aws_conn_id}: {one_line(error)}"
                        ) from error
                    raise
            self._used_at = time.monotonic()
            return self._boto3

    def close_threads(self) -> None:
        """End the threads when no subscription is left. The client is kept for a while."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None

    def _build(self) -> Any:
        from airflow_hpt_provider.hooks.polling import PollingHook

        return PollingHook(self._settings).conn

    def _learn(self, error: Exception, client: Any, now: float) -> None:
        if is_throttled(error):
            self._budget.on_throttle(now)
        if seconds := retry_after(error):
            self._budget.pause(now, seconds)
        verdict = classify(error, connection_worked=self.worked)
        if verdict is ErrorClass.CREDENTIALS and self._boto3 is client:
            log.warning("Credentials were rejected (%s); reading the connection again.", one_line(error))
            self._boto3 = None

    def _read_metadata(self, answer: dict[str, Any], client: Any) -> None:
        headers = answer.pop("ResponseMetadata", {}).get("HTTPHeaders", {})
        self.server_time = _time_of(headers.get("date")) or self.server_time
        if self._shares_budget:
            return
        first: dict[str, Any] = next(iter(answer.get("HyperParameterTuningJobSummaries", ())), answer)
        if arn := first.get("HyperParameterTuningJobArn"):
            meta = client.meta
            self._budget = shared_budget(meta.endpoint_url, arn.split(":")[4], meta.region_name)
            self._shares_budget = True


def _send(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    from airflow_hpt_provider.hooks.responses import check_subject

    answer: dict[str, Any] = getattr(client, operation)(**parameters)
    check_subject(parameters, answer)
    return answer


def _time_of(header: str | None) -> datetime | None:
    """Return the time of a Date header; None if it is missing or unreadable."""
    try:
        time_ = parsedate_to_datetime(header or "")
        # Years out of all bounds would make every calculation with them fail.
        return time_.astimezone(UTC) if MIN_YEAR <= time_.year <= MAX_YEAR else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None

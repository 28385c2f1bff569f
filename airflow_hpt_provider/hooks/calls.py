"""Calls of SageMaker's API: a client that is made once, retries, checks of responses, and pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.config import Config

from airflow_hpt_provider.hooks.connection import ConnectionHook
from airflow_hpt_provider.hooks.pages import PageTokens
from airflow_hpt_provider.hooks.responses import BadResponseError, check_subject, read
from airflow_hpt_provider.links.console import has_console
from airflow_hpt_provider.models import TuningJobDescription
from airflow_hpt_provider.retries.calls import retrying

CREATE = "create_hyper_parameter_tuning_job"
DESCRIBE = "describe_hyper_parameter_tuning_job"


class SageMakerHook(ConnectionHook):
    """Base class of the hook: SageMaker's API by an Airflow connection, retried and checked.

    Args:
        aws_conn_id, region_name, verify, config: as for every AWS hook.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["client_type"] = "sagemaker"
        super().__init__(*args, **kwargs)
        self.worked = False
        """This connection has led to SageMaker before: credentials that it refuses were rotated."""
        self._arns: dict[str, str] = {}
        # Reentrant: a task's on_kill runs in a signal handler, maybe in the middle of another call.
        self._client_lock = threading.RLock()

    def reset(self) -> None:
        """Discard client and credentials; the next call builds them again from the connection."""
        with self._client_lock:
            for cached in ("conn", "conn_config", "_client"):
                self.__dict__.pop(cached, None)

    def ready(self) -> None:
        """Make the client, if it is not there yet; blocks while another thread does so."""
        with self._client_lock:
            self.conn  # noqa: B018 - made by being asked for

    def get_client_type(self, *args: Any, **kwargs: Any) -> Any:
        """Return a client as every AWS hook does.

        A call that hangs ends sooner than after botocore's minute, unless the connection or the caller says
        when: while it blocks, no timeout of a waiting task is checked.
        """
        if not args and kwargs.get("config") is None:
            kwargs["config"] = Config(connect_timeout=10, read_timeout=30).merge(self.config)
        return super().get_client_type(*args, **kwargs)

    @property
    def is_aws(self) -> bool:
        """Whether the connection leads to AWS itself, whose console shows the jobs."""
        with self._client_lock:
            client: Any = self.conn
        return has_console(str(client.meta.endpoint_url))

    def call_once(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One API call with botocore's own retries only.

        Args:
            operation: boto3's method name, e.g. ``describe_hyper_parameter_tuning_job``.
            parameters: in AWS names; None values are left out.

        Returns:
            The answer without ResponseMetadata.

        Raises:
            BadResponseError: the response cannot be read, or is about another job. Transient.
        """
        with self._client_lock:
            client = self.conn
        answer: dict[str, Any] = getattr(client, operation)(
            **{name: value for name, value in parameters.items() if value is not None}
        )
        answer.pop("ResponseMetadata", None)
        self._check(operation, parameters, answer)
        self.worked = True
        return answer

    def _check(self, operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Refuse a response that is about another job, or that our models cannot read."""
        check_subject(parameters, answer)
        if operation in {CREATE, DESCRIBE}:
            name, arn = parameters["HyperParameterTuningJobName"], answer["HyperParameterTuningJobArn"]
            known = self._arns.setdefault(name.lower(), arn)
            if known.lower() != arn.lower():
                raise BadResponseError(error=f"tuning job {name} has the ARN {arn}, it had {known}")
        if operation == DESCRIBE:
            read(TuningJobDescription, answer)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One API call, tried again while it fails for a transient reason (at most 5 minutes)."""
        policy = retrying(rebuild=self.reset, connection_worked=lambda: self.worked, log=self.log.warning)
        answer: dict[str, Any] = policy(self.call_once, operation, **parameters)
        return answer

    def pages(self, operation: str, member: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield all items of a paginated response. boto3's own paginators would not retry as we do.

        Raises:
            BadResponseError: a page lacks its items, or a page token repeats.
        """
        tokens, token = PageTokens(operation), None
        while True:
            page = self.call(operation, **parameters, NextToken=token)
            if member not in page:
                raise BadResponseError(error=f"{operation} has responded without {member}")
            yield from page[member]
            token = tokens.next(page.get("NextToken"))
            if token is None:
                return

    def client(self, service: str) -> Any:
        """Return a boto3 client of another service, by the same connection."""
        return ConnectionHook(
            client_type=service,
            aws_conn_id=self.aws_conn_id,
            region_name=self._region_name,
            verify=self._verify,
            config=self._config,
        ).conn

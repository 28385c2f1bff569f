"""From a command's options to SageMaker's client: through an Airflow connection, or as the aws CLI does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli.airflow_logs import logs_to_stderr
from airflow_hpt_provider.cli.errors import CommandError

if TYPE_CHECKING:
    import argparse

    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

AIRFLOWS_DEFAULT = "aws_default"
RETRY_TIMEOUT = timedelta(seconds=8)
"""How long a failed call is retried while the service does not respond."""


@dataclass(frozen=True)
class Connection:
    """What the options of :func:`airflow_hpt_provider.cli.options.add_connection` say.

    Attributes:
        aws_conn_id: the Airflow connection; None: boto3's own way of finding credentials.
        by_default: the user did not name the connection, so it may be missing.
        region, profile, endpoint_url: override what the connection or the AWS settings say; None: they don't.
        verify: False, the path of a CA bundle, or None: as the settings say.
        read_timeout, connect_timeout: in seconds; 0: without end; None: botocore's own.
        sign: whether requests are signed.
    """

    aws_conn_id: str | None = None
    by_default: bool = False
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    verify: bool | str | None = None
    read_timeout: int | None = None
    connect_timeout: int | None = None
    sign: bool = True

    @classmethod
    def of(cls, options: argparse.Namespace) -> Connection:
        """From parsed options.

        Raises:
            CommandError: the options contradict each other.
        """
        if options.aws_conn_id and options.profile:
            raise CommandError("--aws-conn-id and --profile are both sources of credentials; give only one")
        conn_id = options.aws_conn_id
        by_default = conn_id is None and not options.profile and getattr(options, "in_airflow", False)
        return cls(
            aws_conn_id=(AIRFLOWS_DEFAULT if by_default else conn_id) or None,
            by_default=by_default,
            region=options.region or None,
            profile=options.profile or None,
            endpoint_url=options.endpoint_url,
            verify=False if options.no_verify_ssl else options.ca_bundle,
            read_timeout=options.cli_read_timeout,
            connect_timeout=options.cli_connect_timeout,
            sign=not options.no_sign_request,
        )

    def client(self, session: Any = None, service: str = "sagemaker") -> Any:
        """Return a boto3 client, SageMaker's by default.

        Args:
            session: one of :meth:`session`, changed since.
            service: the AWS service, as boto3 names it.
        """
        session = session or self.session()
        endpoint, verify = self.endpoint_url, self.verify
        if self._airflow is not None:
            settings = self._airflow.conn_config
            endpoint = endpoint or settings.get_service_endpoint_url(service)
            verify = settings.verify if verify is None else verify
        return session.client(service, endpoint_url=endpoint, verify=verify, config=self._config())

    def session(self) -> Any:
        """Return a boto3 session with the credentials and the region.

        Raises:
            CommandError: there is no such Airflow connection.
        """
        if self._airflow is not None:
            return self._airflow.get_session(region_name=self.region)
        import boto3

        return boto3.session.Session(profile_name=self.profile, region_name=self.region)

    def hook(self) -> HyperParameterTuningHook:
        """Return the provider's hook for this connection."""
        from airflow_hpt_provider.hooks.response_time import limit_response_time
        from airflow_hpt_provider.hooks.responses import check_responses
        from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
        from airflow_hpt_provider.retries.calls import retrying

        logs_to_stderr()
        connection = self

        class CommandLineHook(HyperParameterTuningHook):
            def call(self, operation: str, **parameters: Any) -> Any:
                # A user waits at the terminal: report an unavailable service within seconds, not minutes.
                policy = retrying(
                    max_delay=RETRY_TIMEOUT,
                    rebuild=self.reset,
                    connection_worked=lambda: self.worked,
                    log=self.log.warning,
                )
                return policy(self.call_once, operation, **parameters)

            def get_client_type(self, *args: Any, **kwargs: Any) -> Any:
                client = connection.client()
                check_responses(client)
                limit_response_time(client)
                return client

        # A default connection that is not there is not asked for by the hook either: it would warn of it.
        return CommandLineHook(aws_conn_id=self._airflow and self.aws_conn_id, region_name=self.region)

    @cached_property
    def _airflow(self) -> Any:
        """A hook on the Airflow connection; None: without Airflow."""
        if not self.aws_conn_id:
            return None
        from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

        logs_to_stderr()
        try:
            AwsBaseHook.get_connection(self.aws_conn_id)
        except Exception as error:
            if type(error).__name__ != "AirflowNotFoundException":  # Airflow has it in different places
                raise
            if self.by_default:
                return None
            raise CommandError(
                f"Airflow connection '{self.aws_conn_id}' does not exist; create it with "
                f"`airflow connections add {self.aws_conn_id} --conn-type aws`, or omit --aws-conn-id"
            ) from error
        return AwsBaseHook(
            aws_conn_id=self.aws_conn_id, client_type="sagemaker", region_name=self.region, verify=self.verify
        )

    def _config(self) -> Any:
        from botocore import UNSIGNED
        from botocore.config import Config

        settings: dict[str, Any] = {
            name: seconds or None
            for name, seconds in (
                ("read_timeout", self.read_timeout),
                ("connect_timeout", self.connect_timeout),
            )
            if seconds is not None
        }
        return Config(**settings, **({} if self.sign else {"signature_version": UNSIGNED}))

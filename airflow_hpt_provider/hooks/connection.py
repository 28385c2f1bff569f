"""The Airflow connection of every hook here: one that is named and does not exist is an error.

The amazon provider falls back to the credentials of the process, which may belong to another account. A tuning job
would then be created in the wrong account, or a running one would seem to be missing.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import NoRegionError

from airflow_hpt_provider.config.masking import mask_url_secrets
from airflow_hpt_provider.exceptions import TuningConnectionError
from airflow_hpt_provider.hooks.call_metrics import count_calls
from airflow_hpt_provider.hooks.response_time import limit_response_time
from airflow_hpt_provider.hooks.responses import check_responses

try:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
except ModuleNotFoundError as error:
    if error.name != "airflow":
        raise
    from airflow_hpt_provider.without_airflow import AwsBaseHook  # type: ignore[assignment]

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper


class ConnectionHook(AwsBaseHook):
    """An AWS hook that says what is wrong with its connection.

    Only ``aws_default``, the default, may be missing: then boto3 finds the credentials, as AWS's own
    machines have them.
    """

    @cached_property
    def conn_config(self) -> AwsConnectionWrapper:
        """The connection.

        Raises:
            TuningConnectionError: there is none of this name.
        """
        found: AwsConnectionWrapper = super().conn_config
        if self.aws_conn_id and self.aws_conn_id != self.default_conn_name and not found:
            del self.__dict__["conn_config"]  # where the amazon provider has just put it
            raise TuningConnectionError(
                f"aws_conn_id={self.aws_conn_id!r}: the Airflow connection does not exist. Create it, or pass"
                " aws_conn_id=None to let boto3 find the credentials."
            )
        if found:
            # Airflow masks the members of the extra by their names: no password within endpoint_url or a proxy's URL.
            mask_url_secrets(found.extra_config)
        return found

    def _get_caller(self, target_function_name: str = "execute") -> str:
        """Return who calls, for the user agent.

        The amazon provider looks for an operator in the stack, which takes longer than most calls: ``inspect.stack``
        reads the source of every frame.
        """
        return "airflow-hpt-provider"

    def get_client_type(self, *args: Any, **kwargs: Any) -> Any:
        """Return a client as every AWS hook does; it raises BadResponseError for responses that cannot be read.

        Raises:
            TuningConnectionError: there is no such connection, or it has no region.
        """
        try:
            client = super().get_client_type(*args, **kwargs)
        except NoRegionError as error:
            raise TuningConnectionError(
                f"region_name must be set, but connection {self.aws_conn_id!r} has none."
                " Pass region_name=, or set region_name in the connection's extra, or AWS_DEFAULT_REGION"
                " where the task runs."
            ) from error
        check_responses(client)
        limit_response_time(client)
        count_calls(client)
        return client

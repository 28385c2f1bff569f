"""The Airflow connection of every hook here: one that is named and does not exist is an error.

The amazon provider would go on with the credentials that the process happens to have, which may be another
account's: a tuning job would be made where nobody looks for it, or one that runs would seem to be gone.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.exceptions import NoRegionError

from airflow_hpt_provider.exceptions import TuningConnectionError
from airflow_hpt_provider.hooks.responses import check_responses

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper


class ConnectionHook(AwsBaseHook):
    """An AWS hook that says what is wrong with its connection.

    Only ``aws_default``, which is nobody's choice, may be missing: then boto3 finds the credentials, as AWS's own
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
                f"aws_conn_id={self.aws_conn_id!r}: there is no such Airflow connection. Define it, or pass"
                " aws_conn_id=None for boto3's own way of finding credentials."
            )
        return found

    def get_client_type(self, *args: Any, **kwargs: Any) -> Any:
        """Return a client as every AWS hook does; it raises BadResponseError for responses that cannot be read.

        Raises:
            TuningConnectionError: there is no such connection, or it has no region.
        """
        try:
            client = super().get_client_type(*args, **kwargs)
        except NoRegionError as error:
            raise TuningConnectionError(
                f"region_name: connection {self.aws_conn_id!r} has none. Pass region_name=, or set region_name in the"
                " connection's extra, or AWS_DEFAULT_REGION where the task runs."
            ) from error
        check_responses(client)
        return client

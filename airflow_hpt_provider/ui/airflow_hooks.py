"""The page's calls to SageMaker through Airflow's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from botocore.config import Config

from airflow_hpt_provider.ui.jobs import TIMEOUTS, PageHook
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings


def make_hook(settings: ConnectionSettings) -> PageHook:
    """Return a hook for calls from the API server.

    Raises:
        Problem: the API server does not know the connection.
    """
    if settings.aws_conn_id:
        try:
            BaseHook.get_connection(settings.aws_conn_id)
        except Exception as error:
            # The amazon provider would fall back to the API server's own credentials, which are not the task's.
            raise Problem(
                502,
                "credentials",
                f"The API server does not know connection {settings.aws_conn_id!r}",
                "The task reached its tuning job by this connection.",
                "Define it in Airflow's connections or in a secrets backend, or as an environment variable of the"
                " API server too.",
            ) from error
    own = Config(**settings.botocore_config) if settings.botocore_config else Config()
    # The page's time-outs last: no DAG or connection makes them longer.
    return PageHook(**{**settings.as_hook_kwargs(), "config": own.merge(TIMEOUTS)})

"""``page``: the tuning page in a browser, without Airflow."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.errors import CommandError, missing_extra
from airflow_hpt_provider.cli.options import add_connection, port

if TYPE_CHECKING:
    from airflow_hpt_provider.ui.jobs import PageHook
    from airflow_hpt_provider.ui.standalone_server import PageServer

_DESCRIPTION = """\
Show the tuning jobs of an AWS account and region, or of a local tuning service, in a browser on this machine. Airflow
is not needed. The server listens on 127.0.0.1 only, and requires the token in the address that it prints."""


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "page", help="show tuning jobs in a browser, without Airflow", description=_DESCRIPTION
    )
    parser.add_argument(
        "--port", type=port, default=0, metavar="N", help="port to listen on (default: 0, any free port)"
    )
    add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    connection = Connection.of(options)
    server = page_server(connection, connection.profile or connection.aws_conn_id or "aws", options.port)
    print(f"Tuning page at {server.url} (Ctrl-C ends it)", flush=True)
    server.run()
    return 0


def page_server(connection: Connection, name: str, port: int, session: Any = None) -> PageServer:
    """Return a server of the page, which does not run yet.

    Args:
        connection: how SageMaker is reached.
        name: the connection's name in the page's addresses.
        port: the port to listen on; 0: any free port.
        session: a boto3 session with other credentials than the connection's.

    Raises:
        CommandError: the port cannot be used, or a package is missing.
    """
    try:
        from airflow_hpt_provider.ui.standalone_server import PageServer
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("airflow_hpt_provider"):
            raise
        raise missing_extra(error, "local") from error
    patient = replace(
        connection,
        read_timeout=connection.read_timeout or 10,
        connect_timeout=connection.connect_timeout or 5,
    )
    try:
        return PageServer(lambda: _hook(patient, session), name, port)
    except OSError as error:
        raise CommandError(f"--port must be a free port, got {port}: {error.strerror}") from error


def _hook(connection: Connection, session: Any) -> PageHook:
    from airflow_hpt_provider.hooks.response_time import limit_response_time
    from airflow_hpt_provider.hooks.responses import check_responses
    from airflow_hpt_provider.ui.jobs import PageHook

    class CommandLinePageHook(PageHook):
        def get_client_type(self, *args: Any, **kwargs: Any) -> Any:
            client = connection.client(session)
            check_responses(client)
            limit_response_time(client)
            return client

        def client(self, service: str) -> Any:
            return connection.client(session, service)

    return CommandLinePageHook(aws_conn_id=None, region_name=connection.region)

"""What a connection holds now, as a hash: an edited connection is another one for the waits that begin later."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from airflow_hpt_provider.retries.errors import one_line

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings

log = logging.getLogger(__name__)

MAX_AGE_SECONDS = 30.0
"""For so long one reading counts for all waits that begin."""
READ_SECONDS = 10.0
_SALT = secrets.token_bytes(32)
"""A random key of this process, so that no password can be guessed from a hash elsewhere."""
_MEMBERS = ("conn_type", "host", "login", "password", "schema", "port", "extra")


class ConnectionContent:
    """The hash of what a connection holds, read now and then; belongs to one event loop."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._hash, self._read_at = "", float("-inf")
        self._reading = asyncio.Lock()

    async def get(self, max_age: float) -> str:
        """Return the hash; the last one that is known if the connection cannot be read now.

        Args:
            max_age: seconds for which an earlier reading counts.
        """
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        async with self._reading:
            if asked_at - self._read_at >= max_age:
                try:
                    async with asyncio.timeout(READ_SECONDS):
                        # Airflow answers a connection look-up in the triggerer only from asgiref's own thread.
                        self._hash = await sync_to_async(content_hash)(self._settings)
                except Exception as error:  # noqa: BLE001 - the poll meets it as well, and retries
                    log.warning(
                        "Cannot read connection %s (%s).", self._settings.aws_conn_id, one_line(error)
                    )
                self._read_at = loop.time()
            return self._hash


def content_hash(settings: ConnectionSettings) -> str:
    """Return a hash of the Airflow connection's content; empty if there is no such connection. Blocks.

    Raises:
        Exception: Airflow could not be asked.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    if not settings.aws_conn_id:
        return ""
    try:
        connection = AwsBaseHook.get_connection(settings.aws_conn_id)
    except Exception as error:
        if type(error).__name__ == "AirflowNotFoundException":  # Airflow has it in different places
            return ""
        raise
    content = repr([getattr(connection, name, None) for name in _MEMBERS])
    return hashlib.blake2b(content.encode(), key=_SALT, digest_size=16).hexdigest()

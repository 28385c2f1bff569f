"""Loopback only: the address we bind to, and the Host header that a request may have.

A web page can make a browser call ``http://evil.example:PORT`` with a name that its owner points to 127.0.0.1
(DNS rebinding). The request then reaches us, but its Host header still says ``evil.example``.
"""

from __future__ import annotations

import ipaddress
import re

from airflow_hpt_provider.local.errors import ServiceError

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::\d{1,5})?")


def is_loopback(name: str) -> bool:
    """Return whether a host name or address is this machine's loopback by definition, without asking DNS."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def check_host(header: str) -> None:
    """Refuse a Host header that is not a loopback name.

    Raises:
        ServiceError: AccessDenied (403); for ``bucket.localhost``, InvalidRequest naming the remedy.
    """
    match = _HOST.fullmatch(header.strip())
    name = match["name"].lower() if match else ""
    if is_loopback(name):
        return
    if name.endswith(".localhost"):
        raise ServiceError(
            "InvalidRequest",
            f"The local service wants the bucket in the path, not in the host name '{name}': use the endpoint "
            "http://127.0.0.1:PORT, or path-style addressing (boto3: Config(s3={'addressing_style': 'path'})).",
        )
    raise ServiceError(
        "AccessDenied",
        f"The local service answers only to loopback names, not to the Host header '{header[:100]}': use 127.0.0.1.",
        403,
    )

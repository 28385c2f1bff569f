"""The service's one access key, kept in ``local.env`` with its endpoint and region."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ACCESS_KEY_ID = "local-tuning-service"
"""Looks like no AWS key, so that no scanner takes it for one; botocore signs with any string."""

_KEY, _SECRET, _ENDPOINT, _REGION = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ENDPOINT_URL",
    "AWS_DEFAULT_REGION",
)


@dataclass(frozen=True)
class Environment:
    """What a client needs: the lines of ``local.env``."""

    endpoint_url: str
    secret_access_key: str
    region: str
    access_key_id: str = ACCESS_KEY_ID

    def __repr__(self) -> str:
        return f"Environment(endpoint_url={self.endpoint_url!r}, region={self.region!r})"

    def lines(self) -> str:
        """As ``NAME=value`` lines that a shell can source."""
        return (
            f"{_ENDPOINT}={self.endpoint_url}\n"
            f"{_KEY}={self.access_key_id}\n"
            f"{_SECRET}={self.secret_access_key}\n"
            f"{_REGION}={self.region}\n"
        )


def read_environment(path: Path) -> Environment | None:
    """Read what an earlier start wrote, so that a restart keeps secret and port; None without a secret in it.

    Where the file has no endpoint or region, they are ``""``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if not values.get(_SECRET):
        return None
    return Environment(values.get(_ENDPOINT, ""), values[_SECRET], values.get(_REGION, ""))


def write_environment(path: Path, environment: Environment) -> None:
    """Write ``local.env``, mode 600, in one step: a reader finds all of it or the former version."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(environment.lines())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def new_secret() -> str:
    """Return a secret access key: 40 characters that need no quoting anywhere."""
    return secrets.token_hex(20)

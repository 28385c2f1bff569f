"""A place where the calls are made: AWS or the local service. Each response is recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from pathlib import Path

    import boto3


@dataclass
class Place:
    """AWS, or a local service.

    Attributes:
        name: for the table.
        session: with credentials and region.
        endpoint_url: of the local service; None: AWS.
        bucket: for data and models.
        role_arn: the training role.
        image: the training image.
        records: the responses so far, in order: step, operation, and the response or the error.
    """

    name: str
    session: boto3.Session
    endpoint_url: str | None
    bucket: str
    role_arn: str
    image: str
    records: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        """Return a boto3 client of this place, which leaves it to the place to refuse a request."""
        config = Config(parameter_validation=False)
        return self.session.client(service, endpoint_url=self.endpoint_url, config=config)

    def record(self, step: str, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call, record the response or the error, and return it without its metadata."""
        try:
            answer = getattr(self.client(service), operation)(**parameters)
        except ClientError as error:
            answer = {"Error": error.response.get("Error", {})}
        answer.pop("ResponseMetadata", None)
        self.records.append({"step": step, "operation": operation, "response": answer})
        return dict(answer)

    def save(self, file: Path) -> None:
        """Write the records as JSON."""
        file.write_text(json.dumps(self.records, indent=1, default=_as_text) + "\n", encoding="utf-8")


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

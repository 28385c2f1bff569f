"""A client that signs with botocore and calls the endpoint's ASGI application directly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from airflow_hpt_provider.local.env_file import ACCESS_KEY_ID
from airflow_hpt_provider.local.errors import ServiceError

if TYPE_CHECKING:
    from airflow_hpt_provider.local.endpoint import Endpoint
    from airflow_hpt_provider.local.moto_backend import MotoBackend
    from airflow_hpt_provider.local.s3.objects import ObjectStore

SECRET = "not-a-real-secret"
BASE = "http://127.0.0.1:4242"


@dataclass
class DictOperations:
    """A few operations, answered from what was created: the smallest thing behind the contract."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    names = frozenset(
        {
            "CreateHyperParameterTuningJob",
            "DescribeHyperParameterTuningJob",
            "StopHyperParameterTuningJob",
            "CreateTrainingJob",
            "ListHyperParameterTuningJobs",
            "ListTags",
        }
    )

    def handles(self, operation: str, parameters: Mapping[str, Any]) -> bool:
        return operation != "ListTags" or ":hyper-parameter-tuning-job/" in parameters["ResourceArn"]

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        name = parameters.get("HyperParameterTuningJobName", "")
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/{name}"
        if operation == "CreateHyperParameterTuningJob":
            self.jobs[name] = dict(parameters)
            return {"HyperParameterTuningJobArn": arn}
        if operation == "DescribeHyperParameterTuningJob":
            if name == "broken":
                raise RuntimeError("an internal mistake")
            if name not in self.jobs:
                raise ServiceError(
                    "ResourceNotFound", f"Amazon SageMaker can't find a tuning job called {name}."
                )
            created = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
            return {
                "HyperParameterTuningJobName": name,
                "HyperParameterTuningJobArn": arn,
                "CreationTime": created,
            }
        if operation == "ListTags":
            return {"Tags": [{"Key": "who", "Value": "dict"}]}
        return {}

    def start(self) -> None: ...

    def close(self) -> None: ...


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of an error in JSON."""
        return str(self.json["__type"])


class WireClient:
    """Sends requests to an endpoint as a socket would, signed by default."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    async def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        service: str = "sagemaker",
        region: str = "us-east-1",
        key: str = ACCESS_KEY_ID,
        secret: str = SECRET,
        token: str | None = None,
        sign: bool = True,
        after_signing: dict[str, str] | None = None,
        send_body: bytes | None = None,
    ) -> Reply:
        request = AWSRequest(method=method, url=BASE + path, data=body, headers=dict(headers or {}))
        request.headers["Host"] = "127.0.0.1:4242"
        request.context["client_config"] = None
        if sign:
            signer = S3SigV4Auth if service == "s3" else SigV4Auth
            signer(Credentials(key, secret, token), service, region).add_auth(request)
        sent = {k.lower(): str(v) for k, v in request.headers.items()}
        sent |= {k.lower(): v for k, v in (after_signing or {}).items()}
        return await self.raw(method, request.url, body if send_body is None else send_body, sent)

    async def operation(self, name: str, body: object, **options: Any) -> Reply:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Amz-Target": f"SageMaker.{name}", "Content-Type": "application/x-amz-json-1.1"}
        return await self.send("POST", "/", data, headers, **options)

    async def raw(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        parts = urlsplit(url)
        headers.setdefault("content-length", str(len(body)))
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),  # as servers have it
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "server": ("127.0.0.1", 4242),
            "client": ("127.0.0.1", 9),
        }
        pieces = [body[i : i + 1000] for i in range(0, len(body), 1000)] or [b""]
        messages = [
            {"type": "http.request", "body": piece, "more_body": n < len(pieces) - 1}
            for n, piece in enumerate(pieces)
        ]
        reply = Reply(0, {}, b"")

        async def receive() -> dict[str, Any]:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = {k.decode().lower(): v.decode() for k, v in message["headers"]}
            else:
                reply.body += message.get("body", b"")

        await self.endpoint(scope, receive, send)  # type: ignore[arg-type]
        return reply


@pytest.fixture(scope="session")
def moto() -> Iterator[MotoBackend]:
    from airflow_hpt_provider.local.moto_backend import MotoBackend  # slow, and some tests here need none

    backend = MotoBackend()
    yield backend
    backend.close()


@pytest.fixture
def operations() -> DictOperations:
    return DictOperations()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    from airflow_hpt_provider.local.s3.objects import ObjectStore

    objects = ObjectStore(tmp_path / "s3")
    yield objects
    objects.close()


@pytest.fixture
def client(
    tmp_path: Path, operations: DictOperations, store: ObjectStore, moto: MotoBackend
) -> Iterator[WireClient]:
    from airflow_hpt_provider.local.operations.model_registry.operations import ModelRegistry
    from airflow_hpt_provider.local.server import create_app

    registry = ModelRegistry(tmp_path / "registry.sqlite", "us-east-1", "123456789012")
    yield WireClient(create_app([operations, registry], store, moto, SECRET))
    registry.close()

"""moto behind the same endpoint: IAM, STS, SQS, EventBridge, and what of Logs and SageMaker is not ours.

moto checks no signatures; by the time a request comes here, the endpoint has.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import re
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from a2wsgi import WSGIMiddleware
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sts.models import sts_backends
from starlette.responses import Response

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http.auth.sigv4 import Secret
from airflow_hpt_provider.local.http.body import MAX_MOTO_BODY, too_large
from airflow_hpt_provider.local.http.request import CONTENT_TYPE
from airflow_hpt_provider.local.http.xml_body import XmlRefused, looks_like_xml, root_of

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

    from airflow_hpt_provider.local.http.request import WireRequest

log = logging.getLogger(__name__)

_WORKERS = 8
_PRIVATE = ("/moto-api", "/latest/meta-data", "/latest/api", "/favicon.ico")
"""moto's own paths: resetting all its state, and a fake instance metadata service."""
_CLIENT_ERROR, _NOT_FOUND, _SERVER_ERROR = 400, 404, 500
_PERMISSION_SERVICES = frozenset({"iam", "sts"})
"""Services whose clients take "not permitted" for "unknown", and give up on an unknown operation."""
_ACTION = re.compile(rb"(?:^|&)Action=(\w{1,128})(?:&|$)")
_CLIENTS_WORDS = re.compile(r"^An error occurred \(\w+\) when calling the \w+ operation: ")
"""What boto3 puts before a service's message; some of moto's messages begin so themselves."""


class MotoBackend:
    """Everything that the local service does not do itself."""

    def __init__(self) -> None:
        application: Any = DomainDispatcherApplication(create_backend_app)
        self._app: Any = WSGIMiddleware(application, workers=_WORKERS)

    def close(self) -> None:
        """End its threads."""
        self._app.executor.shutdown(wait=False, cancel_futures=True)

    async def __call__(
        self, request: WireRequest, service: str, body: bytes, scope: Scope, send: Send
    ) -> None:
        """Answer one request.

        Raises:
            ServiceError: moto has no such service or operation, or failed at it.
        """
        # As moto takes it: decoded, and with one slash for many.
        if re.sub("/+", "/", scope["path"]).startswith(_PRIVATE):
            raise ServiceError("UnknownOperationException", f"There is nothing at {request.path}.", 404)
        operation = _operation(request, body)
        if looks_like_xml(body) or "content-encoding" in request.headers:
            await anyio.to_thread.run_sync(_check, body, request.headers.get("content-encoding", ""))
        try:
            status, headers, content = await self._collect(body, scope)
        except NotImplementedError:
            raise _not_offered(service, operation) from None
        except Exception as error:  # noqa: BLE001 - whatever moto trips over
            # moto's own slips on requests that AWS would refuse: not worth a client's retries.
            log.warning("moto failed at %s of %s: %r", operation, service, error)
            raise ServiceError(
                "ValidationException",
                f"The local tuning service cannot carry out this {operation} of {service}.",
            ) from None
        if service == "iam" and operation == "GetRole" and status == _NOT_FOUND:
            raise _not_permitted(service, operation, "No role of this name was created here.")
        # A web page, or nothing: no such service, path or action.
        web_page = content.lstrip()[:2] == b"<!"
        if status >= _SERVER_ERROR or web_page or (status >= _CLIENT_ERROR and not content):
            raise _not_offered(service, operation)
        # No web page has business here; moto would let any in.
        headers = {n: v for n, v in headers.items() if not n.startswith("access-control-")}
        headers.setdefault("x-amzn-requestid", request.id)
        if request.target and status >= _CLIENT_ERROR:
            content = _completed(content, headers)
        response = Response(content, status)
        response.raw_headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()]
        await response(scope, _nothing, send)

    async def _collect(self, body: bytes, scope: Scope) -> tuple[int, dict[str, str], bytes]:
        start: dict[str, Any] = {"status": _SERVER_ERROR, "headers": []}
        content = bytearray()
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return given.pop() if given else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                content.extend(message.get("body", b""))

        await self._app(scope, receive, send)
        headers = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in start["headers"]}
        headers["content-length"] = str(len(content))
        return start["status"], headers, bytes(content)


def _check(body: bytes, encoding: str) -> None:
    """Refuse what moto, which unpacks and parses without bounds, must not read.

    Raises:
        ServiceError: RequestEntityTooLargeException for a compressed body that is larger than an uncompressed one may
            be; MalformedXML.
    """
    if encoding:
        if encoding.strip().lower() != "gzip":
            raise ServiceError("UnsupportedMediaType", f"Content-Encoding must be gzip, got {encoding}.", 415)
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
                body = file.read(MAX_MOTO_BODY + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise ServiceError("SerializationException", f"The body is not gzip: {error}.") from None
        if len(body) > MAX_MOTO_BODY:
            raise too_large(MAX_MOTO_BODY)
    if looks_like_xml(body):
        try:
            root_of(body)
        except XmlRefused as error:
            raise ServiceError("MalformedXML", str(error)) from None


def _completed(content: bytes, headers: dict[str, str]) -> bytes:
    """Return an error in JSON with all of AWS's members: some of moto's lack a code or the error type header."""
    try:
        error = json.loads(content)
    except ValueError:
        return content
    if not isinstance(error, dict) or not error.get("__type"):
        return content
    text = _CLIENTS_WORDS.sub("", str(error.get("message") or error.get("Message") or error["__type"]))
    content = json.dumps({**error, "message": text, "Message": text}).encode()
    headers["content-length"] = str(len(content))
    headers["content-type"] = CONTENT_TYPE
    headers["x-amzn-errortype"] = str(error["__type"])
    return content


def _operation(request: WireRequest, body: bytes) -> str:
    """Return the operation of a request, or its path: in a header, in the query or, for older protocols, in a form."""
    named = request.target.rpartition(".")[2] or request.parameters.get("Action")
    if not named and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        match = _ACTION.search(body)
        named = match[1].decode() if match else None
    return named or request.path


def _not_permitted(service: str, operation: str, reason: str) -> ServiceError:
    return ServiceError(
        "AccessDenied",
        f"Not authorized to perform {service}:{operation}: the local tuning service checks no permissions. {reason}",
        403,
    )


def _not_offered(service: str, operation: str) -> ServiceError:
    if service in _PERMISSION_SERVICES:
        return _not_permitted(service, operation, "It does not support this operation.")
    return ServiceError(
        "UnknownOperationException", f"The local tuning service does not offer '{operation}' of {service}."
    )


def handed_out_secret(access_key_id: str) -> Secret | None:
    """Return the secret of credentials that moto's STS (AssumeRole) or IAM (CreateAccessKey) has handed out.

    None if neither has, or if they have expired or been made inactive.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    for token_service in _of_all_accounts(sts_backends):
        role = token_service.get_assumed_role_from_access_key(access_key_id)
        if role is not None:
            return Secret(role.secret_access_key, role.session_token) if role.expiration > now else None
    for identities in _of_all_accounts(iam_backends):
        key = identities.access_keys.get(access_key_id)
        if key is not None and key.status == "Active":
            return Secret(key.secret_access_key)
    return None


def _of_all_accounts(backends: Any) -> list[Any]:
    """Moto's state of one service: a backend for each account and region, which other threads may add to."""
    return [backend for account in list(backends.values()) for backend in list(account.values())]


async def _nothing() -> Message:
    return {"type": "http.disconnect"}

"""The one endpoint: authenticates every request, and passes it to the service that handles it."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sqlite3
import uuid
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.responses import Response

from airflow_hpt_provider.local.aws_json.decode import decode
from airflow_hpt_provider.local.aws_json.encode import encode
from airflow_hpt_provider.local.aws_json.envelope import SERVICE as SAGEMAKER
from airflow_hpt_provider.local.aws_json.envelope import is_sagemaker, operation_of
from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model
from airflow_hpt_provider.local.cloudwatch import wire as cloudwatch
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure
from airflow_hpt_provider.local.http.auth.parse import parse_signature
from airflow_hpt_provider.local.http.auth.sigv2 import is_presigned_v2, verify_presigned_v2
from airflow_hpt_provider.local.http.auth.sigv4 import verify
from airflow_hpt_provider.local.http.body import MAX_MOTO_BODY, MIB, ClientGone, read_body
from airflow_hpt_provider.local.http.errors import error_response, protocol_of, refused
from airflow_hpt_provider.local.http.host_check import check_host
from airflow_hpt_provider.local.http.request import CONTENT_TYPE, WireRequest
from airflow_hpt_provider.local.logs.operations import SERVICE
from airflow_hpt_provider.local.operations import reported_metrics
from airflow_hpt_provider.local.s3.wire.posted_forms import is_posted_form

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Message, Receive, Scope, Send

    from airflow_hpt_provider.local.cloudwatch.operations import TrainingMetrics
    from airflow_hpt_provider.local.http.auth.parse import ParsedSignature
    from airflow_hpt_provider.local.http.auth.sigv4 import SecretFinder
    from airflow_hpt_provider.local.logs.operations import TrainingLogs
    from airflow_hpt_provider.local.moto_backend import MotoBackend
    from airflow_hpt_provider.local.operations.contract import Operations
    from airflow_hpt_provider.local.s3.wire.app import S3Endpoint

log = logging.getLogger(__name__)

MAX_BODY = 4 * MIB
"""Limit for SageMaker's operations; AWS's own limit for a Create is well below."""
_DRAIN = MIB
"""Bytes of a refused request's body that are read all the same, so that the client sees the answer."""


class Endpoint:
    """An ASGI application (HTTP only).

    Args:
        operations: SageMaker's operations that we answer ourselves; each call goes to the first that handles it.
        s3: the object store over HTTP.
        moto: all the rest.
        find_secret: who may sign.
        logs: the training jobs' logs; None: none.
        metrics: the training jobs' metrics; None: none.
        put_metrics: takes the body of a BatchPutMetrics, and returns the response's, or None for moto.
    """

    def __init__(
        self,
        *,
        operations: Sequence[Operations],
        s3: S3Endpoint,
        moto: MotoBackend,
        find_secret: SecretFinder,
        logs: TrainingLogs | None = None,
        metrics: TrainingMetrics | None = None,
        put_metrics: Callable[[bytes], bytes | None] = lambda body: None,
    ) -> None:
        self._logs = logs
        self._metrics = metrics
        self._put_metrics = put_metrics
        self._operations = operations
        self._s3 = s3
        self._moto = moto
        self._find_secret = find_secret
        self._model = sagemaker_model()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = WireRequest.from_scope(scope, str(uuid.uuid4()))
        exchange = _Exchange(receive, send)
        service = None
        try:
            check_host(request.headers.get("host", ""))
            if is_presigned_v2(request):
                service = "s3"
                verified = verify_presigned_v2(request, self._find_secret)
                await self._s3(request, verified, scope, exchange.receive, exchange.send)
                return
            if is_posted_form(request):
                service = "s3"
                await self._s3.post(request, self._find_secret, scope, exchange.receive, exchange.send)
                return
            claim = parse_signature(request)
            service = claim.service
            await self._dispatch(request, claim, scope, exchange)
            return
        except ClientGone:
            return
        except AuthenticationError as error:
            failure = refused(error, protocol_of(request, service))
        except ServiceError as error:
            failure = error
        except (OSError, sqlite3.OperationalError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            failure = ServiceError(
                "InternalFailure",
                f"The local service cannot use its data directory: {reason}. Nothing was changed.",
                500,
            )
            log.error("%s %s failed: %s", request.method, request.target or request.path, reason)
        except Exception:
            log.exception("%s %s failed", request.method, request.target or request.path)
            failure = ServiceError(
                "InternalFailure", "The request failed for an unknown reason; see the log.", 500
            )
        if exchange.answered:
            raise ClientGone  # half an answer is out: all that is left is to hang up
        await exchange.drain(request)
        await error_response(failure, request, protocol_of(request, service))(scope, receive, send)

    async def _dispatch(
        self, request: WireRequest, claim: ParsedSignature, scope: Scope, exchange: _Exchange
    ) -> None:
        if claim.service == "s3":
            verified = verify(request, claim, self._find_secret)
            await self._s3(request, verified, scope, exchange.receive, exchange.send)
            return
        if claim.presigned:
            raise AuthenticationError(
                AuthFailure.MALFORMED, "The local service takes presigned URLs for S3 only."
            )
        sagemaker = is_sagemaker(request, claim)
        limit = MAX_BODY if sagemaker else MAX_MOTO_BODY
        body = await read_body(exchange.receive, request.headers, limit)
        body_hash = hashlib.sha256(body).hexdigest()
        verified = verify(request, claim, self._find_secret, body_hash)
        if not hmac.compare_digest(verified.payload_hash.lower().encode(), body_hash.encode()):
            raise AuthenticationError(AuthFailure.MISMATCH, "The body is not the one that was signed.")
        if sagemaker:
            operation = operation_of(request, claim, self._model)
            response = await anyio.to_thread.run_sync(self._answer, operation, body, request.id)
            if response is not None:
                await response(scope, exchange.receive, exchange.send)
                return
        if claim.service == SAGEMAKER and request.path == reported_metrics.PATH:
            content = await anyio.to_thread.run_sync(self._put_metrics, body)
            if content is not None:
                await _json_response(content, request.id)(scope, exchange.receive, exchange.send)
                return
        if self._logs is not None and claim.service == SERVICE:
            response = await anyio.to_thread.run_sync(self._answer_logs, self._logs, request, body)
            if response is not None:
                await response(scope, exchange.receive, exchange.send)
                return
        if self._metrics is not None and claim.service == cloudwatch.SERVICE:
            response = await anyio.to_thread.run_sync(self._answer_metrics, self._metrics, request, body)
            if response is not None:
                await response(scope, exchange.receive, exchange.send)
                return
        await self._moto(request, claim.service, body, scope, exchange.send)

    def _answer(self, name: str, body: bytes, request_id: str) -> Response | None:
        """Return the response of the service's own operations; None if a valid call is for moto.

        Raises:
            ServiceError: the call is not valid, or the operation refuses it.
        """
        operation = self._model.operation(name)
        parameters = decode(self._model, operation, body)
        for part in self._operations:
            if name in part.names and part.handles(name, parameters):
                answer = part.call(name, parameters)
                return _json_response(encode(operation, answer), request_id)
        return None

    def _answer_logs(self, logs: TrainingLogs, request: WireRequest, body: bytes) -> Response | None:
        """Return the response about the training jobs' logs; None if the call is for moto."""
        answer = logs.answer(request.target.rpartition(".")[2], body)
        return None if answer is None else _json_response(json.dumps(answer).encode(), request.id)

    def _answer_metrics(self, metrics: TrainingMetrics, request: WireRequest, body: bytes) -> Response | None:
        """Return the training jobs' metrics; None if the call is for other namespaces, and so for moto."""
        call = cloudwatch.call_of(request, body)
        return None if call is None else cloudwatch.answer(metrics, call, body, request.id)


def _json_response(body: bytes, request_id: str) -> Response:
    return Response(body, 200, {"content-type": CONTENT_TYPE, "x-amzn-requestid": request_id})


class _Exchange:
    """ASGI's receive and send, and what has gone through them."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._ended = False
        self.answered = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        self.answered = True
        await self._send(message)

    async def drain(self, request: WireRequest) -> None:
        """Read what is left of a small body: a client that is still writing would not see the answer."""
        length = request.headers.get("content-length", "")
        if self._ended or "expect" in request.headers or not length.isdigit() or int(length) > _DRAIN:
            return
        with anyio.move_on_after(1):
            while not self._ended:
                await self.receive()

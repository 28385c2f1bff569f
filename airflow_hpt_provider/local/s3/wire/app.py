"""S3 over HTTP: an authenticated request in, an answer out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, TypeVarTuple
from urllib.parse import unquote

import anyio
import anyio.to_thread
from starlette.responses import Response

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http.auth.post_policy import verify_post
from airflow_hpt_provider.local.http.body import IDLE_SECONDS, MIB, check_length, chunks, read_body
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.multipart import MultipartUploads
from airflow_hpt_provider.local.s3.names import check_key
from airflow_hpt_provider.local.s3.wire import buckets, deletes, listings, objects, shapes, tagging, uploads
from airflow_hpt_provider.local.s3.wire.aws_chunked import payload_decoder
from airflow_hpt_provider.local.s3.wire.bodies import MAX_PUT_SIZE, check_body, receive_upload
from airflow_hpt_provider.local.s3.wire.call import Content, S3Request, S3Response
from airflow_hpt_provider.local.s3.wire.posted_forms import at_most, read_form
from airflow_hpt_provider.local.s3.wire.routing import route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from airflow_hpt_provider.local.http.auth.sigv4 import SecretFinder, Verified
    from airflow_hpt_provider.local.http.request import WireRequest
    from airflow_hpt_provider.local.s3.objects import ObjectStore
    from airflow_hpt_provider.local.s3.wire.aws_chunked import PayloadDecoder
    from airflow_hpt_provider.local.s3.wire.call import Operation

OPERATIONS: dict[str, Operation] = {
    **buckets.OPERATIONS,
    **deletes.OPERATIONS,
    **listings.OPERATIONS,
    **objects.OPERATIONS,
    **tagging.OPERATIONS,
    **uploads.OPERATIONS,
}
"""What the local S3 does; all else in S3's model is NotImplemented."""

MAX_XML = 8 * MIB
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_UPLOADS = {"PutObject", "UploadPart"}
_SEND = 1 << 20
_THREADS = 16
_NAME_BUCKET = {
    "NoSuchBucket",
    "BucketNotEmpty",
    "BucketAlreadyOwnedByYou",
    "InvalidBucketName",
    "NoSuchTagSet",
}


class S3Endpoint:
    """Serves a store. Make it inside a running event loop."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._multipart = MultipartUploads(store)
        # Its own threads: big uploads must not keep a Describe waiting.
        self._limiter = anyio.CapacityLimiter(_THREADS)

    async def __call__(
        self, request: WireRequest, verified: Verified, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer one request.

        Raises:
            ServiceError: before anything was sent.
        """
        bucket, key = _bucket_and_key(request.path)
        try:
            await self._serve(request, verified, bucket, key, scope, receive, send)
        except ServiceError as error:
            if error.code in _NAME_BUCKET:
                error.details.setdefault("BucketName", bucket)
            elif error.code == "NoSuchKey" and "x-amz-copy-source" not in request.headers:
                error.details.setdefault("Key", key)
            raise

    async def post(
        self, request: WireRequest, find_secret: SecretFinder, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Store the file of a form whose policy is signed (presigned POST), and answer.

        Raises:
            ServiceError, AuthenticationError: before anything was sent or stored.
        """
        bucket, _ = _bucket_and_key(request.path.rstrip("/"))
        pieces = chunks(receive, MAX_PUT_SIZE + MIB)
        form = await read_form(request.headers, pieces)
        policy = verify_post(bucket, form.fields, find_secret)
        headers, (smallest, largest) = form.headers(), policy.size
        parameters = shapes.parse(
            "PutObject", method="PUT", bucket=bucket, key=form.key, query={}, headers=headers, body=b""
        )
        check_key(form.key)
        await self._run(self._check_target, "PutObject", parameters)
        decoder = payload_decoder(policy.verified, None)
        upload = await receive_upload(
            self._store, headers, at_most(form.file, largest), decoder, self._limiter
        )
        if upload.writer.size < smallest:
            upload.writer.abort()
            raise s3_error("EntityTooSmall")
        call = S3Request(self._store, self._multipart, policy.verified.region, headers, parameters, upload)
        answer = await self._run(_perform, objects.put_object, call)
        status, headers, body = form.response(request, bucket, str(answer.result["ETag"]))
        headers["x-amz-request-id"] = request.id
        await Response(body, status, headers)(scope, receive, send)

    async def _serve(
        self,
        request: WireRequest,
        verified: Verified,
        bucket: str,
        key: str,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        name = route(request.method, bucket, key, request.parameters, request.headers)
        operation = OPERATIONS.get(name)
        if operation is None:
            raise s3_error("NotImplemented", f"The local service does not support S3's {name}.")
        headers = dict(request.headers)
        decoder = payload_decoder(verified, headers.get("x-amz-decoded-content-length"))
        body, upload = b"", None
        if name not in _UPLOADS:
            body = await read_body(receive, headers, MAX_XML)
        # Large bodies take time to hash and parse: not on the event loop, where every other request waits.
        parse = self._run if body else _here
        parameters = await parse(_parameters, name, request, bucket, key, headers, body, decoder)
        if name in _UPLOADS:
            await self._run(self._check_target, name, parameters)
            if "content-length" not in headers and "chunked" not in headers.get("transfer-encoding", ""):
                raise s3_error("MissingContentLength")
            check_length(headers, MAX_PUT_SIZE + 64 * MIB)  # chunk headers come on top
            pieces = chunks(receive, MAX_PUT_SIZE + 64 * MIB)
            upload = await receive_upload(self._store, headers, pieces, decoder, self._limiter)
        call = S3Request(self._store, self._multipart, verified.region, headers, parameters, upload)
        answer = await self._run(_perform, operation, call)
        await self._send(name, answer, request, scope, receive, send)

    def _check_target(self, name: str, parameters: Mapping[str, object]) -> None:
        """Refuse an upload to what is not there before gigabytes have come, not after."""
        bucket, key = str(parameters["Bucket"]), str(parameters["Key"])
        if name == "UploadPart":
            self._multipart.get(bucket, key, str(parameters["UploadId"]))
        else:
            self._store.bucket(bucket)

    async def _run(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._limiter)

    async def _send(
        self, name: str, answer: S3Response, request: WireRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        result = answer.result if answer.content is None else {**answer.result, "Body": b""}
        status, headers, body = shapes.render(name, result, request.id)
        headers["x-amz-request-id"] = request.id
        status = answer.status or status
        if answer.content is not None:
            await self._stream(answer.content, status, headers, send)
            return
        if request.method == "HEAD":
            body = b""
            headers.setdefault("content-length", "0")
        else:
            headers.pop("content-length", None)
        if not body:
            headers = {n: v for n, v in headers.items() if n != "content-type" or request.method == "HEAD"}
        await Response(body, status, headers)(scope, receive, send)

    async def _stream(self, content: Content, status: int, headers: dict[str, str], send: Send) -> None:
        start, left = content.byte_range
        headers["content-length"] = str(left)
        raw = [(n.encode("latin-1"), v.encode("utf-8")) for n, v in headers.items()]
        try:
            await send({"type": "http.response.start", "status": status, "headers": raw})
            content.reader.seek(start)
            while left:
                piece = await self._run(content.reader.read, min(left, _SEND))
                left -= len(piece)
                with anyio.fail_after(IDLE_SECONDS):  # a client that reads no more is let go
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            content.reader.close()


async def _here(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    return function(*arguments)


def _parameters(
    name: str,
    request: WireRequest,
    bucket: str,
    key: str,
    headers: dict[str, str],
    body: bytes,
    decoder: PayloadDecoder,
) -> dict[str, object]:
    """Return the parameters of a request whose body, if any, has been read whole."""
    if name not in _UPLOADS:
        body = decoder.feed(body)
        decoder.finish()
        check_body(headers, body)
    parameters = shapes.parse(
        name,
        method=request.method,
        bucket=bucket,
        key=key,
        query=request.parameters,
        headers=headers,
        body=body,
    )
    if key:
        check_key(key)
    return parameters


def _perform(operation: Operation, call: S3Request) -> S3Response:
    try:
        return operation(call)
    except BaseException:
        if call.upload:
            call.upload.writer.abort()
        raise


def _bucket_and_key(path: str) -> tuple[str, str]:
    bucket, _, key = path.removeprefix("/").partition("/")
    try:
        return unquote(bucket, errors="strict"), unquote(key, errors="strict")
    except UnicodeDecodeError:
        raise s3_error("InvalidArgument", "The path is not valid UTF-8.") from None

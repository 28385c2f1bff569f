"""Presigned POST: a browser's form that uploads one file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from airflow_hpt_provider.local.s3.errors import s3_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from airflow_hpt_provider.local.http.request import WireRequest

MAX_FIELDS = 20_000
"""Bytes of the fields before the file, as in S3."""
MAX_PARTS = 200
MAX_BUFFER = 1 << 20
"""Bytes that the decoder may hold back: a piece from the socket, or a part's headers."""
_HEADERS = re.compile(r"x-amz-.+|content-.+|cache-control|expires")
_SIGNATURE = re.compile(r"x-amz-(?:algorithm|credential|date|signature|security-token)")


@dataclass
class PostedForm:
    """A form, read up to its file.

    Attributes:
        fields: what came before the file, with names in lower case.
        file: the file's bytes; what comes after it is ignored, as in S3.
    """

    fields: dict[str, str]
    file: AsyncIterator[bytes]

    @property
    def key(self) -> str:
        """The object's key."""
        return self.fields["key"]

    def headers(self) -> dict[str, str]:
        """Return the headers that a PutObject of the same object would have."""
        found = {
            name: value
            for name, value in self.fields.items()
            if _HEADERS.fullmatch(name) and not _SIGNATURE.fullmatch(name)
        }
        return {**found, "x-amz-acl": self.fields["acl"]} if "acl" in self.fields else found

    def response(self, request: WireRequest, bucket: str, etag: str) -> tuple[int, dict[str, str], str]:
        """Return status, headers and body, as the form wants them."""
        location = f"http://{request.headers.get('host', '')}/{quote(bucket)}/{quote(self.key, safe='')}"
        headers = {"ETag": etag, "Location": location}
        target = self.fields.get("success_action_redirect") or self.fields.get("redirect")
        if target:
            query = urlencode({"bucket": bucket, "key": self.key, "etag": etag})
            return 303, {**headers, "Location": f"{target}{'&' if '?' in target else '?'}{query}"}, ""
        status = self.fields.get("success_action_status", "")
        if status == "201":
            members = {"Location": location, "Bucket": bucket, "Key": self.key, "ETag": etag}
            body = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())
            headers["content-type"] = "application/xml"
            return (
                201,
                headers,
                f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{body}</PostResponse>',
            )
        return 200 if status == "200" else 204, headers, ""


def is_posted_form(request: WireRequest) -> bool:
    """Return whether a request is a form that is posted to a bucket."""
    content_type = request.headers.get("content-type", "").lower()
    signed = "authorization" in request.headers or "X-Amz-Signature" in request.parameters
    bucket, _, key = request.path.strip("/").partition("/")
    posted = request.method == "POST" and content_type.startswith("multipart/form-data")
    return posted and not signed and bool(bucket) and not key


async def read_form(headers: Mapping[str, str], pieces: AsyncIterator[bytes]) -> PostedForm:
    """Read a form up to its file.

    Raises:
        ServiceError: it is malformed, has no key or no file, or too many fields.
    """
    _, options = parse_options_header(headers.get("content-type", ""))
    boundary = options.get("boundary", "").encode()
    if not boundary or len(boundary) > 200:
        raise _malformed("its Content-Type has no boundary")
    decoder = MultipartDecoder(boundary, MAX_BUFFER, max_parts=MAX_PARTS)
    fields: dict[str, str] = {}
    events = _events(decoder, pieces)
    name, value, read = "", bytearray(), 0
    async for event in events:
        if isinstance(event, File):
            if "key" not in fields:
                raise s3_error(
                    "InvalidArgument", "Bucket POST must contain a field named 'key'. Put it before the file."
                )
            filename = event.filename.rpartition("/")[2]
            fields["key"] = fields["key"].replace("${filename}", filename)
            return PostedForm(fields, _file(events))
        if isinstance(event, Field):
            name, value = event.name.lower(), bytearray()
        elif isinstance(event, Data):
            value += event.data
            read += len(event.data)
            if read > MAX_FIELDS:
                raise s3_error("MaxPostPreDataLengthExceededError")
            if not event.more_data:
                fields.setdefault(name, value.decode("utf-8", "replace"))
    raise s3_error("InvalidArgument", "POST requires exactly one file upload per request.")


async def at_most(pieces: AsyncIterator[bytes], largest: int) -> AsyncIterator[bytes]:
    """Yield the pieces of a file. Raises EntityTooLarge as soon as it is larger than the policy allows."""
    seen = 0
    async for piece in pieces:
        seen += len(piece)
        if seen > largest:
            raise s3_error("EntityTooLarge")
        yield piece


async def _events(
    decoder: MultipartDecoder, pieces: AsyncIterator[bytes]
) -> AsyncIterator[Field | File | Data]:
    try:
        async for piece in pieces:
            decoder.receive_data(piece)
            for event in _ready(decoder):
                yield event
        decoder.receive_data(None)
        for event in _ready(decoder):
            yield event
    except (ValueError, RequestEntityTooLarge) as error:
        raise _malformed(str(error) or "it is too large") from None


def _ready(decoder: MultipartDecoder) -> Iterator[Field | File | Data]:
    while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
        if isinstance(event, Field | File | Data):
            yield event


async def _file(events: AsyncIterator[Field | File | Data]) -> AsyncIterator[bytes]:
    async for event in events:
        if isinstance(event, Data):
            if event.data:
                yield bytes(event.data)
            if not event.more_data:
                break
    async for _ in events:  # S3 ignores what comes after the file
        pass


def _malformed(reason: str) -> Exception:
    return s3_error(
        "MalformedPOSTRequest", f"The body is not a well-formed multipart/form-data form: {reason}."
    )

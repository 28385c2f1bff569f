"""S3's XML and headers to parameters, and answers to XML and headers, by moto's parser and serialiser."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.serialize import SerializationContext, get_serializer_class
from werkzeug.datastructures import Headers, MultiDict

from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.wire.checking import check_parsed, check_query, check_xml
from airflow_hpt_provider.local.s3.wire.routing import s3_operation

if TYPE_CHECKING:
    from collections.abc import Mapping


NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
"""The XML namespace of every S3 response except errors. Some clients find no element without it."""

ROOTS: dict[str, str] = {
    "ListBuckets": "ListAllMyBucketsResult",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketTagging": "Tagging",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
    "CopyObject": "CopyObjectResult",
    "DeleteObjects": "DeleteResult",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "UploadPartCopy": "CopyPartResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "ListParts": "ListPartsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
}
"""The root element of each response that has XML, from S3's API reference. botocore's model does not have them."""


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
"""S3 writes these as character references. A raw carriage return in a key would be read as a line feed."""


def parse(
    operation: str,
    *,
    method: str,
    bucket: str,
    key: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes = b"",
) -> dict[str, Any]:
    """Return the operation's parameters in S3's names.

    Raises:
        ServiceError: MalformedXML, or InvalidArgument for a header or query parameter.
    """
    model = s3_operation(operation)
    check_query(model, query)
    check_xml(model, body)
    request: Any = {
        "body": body,
        "headers": Headers(dict(headers)),
        "method": method,
        "url_params": {"Bucket": bucket, "Key": key},
        "url_path": f"/{bucket}/{key}",
        "values": MultiDict(query),
    }
    try:
        parameters: dict[str, Any] = PROTOCOL_PARSERS["rest-xml"](model).parse(request)
    except (RequestParserError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        # The parser is made for well-formed requests and fails in its own ways on others.
        raise s3_error("MalformedXML" if body else "InvalidArgument") from None
    shape = model.input_shape
    missing = [n for n in (shape.required_members if shape else ()) if parameters.get(n) in (None, "")]
    if missing:
        raise s3_error("MalformedXML" if body else "InvalidRequest", f"Missing: {', '.join(missing)}")
    check_parsed(model, parameters)
    return parameters


def render(operation: str, result: Mapping[str, Any], request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    serializer = _serializer_class()(s3_operation(operation), context=SerializationContext(request_id))
    rendered = serializer.serialize(result)
    body = rendered["body"]
    headers = {name.lower(): str(value) for name, value in rendered["headers"].items()}
    return rendered["status_code"], headers, body.encode() if isinstance(body, str) else body


@cache
def _serializer_class() -> Any:
    base: Any = get_serializer_class("s3", "rest-xml")

    class Serializer(base):  # type: ignore[misc]
        """moto's serialiser with S3's root elements and namespace; moto names the root after botocore's shape."""

        def _serialize_body(self, body: Mapping[str, Any]) -> str:
            (content,) = body.values()
            root = {ROOTS[self.operation_model.name]: {"@xmlns": NAMESPACE, **content}}
            return _CONTROL.sub(lambda found: f"&#x{ord(found[0]):X};", super()._serialize_body(root))

    return Serializer

"""CloudWatch's calls on the wire. Its clients speak one of three protocols, by their age and language.

=====================  ===========================================================================
query                  older botocore and the AWS CLI up to 2.3x: a form, XML back
JSON 1.0               botocore today: ``X-Amz-Target``, JSON back
Smithy RPC v2 CBOR     other SDKs: the operation in the path, CBOR back
=====================  ===========================================================================
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError, RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from moto.core.model import ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.serialize import SerializationContext, get_serializer_class
from starlette.responses import Response

from airflow_hpt_provider.local.aws_json.decode import parse, validate
from airflow_hpt_provider.local.aws_json.encode import encode
from airflow_hpt_provider.local.aws_json.service_model import cloudwatch_model
from airflow_hpt_provider.local.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel

    from airflow_hpt_provider.local.cloudwatch.operations import TrainingMetrics
    from airflow_hpt_provider.local.http.request import WireRequest

SERVICE = "monitoring"
"""CloudWatch's name in signatures."""
OPERATIONS = frozenset({"ListMetrics", "GetMetricStatistics", "GetMetricData"})
_TARGET = "GraniteServiceVersion20100801"
_PATH = f"/service/{_TARGET}/operation/"
_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 20_000

_UNREADABLE = (
    *(RequestParserError, BotoCoreError, ResponseParserError, struct.error, RecursionError, MemoryError),
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError),
)
"""What moto's and botocore's parsers raise on bodies that no client writes."""


class Protocol(Enum):
    """A protocol of CloudWatch's clients, with its content type."""

    QUERY = "text/xml"
    JSON = "application/x-amz-json-1.0"
    CBOR = "application/cbor"


@dataclass(frozen=True)
class Call:
    """A call of one of :data:`OPERATIONS`."""

    protocol: Protocol
    operation: str
    form: Mapping[str, str]


def call_of(request: WireRequest, body: bytes) -> Call | None:
    """Return the call in a request that is signed for CloudWatch; None if it is another, and so for moto."""
    form: dict[str, str] = {}
    if request.path.startswith(_PATH):
        found = Call(Protocol.CBOR, request.path.removeprefix(_PATH), form)
    elif request.target:
        found = Call(Protocol.JSON, request.target.removeprefix(f"{_TARGET}."), form)
    elif request.headers.get("content-type", "").startswith(_FORM):
        try:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
        except ValueError:
            return None
        found = Call(Protocol.QUERY, form.get("Action", ""), form)
    else:
        return None
    return found if request.method == "POST" and found.operation in OPERATIONS else None


def answer(metrics: TrainingMetrics, call: Call, body: bytes, request_id: str) -> Response | None:
    """Return the response to a call; None if it is not about the training jobs, and so for moto."""
    operation = cloudwatch_model().operation(call.operation)
    try:
        parameters = validate(cloudwatch_model(), operation, _document(call, operation, body))
        result = metrics.answer(call.operation, parameters)
    except ServiceError as error:
        return _refused(call.protocol, error, request_id)
    if result is None:
        return None
    return _response(call.protocol, _rendered(call.protocol, operation, result, request_id), 200, request_id)


def _document(call: Call, operation: OperationModel, body: bytes) -> Mapping[str, Any]:
    """Return a call's parameters as JSON would have them."""
    if call.protocol is Protocol.JSON:
        return parse(body)
    try:
        if call.protocol is Protocol.QUERY:
            parser: Any = PROTOCOL_PARSERS["query"](_motos_model().operation_model(call.operation), str)
            document = parser.parse({"values": call.form})
        else:
            reader = RpcV2CBORParser()
            stream = reader.get_peekable_stream_from_bytes(body)
            document = _plain(reader.parse_data_item(stream)) if body else {}
    except _UNREADABLE as error:
        raise _unreadable() from error
    if not isinstance(document, dict):
        raise _unreadable()
    return document


def _plain(value: Any) -> Any:
    """Return a CBOR value as JSON has it. Times are seconds since the epoch."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.timestamp() if isinstance(value, datetime) else value


def _unreadable() -> ServiceError:
    return ServiceError("SerializationException", "Unable to read the request body.")


def _rendered(
    protocol: Protocol, operation: OperationModel, result: Mapping[str, Any], request_id: str
) -> bytes:
    result = _with_times(result)
    if protocol is Protocol.JSON:
        return encode(operation, result)
    if protocol is Protocol.CBOR:
        body = bytearray()
        writer: Any = RpcV2CBORSerializer()
        writer._serialize_data_item(body, result, operation.output_shape)
        return bytes(body)
    serializer: Any = get_serializer_class("cloudwatch", "query")(
        _motos_model().operation_model(operation.name), context=SerializationContext(request_id)
    )
    body = serializer.serialize(result)["body"]
    return body.encode() if isinstance(body, str) else body


@cache
def _motos_model() -> ServiceModel:
    """Return CloudWatch's model as moto's parser and serialiser take it, loaded once per process."""
    return ServiceModel(Loader().load_service_model("cloudwatch", "service-2"), "cloudwatch")


def _with_times(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result with its seconds converted to datetimes."""
    changed = dict(result)
    if "Datapoints" in changed:
        changed["Datapoints"] = [
            point | {"Timestamp": _moment(point["Timestamp"])} for point in changed["Datapoints"]
        ]
    if "MetricDataResults" in changed:
        changed["MetricDataResults"] = [
            series | {"Timestamps": [_moment(at) for at in series["Timestamps"]]}
            for series in changed["MetricDataResults"]
        ]
    return changed


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(math.floor(seconds), UTC)


def _refused(protocol: Protocol, error: ServiceError, request_id: str) -> Response:
    code = "ValidationError" if error.code == "ValidationException" else error.code
    shapes = {
        "InvalidParameterValue": "InvalidParameterValueException",
        "InvalidParameterCombination": "InvalidParameterCombinationException",
    }
    shape = shapes.get(code, code)
    headers = {"x-amzn-query-error": f"{code};Sender", "x-amzn-errortype": shape}
    if protocol is Protocol.QUERY:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
            f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return _response(protocol, text.encode("utf-8", "replace"), error.status, request_id)
    if protocol is Protocol.JSON:
        content = json.dumps({"__type": shape, "message": error.message}).encode()
        return _response(protocol, content, error.status, request_id, headers)
    return _response(protocol, _cbor_error(shape, error.message), error.status, request_id, headers)


def _cbor_error(shape: str, message: str) -> bytes:
    writer: Any = RpcV2CBORSerializer()
    body = bytearray([0xA2])  # a map of two
    for text in ("__type", f"com.amazonaws.cloudwatch#{shape}", "message", message):
        writer._serialize_type_string(body, text, None, None)
    return bytes(body)


def _response(
    protocol: Protocol, body: bytes, status: int, request_id: str, more: Mapping[str, str] | None = None
) -> Response:
    headers = {"content-type": protocol.value, "x-amzn-requestid": request_id, **(more or {})}
    if protocol is Protocol.CBOR:
        headers["smithy-protocol"] = "rpc-v2-cbor"
    return Response(body, status, headers)

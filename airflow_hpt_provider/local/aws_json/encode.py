"""An answer in AWS names to a JSON 1.1 body."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from airflow_hpt_provider.models.float32 import float32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel


def encode(operation: OperationModel, answer: Mapping[str, Any]) -> bytes:
    """Return the body: the model's members without None. Timestamps are seconds since the epoch, to the millisecond.

    A number that the model calls a float has single precision, as in SageMaker's responses: 0.1 is sent as
    0.10000000149011612.

    Raises:
        TypeError, ValueError: the response does not fit the model, which is an internal error.
    """
    shape = operation.output_shape
    if shape is None:
        return b""
    return json.dumps(_value(answer, shape), separators=(",", ":"), allow_nan=False).encode()


def _value(value: Any, shape: Shape) -> Any:
    # Written out rather than left to moto's serialiser: a page of 100 jobs takes a tenth of the time.
    if isinstance(shape, StructureShape):
        return {
            name: _value(value[name], member)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        member = shape.member
        return [_value(item, member) for item in value]
    if isinstance(shape, MapShape):
        member = shape.value
        return {key: _value(item, member) for key, item in value.items()}
    if shape.type_name == "timestamp":
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise TypeError(f"{shape.name}: a timezone-aware datetime is expected, got {value!r}")
        return round(value.timestamp(), 3)
    if shape.type_name == "float":
        return float32(value)
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    return value

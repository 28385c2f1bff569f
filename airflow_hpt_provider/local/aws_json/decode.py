"""A JSON 1.1 body to validated parameters, in one walk over the raw JSON.

Nothing is coerced before it is checked: ``"5"`` is no integer and ``5`` no string, as at AWS. What has the wrong
JSON type is a SerializationException immediately; what breaks a rule of the model is collected, so that a
ValidationException names all of it.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

from airflow_hpt_provider.local.aws_json.coral import camel, mismatch, serialization, shown
from airflow_hpt_provider.local.aws_json.service_model import input_shape
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.models.float32 import float32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel

    from airflow_hpt_provider.local.aws_json.service_model import ApiModel

_INTEGER_BITS = {"integer": 31, "long": 63}


def decode(model: ApiModel, operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Return the operation's parameters in AWS names: unknown members and nulls left out, timestamps aware.

    Raises:
        ServiceError: SerializationException or ValidationException, with AWS's texts.
    """
    return validate(model, operation, parse(body))


def validate(model: ApiModel, operation: OperationModel, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in a document that is already parsed; see :func:`decode`.

    Raises:
        ServiceError: SerializationException or ValidationException, with AWS's texts.
    """
    shape = input_shape(operation)
    if shape is None:
        return {}
    decoder = _Decoder(model)
    try:
        parameters = decoder.structure(document, shape, "")
    except RecursionError:  # a SearchExpression may have others in it without end
        raise serialization("Unable to read the request body: it is nested too deeply.") from None
    if decoder.violations:
        count = len(decoder.violations)
        raise ServiceError(
            "ValidationException",
            f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(decoder.violations)}",
        )
    return parameters


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body. Raises SerializationException."""
    try:
        document = json.loads(body.decode() or "{}", parse_constant=_refuse_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise serialization("Unable to parse the request body: it is not valid JSON.") from None
    if not isinstance(document, dict):
        raise serialization("Unexpected field type: the request body must be a JSON object.")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object. Duplicate names are rejected, because parsers disagree about them."""
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise serialization(f"Duplicate field '{twice[:100]}': give it once.")
    return members


class _Decoder:
    """Walks JSON and shape side by side; writes paths as AWS does (``tags.1.member.key``)."""

    def __init__(self, model: ApiModel) -> None:
        self._model = model
        self.violations: list[str] = []

    def structure(self, value: Any, shape: StructureShape, path: str) -> dict[str, Any]:
        """Return a JSON object as a structure."""
        if not isinstance(value, dict):
            raise mismatch(value, "structure", path)
        result = {}
        for name, member in shape.members.items():
            given = value.get(name)
            where = f"{path}.{camel(name)}" if path else camel(name)
            if given is not None:
                result[name] = self.any(given, member, where)
            elif name in shape.required_members:
                self._say_missing(where)
        return result

    def any(self, value: Any, shape: Shape, path: str) -> Any:
        """Return a JSON value as the shape says."""
        if isinstance(shape, StructureShape):
            return self.structure(value, shape, path)
        if isinstance(shape, ListShape):
            return self._list(value, shape, path)
        if isinstance(shape, MapShape):
            return self._map(value, shape, path)
        result = _scalar(value, shape, path)
        self._check(value, shape, path)
        return result

    def _list(self, value: Any, shape: ListShape, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise mismatch(value, "list", path)
        self._check(value, shape, path)
        member = shape.member
        nested = isinstance(member, StructureShape | ListShape | MapShape)
        result: list[Any] = []
        broken = False
        for number, item in enumerate(value, 1):
            where = f"{path}.{number}.member"
            if item is None:
                self._say_missing(where)
            elif nested:
                result.append(self.any(item, member, where))
            else:
                result.append(_scalar(item, member, where))
                broken = broken or bool(self._violations(item, member, where))
        if broken:
            self._say(value, shape, path, f"Member must satisfy constraint: [{self._texts(member)}]")
        return result

    def _map(self, value: Any, shape: MapShape, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise mismatch(value, "map", path)
        self._check(value, shape, path)
        nested = isinstance(shape.value, StructureShape | ListShape | MapShape)
        result: dict[str, Any] = {}
        broken_keys = broken_values = False
        for key, item in value.items():
            where = f"{path}.{key}.member"
            _scalar(key, shape.key, where)
            broken_keys = broken_keys or bool(self._violations(key, shape.key, where))
            if item is None:
                self._say_missing(where)
            elif nested:
                result[key] = self.any(item, shape.value, where)
            else:
                result[key] = _scalar(item, shape.value, where)
                broken_values = broken_values or bool(self._violations(item, shape.value, where))
        if broken_keys:
            self._say(value, shape, path, f"Map keys must satisfy constraint: [{self._texts(shape.key)}]")
        if broken_values:
            self._say(value, shape, path, f"Map value must satisfy constraint: [{self._texts(shape.value)}]")
        return result

    def _check(self, value: Any, shape: Shape, path: str) -> None:
        for text in self._violations(value, shape, path):
            self._say(value, shape, path, text)

    def _violations(self, value: Any, shape: Shape, path: str) -> list[str]:
        if isinstance(value, bool) or shape.type_name in {"timestamp", "blob"}:
            return []
        try:
            return self._model.constraints(shape).violations(value)
        except TimeoutError:  # a pattern that backtracks without end on this value
            raise ServiceError(
                "ValidationException", f"The value at '{path}' takes too long to check."
            ) from None

    def _texts(self, shape: Shape) -> str:
        return ", ".join(self._model.constraints(shape).texts)

    def _say_missing(self, path: str) -> None:
        self.violations.append(f"Value at '{path}' failed to satisfy constraint: Member must not be null")

    def _say(self, value: Any, shape: Shape, path: str, text: str) -> None:
        what = "Value" if self._model.constraints(shape).sensitive else f"Value '{shown(value, shape)}'"
        self.violations.append(f"{what} at '{path}' failed to satisfy constraint: {text}")


def _scalar(value: Any, shape: Shape, path: str) -> Any:
    kind = shape.type_name
    if kind == "string":
        return _string(value, path)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise mismatch(value, "Boolean", path)
        return value
    if kind in _INTEGER_BITS:
        return _integer(value, _INTEGER_BITS[kind], kind.capitalize(), path)
    if kind in {"float", "double"}:
        if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
            raise mismatch(value, kind.capitalize(), path)
        return float32(value) if kind == "float" else float(value)
    if kind == "timestamp":
        return _timestamp(value, path)
    if kind == "blob":
        try:
            return base64.b64decode(_string(value, path), validate=True)
        except (binascii.Error, ValueError):
            raise mismatch(value, "Blob", path) from None
    raise TypeError(f"botocore's type '{kind}' of {shape.name} is new to the local service")


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise mismatch(value, "String", path)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise serialization(f"'{path}' is not valid Unicode: it has half of a surrogate pair.") from None
    return value


def _integer(value: Any, bits: int, name: str, path: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(1 << bits) <= value < 1 << bits:
        raise mismatch(value, name, path)
    return value


def _timestamp(value: Any, path: str) -> datetime:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise mismatch(value, "Timestamp", path)
    try:
        if isinstance(value, str):
            return parse_timestamp(_string(value, path)).astimezone(UTC)
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError, RuntimeError):
        raise mismatch(value, "Timestamp", path) from None


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond every float
        return False

"""What moto's parser, made for well-formed requests, lets pass: checked against botocore's model of S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.model import ListShape, StructureShape

from airflow_hpt_provider.local.http.xml_body import XmlRefused, root_of
from airflow_hpt_provider.local.s3.errors import s3_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.core.model import OperationModel


def check_query(model: OperationModel, query: Mapping[str, str]) -> None:
    """Check that numbers are numbers and enumerated values are known. Raises InvalidArgument."""
    shape = model.input_shape
    for member in shape.members.values() if shape else ():
        if member.serialization.get("location") != "querystring":
            continue
        name = member.serialization.get("name", "")
        value = query.get(name)
        if value is None:
            continue
        if member.type_name == "integer" and not (
            value.isascii() and value.isdigit() and len(value) < 11 and int(value) < 1 << 31
        ):
            raise s3_error("InvalidArgument", f"Provided {name} not an integer or within integer range")
        enum = getattr(member, "enum", None)
        if enum and value not in enum:
            raise s3_error("InvalidArgument", f"Invalid {name} specified in Request: use {', '.join(enum)}")


def check_xml(model: OperationModel, body: bytes) -> None:
    """Refuse a body that is not one element of the right name, within bounds. Raises MalformedXML."""
    payload = _payload(model)
    if payload is None or not body:
        return
    try:
        root = root_of(body)
    except XmlRefused:
        raise s3_error("MalformedXML") from None
    if root != payload.serialization.get("name", payload.name):
        raise s3_error("MalformedXML")


def check_parsed(model: OperationModel, parameters: Mapping[str, Any]) -> None:
    """Check that the body has all members that its structure requires. Raises MalformedXML."""
    payload = _payload(model)
    if payload is not None and model.input_shape is not None:
        _check(payload, parameters.get(str(model.input_shape.serialization["payload"])))


def _payload(model: OperationModel) -> StructureShape | None:
    shape = model.input_shape
    name = shape.serialization.get("payload") if shape else None
    member = shape.members.get(name) if shape and name else None
    return member if isinstance(member, StructureShape) else None


def _check(shape: Any, value: Any) -> None:
    if value is None:
        return
    if isinstance(shape, StructureShape):
        if any(value.get(name) is None for name in shape.required_members):
            raise s3_error("MalformedXML")
        for name, member in shape.members.items():
            _check(member, value.get(name))
    elif isinstance(shape, ListShape):
        for item in value:
            _check(shape.member, item)

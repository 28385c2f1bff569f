"""How Coral, the framework of AWS's services, words what is wrong with a body."""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from airflow_hpt_provider.local.errors import ServiceError


def mismatch(value: Any, wanted: str, path: str) -> ServiceError:
    """Return the SerializationException for a value of the wrong JSON type: Coral's text, and where."""
    where = f" at '{path}'" if path else ""
    if isinstance(value, dict):
        return serialization(f"Start of structure or map found where not expected{where}.")
    if isinstance(value, list):
        return serialization(f"Start of list found where not expected{where}.")
    if wanted in {"structure", "list", "map"}:
        return serialization(f"Unexpected field type{where}: a {wanted} is expected.")
    token = {bool: str(value).upper(), str: "STRING"}.get(type(value), "NUMBER")
    article = "an" if wanted == "Integer" else "a"
    return serialization(f"{token}_VALUE can not be converted to {article} {wanted}{where}")


def serialization(message: str) -> ServiceError:
    """Return a SerializationException: the body cannot be read."""
    return ServiceError("SerializationException", message)


def camel(name: str) -> str:
    """Return a member's name as it is in messages: ``Tags`` -> ``tags``."""
    return name[:1].lower() + name[1:]


def shown(value: Any, shape: Shape | None) -> str:
    """Return a value as Java's toString writes it, as in AWS's messages."""
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        members = shape.members
        inner = ", ".join(f"{camel(k)}={shown(v, members[k])}" for k, v in value.items() if k in members)
        return f"{shape.name}({inner})"
    if isinstance(value, dict):
        member = shape.value if isinstance(shape, MapShape) else None
        return "{" + ", ".join(f"{k}={shown(v, member)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        item_shape = shape.member if isinstance(shape, ListShape) else None
        return "[" + ", ".join(shown(item, item_shape) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)

"""What makes two requests the same job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

_IDENTITY: Final = ("HyperParameterTuningJobName", "Tags")


def fingerprint_of(request: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of a request in AWS's names, apart from its name and tags."""
    decisive = {member: value for member, value in request.items() if member not in _IDENTITY}
    text = json.dumps(_canonical(decisive), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Return the value with the bounds of ranges as numbers, and without members that hold nothing."""
    if isinstance(value, Mapping):
        if {"Name", "MinValue", "MaxValue"} <= value.keys():
            value = {**value, "MinValue": _number(value["MinValue"]), "MaxValue": _number(value["MaxValue"])}
        members = {str(name): _canonical(each) for name, each in value.items()}
        return {name: each for name, each in members.items() if each not in ({}, [])}
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    return value


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text

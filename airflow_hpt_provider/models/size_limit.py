"""JSON values of bounded size."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

MAX_BYTES: Final = 48_000
"""Largest result in XCom, in bytes of JSON text: every metadata database of Airflow holds that in one value."""

_SHORT_TEXT: Final = (1024, 256, 64)
"""Ever shorter bounds for texts."""

_OPTIONAL: Final = ("top_training_jobs", "failures", "attempts")
"""Lists that are cut before anything else is, the first ones first."""


def to_json_value(value: Any) -> Any:
    """Return a value as JSON has it. Times become ISO 8601; NaN and infinities, which JSON lacks, become their names.

    Of a model only the declared members are written, not those that AWS has added since.
    """
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        members = {name: (field.alias or name, getattr(value, name)) for name, field in fields.items()}
        return {alias: to_json_value(each) for alias, each in members.values() if each is not None}
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Mapping):
        return {str(key): to_json_value(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_json_value(each) for each in value]
    return value


def size(value: Any) -> int:
    """Bytes of a value's JSON text, non-ASCII characters escaped, as Airflow writes it."""
    return len(json.dumps(value))


def trimmed(members: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the members within a number of bytes.

    Optional lists lose their last elements first; then long texts are shortened, and end with how much is missing.
    `members["trimmed"]` says what was left out.
    """
    notes = [str(note) for note in members.get("trimmed") or ()]
    members = {**members, "trimmed": notes}
    for name in _OPTIONAL:
        whole = members.get(name) or []
        kept = len(whole)
        while kept and size(members) > most:
            kept //= 2
            members[name] = whole[:kept]
            members["trimmed"] = [*notes, f"{name}: {kept} of {len(whole)} kept"]
        notes = members["trimmed"]
    for longest in _SHORT_TEXT:
        if size(members) <= most:
            break
        members = {name: _shortened(value, longest) for name, value in members.items()}
        members["trimmed"] = [*notes, f"texts: {longest} characters kept"]
    if size(members) > most:  # only with hundreds of hyperparameters of hundreds of characters
        for name in ("overall_best_training_job", "best_training_job"):
            job = members.get(name)
            if isinstance(job, dict) and size(members) > most:
                members[name] = {**job, "TunedHyperParameters": {}}
                members["trimmed"] = [*members["trimmed"], f"{name}.TunedHyperParameters: left out"]
    return members


def _shortened(value: Any, longest: int) -> Any:
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]}… ({len(value) - longest} more characters)"
    if isinstance(value, Mapping):
        return {key: _shortened(each, longest) for key, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each, longest) for each in value]
    return value

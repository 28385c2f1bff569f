"""Answers of which only a part has arrived: botocore reads half a JSON body as an answer without members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def reject_truncated_response(http_response: Any, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
    """Raise if an answer lacks what it must have. Register it for botocore's event ``after-call``.

    Raises:
        ConnectionError: which is transient (:func:`airflow_hpt_provider.retries.classify.classify`).
    """
    shape = model.output_shape
    if http_response.status_code >= 300 or shape is None:
        return
    missing = [name for name in shape.required_members if name not in parsed]
    if missing:
        raise ConnectionError(
            f"only a part of the answer to {model.name} has arrived: {', '.join(missing)} missing"
        )

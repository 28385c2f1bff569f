"""Adds the secrets of a request to Airflow's masker, so that neither logs nor the UI's rendered fields show them.

Secret is what stands in ``StaticHyperParameters`` or ``Environment`` under a name that looks it (``api_key``,
``DB_PASSWORD``), unless it is short or a number: masking ``4096`` would blank it in every log line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_HOLDERS: Final = frozenset({"statichyperparameters", "environment"})
_SHORTEST: Final = 5
"""Airflow's own minimum: shorter values would be masked everywhere."""


def secrets_of(config: Any) -> Iterator[str]:
    """Every value of a config that looks secret: of a mapping in either naming, a request, or its JSON text."""
    if hasattr(config, "to_dict"):
        config = config.to_dict()
    config = _parsed(config)
    if isinstance(config, Mapping):
        for name, value in config.items():
            if str(name).replace("_", "").lower() in _HOLDERS:
                yield from _held(_parsed(value))
            else:
                yield from secrets_of(value)
    elif isinstance(config, list | tuple):
        for element in config:
            yield from secrets_of(element)


def mask_secrets(config: Any, *, is_rendered: bool = True) -> None:
    """Add a config's secrets to Airflow's masker. Repeated calls are harmless, and an odd config never fails.

    Args:
        config: a config in any form.
        is_rendered: False: values with an expression of Jinja's are templates, which the log may show.
    """
    from airflow_hpt_provider.compat import mask_secret

    for secret in secrets_of(config):
        if is_rendered or "{{" not in secret:
            mask_secret(secret)


def _held(variables: Any) -> Iterator[str]:
    from airflow_hpt_provider.models.secret_names import looks_secret

    if not isinstance(variables, Mapping):
        return
    for name, value in variables.items():
        if looks_secret(name) and isinstance(value, str) and not _is_plain(value):
            yield value


def _is_plain(value: str) -> bool:
    if len(value) < _SHORTEST:
        return True
    try:
        float(value)
    except ValueError:
        return value.lower() == "false"
    return True


def _parsed(value: Any) -> Any:
    """Return the structure that a template has rendered as JSON text; return anything else unchanged."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value

"""The plain scalars of a config file that YAML 1.1 reads differently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

from airflow_hpt_provider.models.validation.text import as_text
from airflow_hpt_provider.models.yaml_1_2 import meaning, plain_scalars

_BOOLEANS_OF_1_1: Final = {"y": True, "Y": True, "n": False, "N": False}
"""Booleans of YAML 1.1 that PyYAML reads as text."""


def differences_from_1_1(text: str) -> Iterator[tuple[int, int, str]]:
    """Find the plain scalars that YAML 1.1 reads as something else.

    Yields:
        line, column, and a sentence that names both readings.

    Raises:
        YamlError: as :func:`airflow_hpt_provider.models.yaml_1_2.load`.
    """
    for node in plain_scalars(text):
        if note := _difference(node):
            yield node.start_mark.line + 1, node.start_mark.column + 1, note


def _difference(node: Any) -> str | None:
    text: str = node.value
    here = meaning(node)
    try:
        before = _as_1_1(text)
    except (yaml.YAMLError, ValueError, OverflowError):
        return f"{text} is the text {text!r}, but YAML 1.1 cannot read it; put it in quotes"
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (here, before))
    if (numbers and here == before) or as_text(before) == as_text(here) or before is here:
        return None
    shown = before if isinstance(before, str) else as_text(before)
    kind = (
        "text" if isinstance(here, str) else "number" if numbers or isinstance(here, int | float) else "value"
    )
    return (
        f"{text} is the {kind} {as_text(here)!r}, but YAML 1.1 reads {shown}; "
        "put it in quotes, so that every program reads the same"
    )


def _as_1_1(text: str) -> Any:
    if text in _BOOLEANS_OF_1_1:
        return _BOOLEANS_OF_1_1[text]
    loader = yaml.SafeLoader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        return loader.construct_object(yaml.ScalarNode(tag, text))
    finally:
        loader.dispose()

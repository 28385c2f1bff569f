"""The arguments of a call: from the command line, and from what ``--cli-input-json`` and ``--cli-input-yaml`` name."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from airflow_hpt_provider.cli.aws.errors import InputError

FILE, BINARY_FILE = "file://", "fileb://"


def value_of(option: str, value: str) -> str | bytes:
    """Return an option's value; ``file://PATH`` is replaced by the file's text, ``fileb://PATH`` by its bytes.

    A ``~`` and each ``$NAME`` in the path are expanded.

    Args:
        option: its name.
        value: as it was given.

    Raises:
        InputError: the file cannot be read.
    """
    prefix = next((each for each in (FILE, BINARY_FILE) if value.startswith(each)), None)
    if prefix is None:
        return value
    path = Path(os.path.expandvars(value.removeprefix(prefix))).expanduser()
    try:
        return path.read_bytes() if prefix == BINARY_FILE else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"{option}: unable to load {value}: {reason}") from error


def parameters_of(
    given: dict[str, str | bytes | None], cli_input_json: str | None, cli_input_yaml: str | None
) -> dict[str, Any]:
    """Return the arguments of the call: options of the command line override what a file contains.

    Args:
        given: the members that were options, by AWS's names; None: not given.
        cli_input_json, cli_input_yaml: those options' values, of which one at most is given.

    Raises:
        InputError: a text is not well-formed, or holds no structure.
    """
    parameters: dict[str, Any] = {}
    if cli_input_json is not None:
        parameters = _json(_text_of("--cli-input-json", cli_input_json))
    elif cli_input_yaml is not None:
        parameters = _yaml(_text_of("--cli-input-yaml", cli_input_yaml))
    return {**parameters, **{name: value for name, value in given.items() if value is not None}}


def _text_of(option: str, value: str) -> str:
    loaded = value_of(option, value)
    try:
        return loaded if isinstance(loaded, str) else loaded.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{option}: unable to load {value}: it is not UTF-8 text") from error


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"--cli-input-json: invalid JSON: {error}; received: {text:.200}") from error
    return _structure("--cli-input-json", value, text)


def _yaml(text: str) -> dict[str, Any]:
    from airflow_hpt_provider.models.yaml_1_2 import YamlError, load

    try:
        value = load(text)
    except YamlError as error:
        raise InputError(f"--cli-input-yaml: invalid YAML: {error}; received: {text:.200}") from error
    return _structure("--cli-input-yaml", value, text)


def _structure(option: str, value: Any, text: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{option} must hold a structure with members, got {text:.200}")
    return {str(name): member for name, member in value.items()}

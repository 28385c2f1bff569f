"""Configs in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.models.validation.errors import Location, line, lines_of, refusal

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_CHARACTERS: Final = 5_000_000
"""No request is that long; such a file is something else."""

MAX_NODES: Final = 100_000
"""No request has that many members; a few lines of YAML with aliases can stand for more."""


class ConfigFileError(ValueError):
    """A config file cannot be read: it is missing, of another kind, or not well-formed. Names file and line."""


def read_config(path: str | Path) -> dict[str, Any]:
    """The mapping in a .json, .yaml or .yml file.

    Raises:
        ConfigFileError: the file is missing, of another kind, not well-formed or not a mapping.
    """
    path = Path(path)
    if path.suffix.lower() not in (".json", ".yaml", ".yml"):
        raise ConfigFileError(f"{path}: not a config file; its name must end in .json, .yaml or .yml")
    try:
        if not path.is_file():  # a named pipe would be waited for
            raise ConfigFileError(f"{path}: cannot be read: {_why_no_file(path)}")
        if path.stat().st_size > 4 * MAX_CHARACTERS:
            raise _too_long(path)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigFileError(f"{path}: cannot be read: {reason}") from error
    if len(text) > MAX_CHARACTERS:
        raise _too_long(path)
    config = _from_json(text, path) if path.suffix.lower() == ".json" else _from_yaml(text, path)
    if not isinstance(config, dict):
        raise ConfigFileError(
            f"{path}:1: must hold one structure with HyperParameterTuningJobConfig and so on, not {config!r:.40}"
        )
    return config


def _why_no_file(path: Path) -> str:
    return "it is not a file" if path.exists() else "No such file or directory"


def _too_long(path: Path) -> ConfigFileError:
    return ConfigFileError(f"{path}: has more than {MAX_CHARACTERS} characters; is this the right file?")


def _from_json(text: str, path: Path) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for name, value in pairs:
            if name in members:
                raise ConfigFileError(f"{path}: {name!r} is given twice in one structure; keep one")
            members[name] = value
        return members

    try:
        return json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise ConfigFileError(f"{path}:{error.lineno}: not well-formed JSON: {error.msg}") from error
    except RecursionError as error:
        raise ConfigFileError(f"{path}: nested too deeply") from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        if isinstance(error, ConfigFileError):
            raise
        raise ConfigFileError(f"{path}: holds a number that cannot be read: {error}") from error


def _from_yaml(text: str, path: Path) -> Any:
    import yaml

    try:
        lines: dict[Location, int] = {}
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            _locate(root, (), lines, path)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        what = getattr(error, "problem", None) or str(error)
        raise ConfigFileError(f"{where}: not well-formed YAML: {what}") from error
    except RecursionError as error:
        raise ConfigFileError(f"{path}: nested too deeply") from error
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        # PyYAML's own, on values such as the date 2026-99-99 or !!bool x
        if isinstance(error, ConfigFileError):
            raise
        raise ConfigFileError(
            f"{path}: holds a value that cannot be read: {error}; put it in quotes"
        ) from error


def _locate(node: Any, location: Location, lines: dict[Location, int], path: str | Path) -> None:
    """Note the line of every member and element below a YAML node, in ``lines``.

    Raises:
        ConfigFileError: a member is given twice, or there are too many.
    """
    import yaml

    if len(lines) > MAX_NODES:
        raise ConfigFileError(f"{path}: has more than {MAX_NODES} members; is this the right file?")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*location, str(key.value))
            if below in lines:
                raise ConfigFileError(
                    f"{path}:{key.start_mark.line + 1}: {key.value!r} is given twice in one structure; keep one"
                )
            lines[below] = key.start_mark.line + 1
            _locate(value, below, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*location, index)] = value.start_mark.line + 1
            _locate(value, (*location, index), lines, path)


def lines_in(path: str | Path) -> dict[Location, int]:
    """Return the line of each member and element in a config file; nothing if the file cannot be read again."""
    import yaml

    lines: dict[Location, int] = {}
    try:
        # JSON is YAML, so one parser finds the lines of both.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML has it
        root = yaml.compose(Path(path).read_text(encoding="utf-8-sig"), Loader=loader)
        if root is not None:
            _locate(root, (), lines, path)
    except (yaml.YAMLError, RecursionError, OSError):
        pass  # the messages are good without their lines
    return lines


def line_of(location: Location, lines: dict[Location, int]) -> int | None:
    """Return the line of a location, or of the innermost structure around it that has one."""
    return next(
        (lines[location[:end]] for end in range(len(location), 0, -1) if location[:end] in lines), None
    )


def with_lines(error: ValidationError, path: str | Path) -> ValidationError:
    """The error with the file as its title and the line in each message."""
    lines = lines_in(path)
    located = []
    for each in lines_of(error):
        kind = each["type"]
        location = each.get("loc", ())
        found = line_of(location, lines)
        if isinstance(kind, str) or found is None:
            located.append(each)
            continue
        text = kind.message()
        context = {**(kind.context or {}), "line": found, "file": str(path)}
        located.append(line(kind.type, location, text, each.get("input"), **context))
    return refusal(str(path), located)

"""Configs in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.models.validation.errors import Location, line, lines_of, validation_error

if TYPE_CHECKING:
    from pydantic import ValidationError

    from airflow_hpt_provider.models.yaml_1_2 import YamlError

MAX_CHARACTERS: Final = 5_000_000
"""No request is that long; such a file is something else."""


class ConfigFileError(ValueError):
    """A config file cannot be read: it is missing, of another kind, or not well-formed. Names file and line."""


def read_config(path: str | Path) -> dict[str, Any]:
    """Return the mapping in a .json, .yaml or .yml file.

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
    from airflow_hpt_provider.models.validation.written import WrittenFloat, WrittenInt
    from airflow_hpt_provider.models.yaml_1_2 import MAX_NODES

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for name, value in pairs:
            if name in members:
                _name_duplicate(text, path)
                raise ConfigFileError(f"{path}: {name!r} is given twice in one structure; keep one")
            members[name] = value
        return members

    try:
        value = json.loads(text, object_pairs_hook=once, parse_int=WrittenInt, parse_float=WrittenFloat)
    except json.JSONDecodeError as error:
        raise ConfigFileError(
            f"{path}:{error.lineno}:{error.colno}: not well-formed JSON: {error.msg}"
        ) from error
    except RecursionError as error:
        raise ConfigFileError(f"{path}: nested too deeply") from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        if isinstance(error, ConfigFileError):
            raise
        raise ConfigFileError(f"{path}: holds a number that cannot be read: {error}") from error
    if not has_at_most(MAX_NODES, value):
        raise _too_many(path)
    return value


def _too_many(path: Path) -> ConfigFileError:
    from airflow_hpt_provider.models.yaml_1_2 import MAX_NODES

    return ConfigFileError(f"{path}: has more than {MAX_NODES} members; is this the right file?")


def has_at_most(nodes: int, value: Any) -> bool:
    """Return whether a value of JSON has at most ``nodes`` members and elements, those of inner structures included."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            nodes -= len(one)
            if nodes < 0:
                return False
            waiting += one.values() if isinstance(one, dict) else one
    return True


def _name_duplicate(text: str, path: Path) -> None:
    """Raise the error of a name that is given twice with its line and column: JSON is YAML, whose reader has them."""
    from airflow_hpt_provider.models.yaml_1_2 import YamlError, load

    try:
        load(text)
    except YamlError as error:
        if "given twice" in error.problem:
            raise _in_file(path, error) from None


def _in_file(path: str | Path, error: YamlError) -> ConfigFileError:
    where = str(path) if error.line is None else f"{path}:{error.line}:{error.column}"
    return ConfigFileError(f"{where}: {error.problem}")


def _from_yaml(text: str, path: Path) -> Any:
    from airflow_hpt_provider.models.yaml_1_2 import YamlError, load

    try:
        return load(text)
    except YamlError as error:
        raise _in_file(path, error) from error


def yaml_notes(path: str | Path) -> list[str]:
    """Return a note for each plain scalar of a YAML file that YAML 1.1 reads as something else.

    Args:
        path: a file that :func:`read_config` can read. Only .yaml and .yml files have notes.
    """
    from airflow_hpt_provider.models.yaml_1_1 import differences_from_1_1

    if Path(path).suffix.lower() == ".json":
        return []
    text = Path(path).read_text(encoding="utf-8-sig")
    return [f"{path}:{line}:{column}: note: {note}" for line, column, note in differences_from_1_1(text)]


def lines_in(path: str | Path) -> dict[Location, int]:
    """Return the line of each member and element in a config file; nothing if the file cannot be read again."""
    from airflow_hpt_provider.models.yaml_1_2 import YamlError, lines_of_members

    lines: dict[Location, int] = {}
    try:
        # JSON is YAML, so one parser finds the lines of both.
        lines = lines_of_members(Path(path).read_text(encoding="utf-8-sig"))
    except YamlError as problem:
        if "members" in problem.problem:
            raise _in_file(path, problem) from None
    except OSError:
        pass  # the messages are good without their lines
    return lines


def line_of(location: Location, lines: dict[Location, int]) -> int | None:
    """Return the line of a location, or of the innermost structure around it that has one."""
    return next(
        (lines[location[:end]] for end in range(len(location), 0, -1) if location[:end] in lines), None
    )


def with_lines(error: ValidationError, path: str | Path) -> ValidationError:
    """Return the error with the file as its title and the line in each message."""
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
    return validation_error(str(path), located)

"""The reference's pages, written from the code: docstrings, ``airflow-hpt``'s parser, ``provider_info.py``."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from airflow_hpt_provider import exceptions, models
from airflow_hpt_provider.cli.main import build_parser
from airflow_hpt_provider.provider_info import get_provider_info


class Command(NamedTuple):
    """A command of ``airflow-hpt``: its parser, and what it says it is for."""

    parser: argparse.ArgumentParser
    purpose: str


KINDS = ("operators", "sensors", "triggers", "hooks")


def pages() -> dict[str, str]:
    """Every page of the reference by its path."""
    return {
        **{
            f"reference/{kind}.md": "\n".join(_classes(kind.capitalize(), public_classes(kind)))
            for kind in KINDS
        },
        "reference/models.md": "\n".join(_models()),
        "reference/exceptions.md": "\n".join(_exceptions()),
        "reference/configuration.md": "\n".join(_configuration()),
        "reference/commands.md": "\n".join(_commands()),
    }


def public_classes(kind: str) -> list[str]:
    """Return the dotted names of ``provider_info.py``'s ``operators``, ``sensors``, ``triggers`` or ``hooks``."""
    modules = [name for entry in get_provider_info()[kind] for name in entry["python-modules"]]
    return [f"{name}.{each}" for name in modules for each in classes_of(import_module(name))]


def classes_of(module: ModuleType) -> list[str]:
    """Return the public classes that a module defines, in its order."""
    return [
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
    ]


def public_models() -> list[str]:
    """Return the dotted names, where they are defined, of what ``airflow_hpt_provider.models`` exports."""
    return [f"{(value := getattr(models, name)).__module__}.{value.__name__}" for name in models.__all__]


def public_exceptions() -> list[str]:
    """Return the dotted names of all errors."""
    return [f"{exceptions.__name__}.{name}" for name in classes_of(exceptions)]


def config_options() -> dict[str, dict[str, str]]:
    """Return the options of ``[hpt]``."""
    options: dict[str, dict[str, str]] = get_provider_info()["config"]["hpt"]["options"]
    return options


def commands(parser: argparse.ArgumentParser | None = None, says: str = "") -> dict[str, Command]:
    """All commands that do something, ``airflow-hpt local serve`` for one: their parsers and what they are for."""
    parser = parser or build_parser()
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        return {parser.prog: Command(parser, parser.description or says)}
    found: dict[str, Command] = {}
    for group in groups:
        helps = {choice.dest: choice.help or "" for choice in group._choices_actions}
        for name, sub in group.choices.items():
            found |= commands(sub, helps.get(name, ""))
    return found


def _classes(title: str, names: list[str]) -> Iterator[str]:
    yield from (f"# {title}", "")
    for name in names:
        yield from (f"::: {name}", "")


def _models() -> Iterator[str]:
    yield from ("# Models", "")
    yield "What `airflow_hpt_provider.models` exports. The members of requests and answers are in"
    yield "[Coverage](../coverage.md), each with the attribute that holds it."
    yield ""
    for name in public_models():
        yield from (f"::: {name}", "")


def _exceptions() -> Iterator[str]:
    tree = (exceptions.__doc__ or "").split("::", 1)[1].split("\n\n")
    drawing = next(part for part in tree if "└──" in part)
    yield from ("# Exceptions", "", "```text", inspect.cleandoc(drawing), "```", "")
    yield '"Not retried" means that the task fails immediately, without using up Airflow\'s `retries`.'
    yield ""
    for name in public_exceptions():
        yield from (f"::: {name}", "")


def _configuration() -> Iterator[str]:
    info = get_provider_info()["config"]["hpt"]
    yield from ("# Configuration", "", info["description"], "")
    yield "Options of the section `[hpt]` of `airflow.cfg`, or environment variables:"
    yield ""
    for name, option in config_options().items():
        yield from (f"## {name}", "", option["description"], "")
        yield f"`{option['type']}`, default `{option['default']}`, since {option['version_added']};"
        yield f"`AIRFLOW__HPT__{name.upper()}`."
        yield ""


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", "What each command says with `--help`.", "")
    for name, command in commands().items():
        help_text = command.parser.format_help().replace("```", "'''")
        yield from (f"## {name}", "", "```text", help_text.rstrip(), "```", "")

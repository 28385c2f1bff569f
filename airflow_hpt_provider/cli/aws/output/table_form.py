"""``--output table``: boxes within boxes. ``table_layout.py`` draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from airflow_hpt_provider.cli.aws.output.table_layout import Colors, Section, draw


def write(value: Any, out: TextIO, *, title: str, color: str) -> None:
    """Write a value as a table; nothing for an empty one.

    Raises:
        ValueError: lists that are to be rows of one table differ in length.
    """
    sections: list[Section] = []
    _add(sections, title, value, 0)
    if sections:
        colored = color == "on" or (color == "auto" and out.isatty())
        out.writelines(draw(sections, out, Colors() if colored else None))
        if colored and out.isatty():
            out.write(Colors.after)  # the aws CLI's farewell to a terminal


def _add(sections: list[Section], title: str | None, value: Any, depth: int) -> None:
    if not value:
        return
    if title is not None:
        sections.append(Section(title, depth))
    if isinstance(value, dict):
        _add_structure(sections, value, depth)
    elif isinstance(value, list):
        if isinstance(value[0], dict):
            _add_structures(sections, title or "", value, depth)
        else:
            for each in value:
                _add_element(sections, each)


def _add_element(sections: list[Section], element: Any) -> None:
    if _is_plain(element):
        sections[-1].add([element])
    elif all(_is_plain(each) for each in element):
        sections[-1].add(element)
    else:
        _add(sections, None, element, 0)


def _add_structure(sections: list[Section], value: Mapping[str, Any], depth: int) -> None:
    plain, others = _split(value)
    if len(plain) == 1:
        sections[-1].add([plain[0], value[plain[0]]])
    elif plain:
        sections[-1].head(plain)
        sections[-1].add([value[key] for key in plain])
    for key in others:
        _add(sections, key, value[key], depth + 1)


def _add_structures(sections: list[Section], title: str, values: list[Any], depth: int) -> None:
    splits = [_split(each) for each in values]
    plain = sorted({key for each, _ in splits for key in each})
    others = sorted({key for _, each in splits for key in each})
    for index, each in enumerate(values):
        # Nested values are printed below their element, so the next element needs a header again.
        if index and others:
            sections.append(Section(title, depth))
        if not index or others:
            sections[-1].head(plain)
        sections[-1].add([each.get(key, "") for key in plain])
        for key in others:
            if key in each:
                _add(sections, key, each[key], depth + 1)


def _split(value: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of the plain members, and those of the others."""
    plain = sorted(key for key in value if _is_plain(value[key]))
    return plain, sorted(key for key in value if not _is_plain(value[key]))


def _is_plain(value: Any) -> bool:
    return not isinstance(value, list | dict)

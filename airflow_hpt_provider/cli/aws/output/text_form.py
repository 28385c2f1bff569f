"""``--output text``: lines of values with tabs between them, for ``cut`` and ``awk``.

A structure is a line of its plain values in the order of their names, under the name of the member that holds it;
the lines of its other members follow. The elements of a list share their columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO


def write(value: Any, out: TextIO) -> None:
    """Write the lines of a value."""
    out.writelines("\t".join(cells) + "\n" for cells in _lines(value, None))


def _lines(value: Any, name: str | None, columns: Sequence[str] | None = None) -> Iterator[list[str]]:
    if isinstance(value, dict):
        yield from _of_structure(value, name, columns)
    elif isinstance(value, list):
        yield from _of_list(value, name)
    else:
        yield [str(value)]


def _of_structure(
    value: Mapping[str, Any], name: str | None, columns: Sequence[str] | None
) -> Iterator[list[str]]:
    plain = sorted(key for key in value if _is_plain(value[key])) if columns is None else columns
    if plain:
        yield ([] if name is None else [name.upper()]) + [str(value.get(key, "")) for key in plain]
    for key in sorted(value.keys() - set(plain)):
        yield from _lines(value[key], key)


def _of_list(value: list[Any], name: str | None) -> Iterator[list[str]]:
    if any(isinstance(each, dict) for each in value):
        structures = (each for each in value if isinstance(each, dict))
        columns = sorted({key for each in structures for key in each if _is_plain(each[key])})
        for each in value:
            yield from _lines(each, name, columns)
        return
    plain = [str(each) for each in value if _is_plain(each)]
    if name is None:
        yield from [plain] if plain else []
    else:
        yield from ([name.upper(), each] for each in plain)
    for each in value:
        if not _is_plain(each):
            yield from _lines(each, name)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, list | dict)

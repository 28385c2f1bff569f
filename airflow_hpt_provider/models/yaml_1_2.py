"""YAML 1.2's core schema: the one reader of config files and of ``--cli-input-yaml``.

PyYAML finds the structure of a text. What a plain scalar means is decided here, because PyYAML knows only YAML 1.1,
where ``off`` is a boolean, ``12:30`` is the number 750 and ``012`` is 10. Merge keys (``<<``) are read as in 1.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from airflow_hpt_provider.models.validation.written import WrittenFloat, WrittenInt

if TYPE_CHECKING:
    from airflow_hpt_provider.models.validation.errors import Location

MAX_NODES: Final = 100_000
"""Maximum number of members and elements. No request needs more; a few lines with aliases can stand for more."""

MAX_DIGITS: Final = 4300
"""Maximum characters of a number: Python reads no decimal number with more digits, and writes none in base 16 or 8."""

_TAG: Final = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT, _MERGE = (f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "merge"))
_PLAIN: Final = (
    (_NULL, r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        _FLOAT,
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+0123456789."),
    ),
    (_MERGE, r"<<", ["<"]),
)
"""What a plain scalar must match to be more than text, and the characters that it can begin with."""


class YamlError(ValueError):
    """A text is not well-formed YAML, or cannot be a config. Has the line and the column, which count from 1."""

    def __init__(self, problem: str, mark: Any = None) -> None:
        self.problem = problem
        self.line = mark.line + 1 if mark else None
        self.column = mark.column + 1 if mark else None
        super().__init__(f"line {self.line}, column {self.column}: {problem}" if mark else problem)


class _Loader(yaml.SafeLoader):
    """Composes nodes, with the tags of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own
    _composed = 0

    def compose_document(self) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if event.version not in (None, (1, 2)):
            version = ".".join(map(str, event.version))
            raise YamlError(
                f"declares YAML {version}, but is read as YAML 1.2; remove %YAML", event.start_mark
            )
        return super().compose_document()

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if tag := getattr(event, "tag", None):
            raise YamlError(
                f"the tag {tag.replace(_TAG, '!!')} must not be given; remove it", event.start_mark
            )
        self._composed += index is not None  # a name has no index
        if self._composed > MAX_NODES:  # to compose millions would take minutes
            raise _too_many(event.start_mark)
        return super().compose_node(parent, index)


class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Composes nodes ten times as fast, where PyYAML has its C library, of a text that has been read before."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own


for _tag, _pattern, _first in _PLAIN:
    for _each in (_Loader, _FastLoader):
        _each.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), _first)


def load(text: str) -> Any:
    """Return the value of a YAML text. Names are texts; numbers remember their digits.

    Raises:
        YamlError: it is not well-formed; a name is given twice; it holds a tag, or too many members.
    """
    return _Reading().value(root) if (root := _compose(text)) is not None else None


def lines_of_members(text: str) -> dict[Location, int]:
    """Return the line of every member and element of a YAML or JSON text that has been read before.

    Raises:
        YamlError: as :func:`load`.
    """
    reading = _Reading()
    if (root := _compose(text, _FastLoader)) is not None:
        reading.value(root)
    return reading.lines


def plain_scalars(text: str) -> list[Any]:
    """Return the plain scalars of a text, names included, as PyYAML's nodes in the order of the text.

    Raises:
        YamlError: as :func:`load`.
    """
    reading = _Reading()
    if (root := _compose(text)) is not None:
        reading.value(root)
    return sorted(reading.plain.values(), key=lambda each: each.start_mark.index)


def _too_many(mark: Any) -> YamlError:
    return YamlError(f"has more than {MAX_NODES} members; is this the right file?", mark)


def _compose(text: str, kind: Any = _Loader) -> Any:
    loader = None
    try:
        loader = kind(text)
        return loader.get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise YamlError(f"not well-formed YAML: {problem}", mark) from error
    except RecursionError as error:
        raise YamlError("nested too deeply") from error
    finally:
        if loader is not None:
            loader.dispose()


class _Reading:
    """Makes values of nodes.

    Attributes:
        lines: the line of each member and element.
        plain: the plain scalars by identity.
    """

    def __init__(self) -> None:
        self.lines: dict[Location, int] = {}
        self.plain: dict[int, Any] = {}
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: Any, location: Location = ()) -> Any:
        """Return a node's value."""
        self._count += 1
        if self._count > MAX_NODES:
            raise _too_many(node.start_mark)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise YamlError("an alias stands for a structure that it is a part of", node.start_mark)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self._member(each, (*location, index), each) for index, each in enumerate(node.value)]
            return self._mapping(node, location)
        except RecursionError as error:
            raise YamlError("nested too deeply", node.start_mark) from error
        finally:
            self._open.discard(id(node))

    def _member(self, node: Any, location: Location, place: Any) -> Any:
        self.lines[location] = place.start_mark.line + 1
        return self.value(node, location)

    def _mapping(self, node: Any, location: Location) -> dict[str, Any]:
        made: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        names: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError("a name must be a text, not a structure or list", key.start_mark)
            if key.value in names:
                raise YamlError(f"{key.value!r} is given twice in one structure; keep one", key.start_mark)
            names.add(key.value)
            if key.tag == _MERGE:
                merged = self._merged(value, location)
                continue
            if key.style is None:
                self.plain[id(key)] = key
            made[key.value] = self._member(value, (*location, key.value), key)
        return {**merged, **made}

    def _merged(self, node: Any, location: Location) -> dict[str, Any]:
        """Return the members that a merge key adds; of several structures, the first that has a name counts."""
        merged: dict[str, Any] = {}
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(each, yaml.MappingNode):
                raise YamlError("a merge key (<<) must have a structure, or a list of them", each.start_mark)
            merged = {**self.value(each, (*location, "<<")), **merged}
        return merged

    def _scalar(self, node: Any) -> Any:
        if node.style is None:
            self.plain[id(node)] = node
        return meaning(node)


def meaning(node: Any) -> Any:
    """Return the value of a scalar node."""
    text: str = node.value
    if node.tag == _NULL:
        return None
    if node.tag == _BOOL:
        return text.lower() == "true"
    if node.tag in (_INT, _FLOAT) and len(text) > MAX_DIGITS:
        raise YamlError(f"holds a number that cannot be read: it has {len(text)} digits", node.start_mark)
    if node.tag == _INT:
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return WrittenInt(int(text, base), text)
    if node.tag == _FLOAT:
        return float(text.replace(".", "")) if text[-1].isalpha() else WrittenFloat(text, text)
    return text

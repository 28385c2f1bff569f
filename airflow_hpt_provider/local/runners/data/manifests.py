"""Manifests: the objects of a channel, or its records, listed in an object.

A ManifestFile is ``[{"prefix": "s3://bucket/some/"}, "a", "b/c", ...]``; an AugmentedManifestFile has a JSON object a
line. Both are a user's: whatever is in one, a job fails by it with words that name the manifest and what is wrong.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.data.s3 import S3Uri
from airflow_hpt_provider.local.runners.failures import ClientFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXPECTED = 'a manifest is a JSON list: [{"prefix": "s3://..."}, "name", ...]'
EXPECTED_LINE = "a line of an augmented manifest is a JSON object"
SHOWN = 100
"""Maximum number of characters of a value in a message."""
NAMES = {dict: "an object", list: "a list", str: "a text", bool: "a Boolean", type(None): "null"}


class _Object(dict[str, Any]):
    """A JSON object, and which of its names were given twice: JSON does not say which value counts then."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.twice = (
            sorted({name for name in names if names.count(name) > 1}) if len(self) < len(names) else []
        )


def listed(uri: S3Uri, content: bytes) -> Iterator[tuple[str, S3Uri]]:
    """(name, object) of all that a manifest lists.

    Raises:
        ClientFailure: it is no manifest.
    """
    where = f"{uri} is not a manifest"
    read = _read(content, where)
    if not isinstance(read, list) or not read:
        _fail(where, f"it is {_kind(read)}{'' if read else ' that is empty'}; {EXPECTED}")
    first, *names = read
    prefix = _prefix(first, where)
    for number, name in enumerate(names, start=2):
        if not isinstance(name, str):
            _fail(where, f"element {number} is {_kind(name)}, not a text; {EXPECTED}")
        if not name or not _is_text(name):
            _fail(where, f"element {number}, {_shown(name)}, is no name of an object")
        yield name, S3Uri(prefix.bucket, f"{prefix.key}{name}")


def _prefix(first: Any, where: str) -> S3Uri:
    if not isinstance(first, _Object) or "prefix" not in first:
        _fail(where, f'its first element is {_kind(first)} without a "prefix"; {EXPECTED}')
    if "prefix" in first.twice:
        _fail(where, '"prefix" is given twice')
    return _object(first["prefix"], f'{where}: "prefix"')


def attributes(uri: S3Uri, number: int, line: bytes, names: Sequence[str]) -> Iterator[S3Uri | bytes]:
    """Yield the values of an augmented manifest's line: the object for a name in ``-ref``, else the bytes.

    Args:
        number: of the line, from 1.
        names: AttributeNames.

    Raises:
        ClientFailure: the line is no JSON object, or has no such value.
    """
    where = f"{uri} line {number}"
    read = _read(line, where)
    if not isinstance(read, _Object):
        _fail(where, f"it is {_kind(read)}; {EXPECTED_LINE}")
    for name in names:
        if name not in read:
            _fail(where, f"the attribute '{name}' is missing")
        if name in read.twice:
            _fail(where, f"the attribute '{name}' is given twice")
        value = read[name]
        if name.endswith("-ref"):
            yield _object(value, f"{where}: the attribute '{name}'")
            continue
        text = value if isinstance(value, str) else _written(value, where)
        if not _is_text(text):
            _fail(where, f"the attribute '{name}' is no text that UTF-8 can write")
        yield text.encode()


def _read(content: bytes, where: str) -> Any:
    """JSON, and nothing that only Python takes for it."""

    def no_constant(text: str) -> NoReturn:
        _fail(where, f"it is no JSON: {text}")

    def fraction(text: str) -> float:
        return _finite(float(text), text, where)

    def whole(text: str) -> int:
        _finite(float(text), text, where)
        return int(text)

    try:
        return json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_Object,
            parse_constant=no_constant,
            parse_float=fraction,
            parse_int=whole,
        )
    except UnicodeDecodeError as error:
        _fail(where, f"it is not UTF-8: byte {error.start}", error)
    except RecursionError as error:
        _fail(where, "it is nested too deeply", error)
    except ValueError as error:
        _fail(where, f"it is no JSON: {error}", error)


def _finite(number: float, text: str, where: str) -> float:
    if math.isinf(number):
        _fail(where, f"the number {_shown(text)} is too large")
    return number


def _written(value: Any, where: str) -> str:
    try:
        return json.dumps(value)
    except RecursionError as error:
        _fail(where, "it is nested too deeply", error)


def _object(value: Any, what: str) -> S3Uri:
    if not isinstance(value, str):
        _fail(what, f"it is {_kind(value)}, not an S3 URI")
    if not _is_text(value):
        _fail(what, f"{_shown(value)} is not an S3 URI")
    try:
        return S3Uri.parse(value)
    except ServiceError as error:
        _fail(what, f"{_shown(value)} is not an S3 URI: write s3://bucket/key", error)


def _is_text(text: str) -> bool:
    """Return whether the text can be encoded: JSON may have halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _kind(value: Any) -> str:
    return next((name for kind, name in NAMES.items() if isinstance(value, kind)), "a number")


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= SHOWN else f"{text[:SHOWN]!a}..."


def _fail(where: str, what: str, cause: Exception | None = None) -> NoReturn:
    raise ClientFailure(f"Data download failed:{where}: {what}") from cause

"""What is wrong with an input, as pydantic's errors, in words that name the value and the remedy."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from airflow_hpt_provider.models.printable import printable
from airflow_hpt_provider.models.secret_names import looks_secret

Location = tuple[str | int, ...]
"""Location in a request: member names, list indexes and map keys, from the top."""

HIDDEN: Final = "'***'"
"""Shown in place of a value whose name looks secret."""


def format_value(value: object) -> str:
    """Return a value as one short line for a message: at most some 80 characters; structures by kind and size."""
    if isinstance(value, Mapping):
        return f"a structure of {len(value)} member{'s' * (len(value) != 1)}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"a {'list' if isinstance(value, list | tuple) else 'set'} of {len(value)}"
    shortener = reprlib.Repr()
    shortener.maxstring = shortener.maxother = shortener.maxlong = 80
    return shortener.repr(value)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to this one, ignoring case and underscores; None if none is near.

    One that only lacks its beginning (`m5.large`) goes first.
    """
    plain, wanted = {candidate.lower(): candidate for candidate in known}, name.lower().replace("_", "")
    found = difflib.get_close_matches(wanted, plain, n=3, cutoff=0.6)
    return plain[max(found, key=lambda candidate: candidate.endswith(wanted))] if found else None


def near(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'X'?"` for the nearest known name, else an empty string."""
    found = nearest(name, known)
    return f"; did you mean {found!r}?" if found else ""


def value_error(kind: str, text: str, **context: object) -> PydanticCustomError:
    """Return an error for one value. `text` is shown as it stands, save `{shown}`: the value, if the context has it."""
    return PydanticCustomError(kind, text, context or None)


def line(
    kind: str, location: Location, text: str, value: object = None, **context: object
) -> InitErrorDetails:
    """One line of a ValidationError to be raised. Only a scalar value is kept, never a whole structure."""
    scalar = value if value is None or isinstance(value, str | int | float) else None
    return InitErrorDetails(type=value_error(kind, text, **context), loc=location, input=scalar)


def text_of(details: Mapping[str, Any]) -> str:
    """Return the text of an error's line; pydantic's message for a missing member, which has no remedy, is replaced."""
    text: str = details["msg"]
    return "is required; add it" if text == "Field required" else text


def lines_of(error: ValidationError) -> list[InitErrorDetails]:
    """Return the lines of an error, to be raised again with others; pydantic's own texts put in our words."""
    return [_again(details) for details in error.errors(include_url=False)]


def _again(details: Any, *, hide: bool = False) -> InitErrorDetails:
    kind: str = details["type"]
    context: dict[str, Any] = dict(details.get("ctx") or {})
    text, value = text_of(details), details["input"]
    if hide:
        shown = context.get("shown")
        text, value = (text.replace(shown, HIDDEN) if shown else "is not valid (value hidden)"), "***"
        context["shown"] = HIDDEN
    return line(kind, details["loc"], text, value, **context)


def hide_secrets(error: ValidationError) -> list[InitErrorDetails]:
    """Return the lines of an error raised for a map; the values under names that look secret are hidden."""
    return [_again(each, hide=bool(each["loc"]) and looks_secret(each["loc"][0])) for each in error.errors()]


def validation_error(title: str, lines: list[InitErrorDetails]) -> ValidationError:
    """Return the ValidationError that holds these lines."""
    return ValidationError.from_exception_data(title, lines, hide_input=True)


def aws_path(location: Iterable[str | int]) -> str:
    """Return a location as AWS's documentation writes it: `A.B[0].C`, in one line whatever a map's keys are."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "[key]":  # pydantic's mark for an error in a map's key
            path += f".{step}" if path else step
    return printable(path)


@cache
def between(least: int | None, most: int | None) -> str:
    """Bounds in words: `1 to 30`, `at most 48`, `at least 3`."""
    match least, most:
        case (None, None):
            return "any number of"
        case (None | 0, _):
            return f"at most {most}"
        case (_, None):
            return f"at least {least}"
        case _:
            return f"{least} to {most}"

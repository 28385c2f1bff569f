"""Two recordings of the same calls, member by member."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

MISSING = "(missing)"
DIFFERS_BY_NATURE = re.compile(
    r"(TrainingJobName|Arn|Time|Timestamp|Value|eta|max_depth|S3ModelArtifacts|S3OutputPath|S3Uri|RoleArn|TrainingImage"
    r"|Seconds|NumberOfTrainingJobsObjectiveNotImproving|NextToken|SecondaryStatusTransitions|StatusMessage|CertifyForMarketplace)$"
)
"""Members whose values, not whose types, may differ: names that are made, times, and what the search chose."""
EITHER_ORDER = {"Tags", "MetricDefinitions", "FinalMetricDataList"}
KEYS = ("Key", "Name", "MetricName", "TrainingJobName")


class Difference(NamedTuple):
    """A member that is not the same in both places."""

    step: str
    operation: str
    member: str
    first: str
    second: str


def compare(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Return the differences of two recordings, each kind of member once in a call."""
    found: dict[Difference, None] = {}
    for one, other in zip_longest(first, second):
        record = one or other
        assert record is not None
        where = (record["step"], record["operation"])
        if one is None or other is None:
            found[Difference(*where, "", *("called" if each else MISSING for each in (one, other)))] = None
            continue
        for member, left, right in _differences("", one["response"], other["response"]):
            found[Difference(*where, member, left, right)] = None
    return list(found)


def as_table(differences: Sequence[Difference], first: str, second: str) -> str:
    """Return the differences as a Markdown table for an issue."""
    if not differences:
        return "No differences."
    rows = [f"| step | operation | member | {first} | {second} |", "|---|---|---|---|---|"]
    rows += ["| " + " | ".join(text.replace("|", "\\|") for text in each) + " |" for each in differences]
    return "\n".join(rows)


def _differences(member: str, first: Any, second: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in sorted({*first, *second}):
            inner = f"{member}.{name}".lstrip(".")
            if name not in first or name not in second:
                yield inner, *(_shown(each.get(name, MISSING)) for each in (first, second))
            else:
                yield from _differences(inner, first[name], second[name])
    elif isinstance(first, list) and isinstance(second, list):
        yield from _lists(member, first, second)
    elif type(first) is not type(second):
        yield member, type(first).__name__, type(second).__name__
    elif first != second and not DIFFERS_BY_NATURE.search(member):
        yield member, _shown(first), _shown(second)


def _lists(member: str, first: list[Any], second: list[Any]) -> Iterator[tuple[str, str, str]]:
    if DIFFERS_BY_NATURE.search(member):
        return
    if len(first) != len(second):
        yield f"{member}[]", f"{len(first)} elements", f"{len(second)} elements"
    if member.rpartition(".")[2] in EITHER_ORDER:
        first, second = sorted(first, key=_key), sorted(second, key=_key)
    for one, other in zip(first, second, strict=False):
        yield from _differences(f"{member}[]", one, other)


def _key(element: Any) -> str:
    return next(
        (str(element[key]) for key in KEYS if isinstance(element, Mapping) and key in element), str(element)
    )


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."

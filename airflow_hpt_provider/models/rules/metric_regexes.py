"""What metric regexes look for and do not find: warnings, not errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.rules.helpers import definitions, listed, member_of
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest

ANY_NUMBER: Final = "([-+.0-9e]+)"
"""A group that reads every finite number as Python prints it."""

_ESCAPES: Final = {"t": 9, "r": 13, "f": 12, "v": 11, "a": 7, "n": 10, "e": 27}
_CONTROL: Final = re.compile(
    r"\\(?:x(?P<hex>[01][0-9a-fA-F]|7f)|u00(?P<u>[01][0-9a-fA-F]|7f)|(?P<one>.))|(?P<raw>[\x00-\x1f\x7f])",
    re.DOTALL,
)
_GROUP: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?:)?|\)|[^\\\[()]+", re.DOTALL)


def control_characters(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that a metric's regex does not look for control characters: CloudWatch holds a tab as ``#011``."""
    for where, regex in _regexes(request):
        for written, code in _controls(regex):
            if code == 10:
                yield Problem(
                    where,
                    regex,
                    f"{written} never matches: SageMaker matches each line by itself",
                    "match within one line",
                )
            else:
                yield Problem(
                    where,
                    regex,
                    f"{written} never matches on AWS, where the log holds #{code:03o} in place of this character",
                    f"write #{code:03o}",
                )


def small_and_negative_numbers(request: TuningJobRequest) -> Iterator[Problem]:
    """Check that the group of a metric's regex that reads 0.5 reads -0.5 and 1e-05 as well."""
    for where, regex in _regexes(request):
        group = _first_group(regex)
        if group is None or not _reads(group, "0.5"):
            continue
        missed = [number for number in ("-0.5", "1e-05") if not _reads(group, number)]
        if missed:
            yield Problem(
                where,
                regex,
                f"({group}) does not read {' and '.join(missed)}, as Python prints such a number: "
                "the metric is lost, or comes out as another number",
                f"write {ANY_NUMBER} for the number",
            )


def _regexes(request: TuningJobRequest) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield each metric's regex and where it is."""
    for at, definition in definitions(request):
        specification = member_of(definition.algorithm_specification)
        for index, metric in listed(specification.metric_definitions if specification is not None else None):
            where = (*at, "AlgorithmSpecification", "MetricDefinitions", index, "Regex")
            yield where, member_of(metric.regex) or ""


def _controls(regex: str) -> Iterator[tuple[str, int]]:
    """Yield each control character that a regex looks for, as it is written, and its code."""
    for match in _CONTROL.finditer(regex):
        digits = match["hex"] or match["u"]
        if digits:
            yield match[0], int(digits, 16)
        elif match["raw"]:
            yield repr(match["raw"])[1:-1], ord(match["raw"])
        elif match["one"] in _ESCAPES:
            yield match[0], _ESCAPES[match["one"]]


def _first_group(regex: str) -> str | None:
    """Return the content of the first capturing group; None without a group."""
    depth, start = 0, None
    for token in _GROUP.finditer(regex):
        if token[0].startswith("("):
            depth += 1
            if start is None and token[0] == "(" and not regex.startswith("?", token.end()):
                start, outside = token.end(), depth
        elif token[0] == ")":
            if start is not None and depth == outside:
                return regex[start : token.start()]
            depth -= 1
    return None


def _reads(group: str, number: str) -> bool:
    try:
        return re.fullmatch(group, number) is not None
    except re.error:  # a form of Java's that Python does not know
        return True

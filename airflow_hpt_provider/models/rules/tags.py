"""Tags: what AWS asks of them beyond their lengths and characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.rules.helpers import listed, member_of
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest
    from airflow_hpt_provider.models.validation.errors import Location

SYSTEM_PREFIX = "aws:"
"""Prefix of the keys that AWS reserves, in any case."""
MAX_TAGS = 50
"""Maximum number of tags on one resource."""


def tags(request: TuningJobRequest) -> Iterator[Problem]:
    """Each tag key once, and none that AWS keeps for itself."""
    yield from key_problems(
        (("Tags", index, "Key"), key)
        for index, tag in listed(request.tags)
        if (key := member_of(tag.key)) is not None
    )


def key_problems(keys: Iterable[tuple[Location, str]]) -> Iterator[Problem]:
    """Check the keys of one request's tags.

    Args:
        keys: each with where it is. Keys are case sensitive.
    """
    seen: set[str] = set()
    for where, key in keys:
        if key in seen:
            yield Problem(where, key, "is given twice", "keep one tag with this key")
        seen.add(key)
        if key.lower().startswith(SYSTEM_PREFIX):
            yield Problem(
                where,
                key,
                "keys that begin with aws: are AWS's own",
                "choose another key",
                aws_message=f"System prefix '{SYSTEM_PREFIX}' reserved for AWS usage in tag key: {key}",
            )

"""AWS's rules for tags, which hold for every resource that the service keeps itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.models.rules.tags import MAX_TAGS, key_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sized

    from airflow_hpt_provider.models.validation.errors import Location


def given_tags(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Return the Tags of a request, by key.

    Raises:
        ServiceError: a ValidationException: a key is AWS's own, or occurs twice.
    """
    tags = list(tags or ())
    _check((("Tags", index, "Key"), tag["Key"]) for index, tag in enumerate(tags))
    return {tag["Key"]: tag["Value"] for tag in tags}


def given_keys(keys: Iterable[str]) -> set[str]:
    """Return the TagKeys of a request.

    Raises:
        ServiceError: a ValidationException: a key is AWS's own.
    """
    once = list(dict.fromkeys(keys))
    _check((("TagKeys", index), key) for index, key in enumerate(once))
    return set(once)


def check_number(tags: Sized) -> None:
    """All the tags that a resource is to have.

    Raises:
        ServiceError: a ValidationException: they are too many.
    """
    if len(tags) > MAX_TAGS:
        raise ServiceError(
            "ValidationException",
            f"A resource can have at most {MAX_TAGS} tags: this one would have {len(tags)}.",
        )


def check_page(parameters: Mapping[str, object]) -> None:
    """ListTags' NextToken: all tags of a resource are on one page, whose MaxResults is 50 at least.

    Raises:
        ServiceError: a ValidationException: the request has one, which the service never returned.
    """
    if parameters.get("NextToken") is not None:
        raise ServiceError(
            "ValidationException",
            "The value of NextToken is not valid: the tags of a resource are on one page.",
        )


def _check(keys: Iterable[tuple[Location, str]]) -> None:
    for problem in key_problems(keys):
        raise ServiceError("ValidationException", problem.aws_message or str(problem))

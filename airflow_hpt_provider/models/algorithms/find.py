"""Which image is which built-in algorithm."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.algorithms.tables import LEGACY, NEWEST, algorithm, table

if TYPE_CHECKING:
    from airflow_hpt_provider.models.algorithms.algorithm import Algorithm

_IMAGE: Final = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/(?P<repository>[a-z0-9-]+)"
    r"(?::(?P<tag>[^@]+))?(?:@.*)?"
)
_VERSION: Final = re.compile(r"\d+\.\d+")


@cache
def find_algorithm(image: str) -> Algorithm | None:
    """Return the built-in algorithm of a training image; None for every other image.

    Account, region and repository together make an image Amazon's: a repository in another account is a custom image,
    whatever its name.
    """
    match = _IMAGE.fullmatch(image)
    if match is None:
        return None
    repository = match["repository"]
    if _account(repository, match["region"]) != match["account"]:
        return None
    return algorithm(repository, _version(repository, match["tag"] or ""))


def amazon_image(image: str) -> str | None:
    """Return Amazon's image that an image of another account is named like, or None.

    An example that masks the account (123456789012) usually means it.
    """
    match = _IMAGE.fullmatch(image)
    if match is None:
        return None
    account = _account(match["repository"], match["region"])
    if account is None or account == match["account"]:
        return None
    return account + image[match.end("account") :]


def _account(repository: str, region: str) -> str | None:
    """Return the account that publishes Amazon's image of a repository in a region."""
    if repository == "xgboost":
        family = "legacy-xgboost"
    elif repository == "sagemaker-xgboost":
        family = "xgboost"
    elif repository in table("algorithms"):
        family = table("algorithms")[repository]["accounts"]
    else:
        return None
    account: str | None = table("accounts")[family].get(region)
    return account


def _version(repository: str, tag: str) -> str:
    """Return the XGBoost version of a tag such as ``1.7-1``; the newest if the tag has no version."""
    if repository == "xgboost":
        return LEGACY
    if repository != "sagemaker-xgboost":
        return "1"
    match = _VERSION.match(tag)
    return match[0] if match else NEWEST

"""Everything that we ask people to install may be used under Apache-2.0."""

from __future__ import annotations

import re
from importlib.metadata import metadata, requires

import pytest
from packaging.requirements import Requirement

COMPATIBLE = re.compile(
    r"\b(Apache|MIT|BSD|ISC|PSF|Python Software Foundation|Unlicense|CNRI)", re.IGNORECASE
)
COPYLEFT = re.compile(r"\b(A?GPL|LGPL|GNU|SSPL|BUSL|Commons Clause)", re.IGNORECASE)
DIRECT = sorted(
    {Requirement(line).name for line in requires("airflow-hpt-provider") or []} - {"airflow-hpt-provider"}
)


def licence(package: str) -> str:
    """What a package says of its licence, in the newest way that it uses."""
    about = metadata(package)
    classifiers = [line for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    return about.get("License-Expression") or " ".join(classifiers) or (about.get("License") or "")[:200]


def test_they_are_seen() -> None:
    assert {"apache-airflow", "moto", "scipy"} <= set(DIRECT)


@pytest.mark.parametrize("package", DIRECT)
def test_its_licence_is_compatible(package: str) -> None:
    said = licence(package)
    assert COMPATIBLE.search(said), said
    # scipy and numpy name the licences of what their wheels bundle as well, with linking exceptions.
    assert "exception" in said or not COPYLEFT.search(said), said

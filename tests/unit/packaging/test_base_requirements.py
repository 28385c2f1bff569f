"""What ``pip install airflow-hpt-provider`` brings: nothing that Airflow with the amazon provider has not already."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = "airflow-hpt-provider"
ONLY_FOR_THE_SERVICE_OR_THE_PAGE = {
    "flask", "flask-cors", "moto", "numpy", "regex", "scikit-learn", "scipy", "threadpoolctl",
}  # fmt: skip
"""Of the extras' packages those that Airflow does not bring itself, as it brings uvicorn, starlette and psutil."""


def closure(*names: str, extra: str = "") -> set[str]:
    """All that the packages need, by the metadata of what is installed here."""
    found: set[str] = set()
    todo = [(canonicalize_name(name), extra) for name in names]
    seen = set()
    while todo:
        name, of_extra = todo.pop()
        if (name, of_extra) in seen:
            continue
        seen.add((name, of_extra))
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:  # for another platform, by its own marker
            found.discard(name)
            continue
        for line in lines:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": of_extra}):
                needed = canonicalize_name(requirement.name)
                todo += [(needed, ""), *((needed, each) for each in requirement.extras)]
    return found


def test_the_base_install_adds_only_itself_to_airflow_and_the_amazon_provider() -> None:
    airflow = closure("apache-airflow", "apache-airflow-providers-amazon")
    assert closure(OURS) - airflow == {OURS}


def test_nothing_for_the_service_or_the_page_comes_by_our_requirements() -> None:
    base = {
        re.split(r"[^a-z0-9-]", canonicalize_name(Requirement(line).name))[0]
        for line in requires(OURS) or []
        if "extra ==" not in line
    }
    assert not base & ONLY_FOR_THE_SERVICE_OR_THE_PAGE


@pytest.mark.parametrize("package", ["moto", "scipy", "scikit-learn"])
def test_the_base_install_has_no(package: str) -> None:
    assert package not in closure(OURS)
    assert package in closure(OURS, extra="demo")

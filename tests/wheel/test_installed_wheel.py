"""The wheel installed alone in clean environments: what a user gets, not what the checkout has."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_hpt_provider import __version__
from airflow_hpt_provider.demo.waiting import wait_until
from tests.support.wheels import REPOSITORY, CleanEnvironment
from tests.unit.packaging.test_base_requirements import ONLY_FOR_THE_SERVICE_OR_THE_PAGE

pytestmark = pytest.mark.wheel
HERE = Path(__file__).parent

IMPORT_ALL = """
import importlib, json, pkgutil, sys
import airflow_hpt_provider as package
without = tuple(f"{package.__name__}.{name}" for name in sys.argv[1:])
names = [m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".", onerror=lambda name: None)]
names = [n for n in names if ".example_dags" not in n and not n.startswith(without)] if without else [
    n for n in names if ".example_dags" not in n]
for name in names:
    importlib.import_module(name)
print(json.dumps([package.__file__, len(names)]))
"""

XGBOOST = "local.algorithms.xgboost_trainer"
"""Needs the extra ``algorithms``."""


def import_all(environment: CleanEnvironment, *without: str) -> None:
    """Import every module but those below ``without``; they come from the environment."""
    file, count = json.loads(environment.python(IMPORT_ALL, *without).splitlines()[-1])
    assert environment.path in Path(file).parents
    assert count > 50


def test_every_module_but_those_of_an_extra_imports_without_extras(base: CleanEnvironment) -> None:
    import_all(base, "local", "demo", "lineage.facets")


def test_the_service_imports_with_its_extra(local: CleanEnvironment) -> None:
    import_all(local, "demo", "lineage.facets", XGBOOST)


def test_everything_imports_with_the_extras(demo: CleanEnvironment) -> None:
    import_all(demo, XGBOOST)


def test_the_base_install_has_nothing_that_only_the_service_or_the_page_needs(base: CleanEnvironment) -> None:
    assert not base.packages() & ONLY_FOR_THE_SERVICE_OR_THE_PAGE


def test_requirements_fit_together(demo: CleanEnvironment) -> None:
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "check", "--python", str(demo.path / "bin" / "python")],
        check=True,
    )


def test_airflow_knows_the_provider(base: CleanEnvironment) -> None:
    reported = json.loads(base.run("airflow", "providers", "get", "airflow-hpt-provider", "--output", "json"))
    assert reported[0]["Version"] == __version__
    listed = json.loads(base.run("airflow", "providers", "list", "--output", "json"))
    assert "airflow-hpt-provider" in {provider["package_name"] for provider in listed}


def test_airflow_reads_its_configuration(base: CleanEnvironment) -> None:
    said = base.run("airflow", "config", "get-value", "hpt", "min_poll_interval")
    assert said.splitlines()[-1] == "5.0"


def test_the_command_line_runs_and_names_the_missing_extra(base: CleanEnvironment) -> None:
    assert __version__ in base.run("airflow-hpt", "--version")
    assert "airflow-hpt-provider[demo]" in base.run("airflow-hpt", "demo", expect=2)
    assert "airflow-hpt-provider[local]" in base.run("airflow-hpt", "local", "serve", expect=2)


@pytest.fixture
def service(local: CleanEnvironment, tmp_path: Path) -> Iterator[dict[str, str]]:
    """``airflow-hpt local serve`` of the [local] environment; the variables that lead to it."""
    process = subprocess.Popen(
        [str(local.path / "bin" / "airflow-hpt"), "local", "serve", "--data-dir", str(tmp_path)],
        cwd=local.home,
        env=local.variables(),
    )
    try:
        file = tmp_path / "local.env"

        def serves() -> bool:
            assert process.poll() is None, f"it ended with {process.returncode}"
            return file.exists()

        wait_until(serves, 60, "the service does not start")
        yield dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    finally:
        process.terminate()
        process.wait(60)


def test_the_base_install_tunes_on_a_service_installed_with_its_extra(
    base: CleanEnvironment, service: dict[str, str]
) -> None:
    said = base.run("python", "-I", str(HERE / "smoke.py"), variables=service)
    status, best = said.splitlines()[-1].split()
    assert status == "Completed"
    assert best.startswith("smoke-")


def test_the_demo_runs_from_the_wheel(demo: CleanEnvironment) -> None:
    said = demo.run("airflow-hpt", "demo", timeout=900)
    assert "12 of 12 training jobs done" in said
    assert "Model package        arn:aws:sagemaker:" in said
    assert "Everything is stopped" in said


def test_a_dag_authors_file_passes_the_strict_type_checker(base: CleanEnvironment) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-version=3.11"]
    checked = subprocess.run(
        [*command, f"--python-executable={base.path / 'bin' / 'python'}", str(HERE / "consumer.py")],
        cwd=base.home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_checkout_is_not_in_the_way(base: CleanEnvironment) -> None:
    paths = base.python("import sys; print(*sys.path, sep='\\n')").splitlines()
    assert not [path for path in paths if path and REPOSITORY in (Path(path), *Path(path).parents)]

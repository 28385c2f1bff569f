"""A DAG file that imports our operators must not load what only a running task needs."""

import subprocess
import sys
from importlib.util import find_spec

HEAVY = ("boto3", "botocore", "airflow.providers.amazon", "optuna", "moto", "numpy", "scipy", "uvicorn")


MODULES = (
    "airflow_hpt_provider.operators.tuning",
    "airflow_hpt_provider.operators.registration",
    "airflow_hpt_provider.sensors.tuning",
    "airflow_hpt_provider.triggers.tuning",
    "airflow_hpt_provider.triggers.events",
    "airflow_hpt_provider.models",
    "airflow_hpt_provider.provider_info",
)


def test_importing_what_a_dag_file_imports_loads_nothing_heavy():
    code = f"""
import importlib, sys
from airflow.sdk import BaseOperator, BaseSensorOperator
before = set(sys.modules)
for module in {MODULES!r}:
    importlib.import_module(module)
new = set(sys.modules) - before
print(*(m for m in {HEAVY!r} if any(n == m or n.startswith(m + '.') for n in new)))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_the_operator_loads_none_of_our_modules_that_only_a_running_task_needs():
    """Half a millisecond each, for every DAG file and every parse; ``make bench-import`` has the figures."""
    later = (
        "config.masking",
        "creation",
        "xcom.job_name",
        "display",
        "hooks.settings",
        "metrics",
        "models",
        "result",
    )
    later += ("retries", "triggers", "waiting.budget", "waiting.state_change")
    assert all(find_spec(f"airflow_hpt_provider.{name}") for name in later), (
        "these are this provider's modules"
    )
    code = """
import sys
import airflow_hpt_provider.operators.tuning
print(*(name.removeprefix("airflow_hpt_provider.") for name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert set(later) & set(done.stdout.split()) == set()

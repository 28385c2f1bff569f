"""What importing the models costs, and that their late building tolerates threads."""

import subprocess
import sys

import pytest

from airflow_hpt_provider import models


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_shorthands_load_neither_pydantic_nor_yaml():
    code = """
import sys
from airflow_hpt_provider.models import Categorical, Continuous, Integer
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"pydantic", "yaml", "boto3", "botocore", "airflow"}))
"""
    assert run(code) == []


def test_requests_load_nothing_heavy():
    code = """
import sys
from airflow_hpt_provider.models import TuningJobDescription, TuningJobRequest, TuningResult
heavy = {"yaml", "boto3", "botocore", "airflow", "numpy", "regex"}
print(*sorted({name.partition(".")[0] for name in sys.modules} & heavy))
print(any(model.__pydantic_complete__ for model in (TuningJobRequest, TuningJobDescription, TuningResult)))
"""
    assert run(code) == ["False"]


def test_first_use_by_many_threads_together():
    code = """
import sys, threading
from airflow_hpt_provider.models import TuningJobRequest, TuningJobSummary, TuningResult, explain
from pydantic import ValidationError
sys.setswitchinterval(1e-6)
go, failures = threading.Barrier(12), []
def use():
    go.wait()
    try:
        for model in (TuningJobRequest, TuningJobSummary, TuningResult):
            try:
                model.model_validate({})
            except ValidationError as error:
                assert "is required" in explain(error), error
    except BaseException as error:
        failures.append(repr(error)[:300].replace(" ", "_"))
threads = [threading.Thread(target=use) for _ in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(*failures)
"""
    for _ in range(3):
        assert run(code) == []


def test_public_names_are_all_there():
    assert sorted(models.__all__) == sorted(models._HOME_OF)
    assert dir(models) == models.__all__
    for name in models.__all__:
        assert getattr(models, name).__module__.startswith("airflow_hpt_provider.models.")
        assert getattr(models, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        models.Nothing  # noqa: B018

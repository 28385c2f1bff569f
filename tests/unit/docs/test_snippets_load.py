"""Snippets of the documentation load as Airflow would load them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from airflow.sdk import DAG

SNIPPETS = Path(__file__).parents[3] / "docs" / "snippets"
DAG_FILES = sorted(path for path in SNIPPETS.glob("*.py") if "import DAG" in path.read_text())


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda path: path.stem)
def test_it_loads_and_its_requests_are_valid(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_hpt_provider.decorators.tuning import TuningJobDecoratedOperator
    from airflow_hpt_provider.models import TuningJobRequest

    dags: list[DAG] = []
    enter = DAG.__enter__
    monkeypatch.setattr(DAG, "__enter__", lambda dag: dags.append(dag) or enter(dag))
    runpy.run_path(str(file))
    assert dags
    for dag in dags:
        for operator in dag.tasks:
            config = getattr(operator, "config", None)
            if isinstance(operator, TuningJobDecoratedOperator):
                config = operator.python_callable(*operator.op_args, **operator.op_kwargs)
            if isinstance(config, dict) and "{{" not in str(config):
                TuningJobRequest.model_validate(config)

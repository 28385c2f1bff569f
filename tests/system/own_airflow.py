"""An Airflow of a test's own, with other settings than the one that all others share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from airflow_hpt_provider.demo.data import BUCKET, source_archive
from airflow_hpt_provider.demo.session import DemoSession
from tests.support.airflow_actions import AirflowActions

HERE = Path(__file__).parent


@contextmanager
def own_airflow(folder: Path, environment: Mapping[str, str]) -> Iterator[DemoSession]:
    """Run the DAGs of ``test_stopping.py`` in an Airflow with these settings."""
    dags = folder / "dags"
    dags.mkdir()
    for name in ("stopping_dags.py", "quick_jobs.py"):
        shutil.copy(HERE / "dags" / name, dags)
    with DemoSession(folder / "demo", dags, environment=dict(environment)) as demo:
        AirflowActions.replace_in(demo.airflow)
        code = source_archive(HERE / "training")
        demo.service.client("s3").put_object(Bucket=BUCKET, Key="system/sourcedir.tar.gz", Body=code)
        yield demo

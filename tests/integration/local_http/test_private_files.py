"""What the service keeps is its user's alone, whatever the umask; its log and its answers hold no secrets."""

from __future__ import annotations

import copy
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fuzz.service import Resources, fill, start

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = pytest.mark.integration

HIDDEN = "hunter2-hunter2"
DEADLINE_SECONDS = 60


@pytest.fixture(scope="module")
def permissive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalService, Resources]]:
    """A service that was started, and had training jobs, under the umask 000."""
    former = os.umask(0)
    try:
        service = start(tmp_path_factory.mktemp("private"))
    finally:
        os.umask(former)
    try:
        yield service, fill(service)
    finally:
        service.stop()


def test_every_file_and_directory(permissive: tuple[LocalService, Resources]) -> None:
    service, _ = permissive
    found = [path for path in service.data_dir.rglob("*") if path.name != "service.log"]  # the test's own
    names = {path.name for path in found}
    assert {"local.env", "jobs.sqlite", "hyperparameters.json", "log", "attempt-1"} <= names
    open_to_others = [path for path in found if path.lstat().st_mode & 0o077]
    assert not open_to_others
    assert stat.S_IMODE(service.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(service.env_file.stat().st_mode) == 0o600


def test_neither_log_nor_failure_reason_nor_other_files_show_secrets(
    permissive: tuple[LocalService, Resources], tmp_path: Path
) -> None:
    service, resources = permissive
    (tmp_path / "fails.py").write_text("raise SystemExit('no such column')")
    request: dict[str, Any] = copy.deepcopy(resources.tuning_job)
    request["HyperParameterTuningJobName"] = "with-secrets"
    request["TrainingJobDefinition"]["StaticHyperParameters"] = {
        "sagemaker_program": "fails.py",
        "sagemaker_submit_directory": str(tmp_path),
        "api_key": HIDDEN,
        "epochs": "3",
    }
    request["TrainingJobDefinition"]["Environment"] = {"DB_PASSWORD": HIDDEN}
    client = service.client("sagemaker")
    client.create_hyper_parameter_tuning_job(**request)
    end = time.monotonic() + DEADLINE_SECONDS
    while True:
        trials = client.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName="with-secrets"
        )["TrainingJobSummaries"]
        failed = [trial for trial in trials if trial["TrainingJobStatus"] == "Failed"]
        if failed:
            break
        assert time.monotonic() < end, trials
        time.sleep(0.2)
    reason = failed[0]["FailureReason"]
    assert "no such column" in reason
    assert "--api_key '***' --epochs 3" in reason
    log = service.log.read_text()
    assert "with-secrets" in log, "the service does log its jobs"
    for text in (reason, log):
        assert HIDDEN not in text
        assert service.environment["AWS_SECRET_ACCESS_KEY"] not in text
        assert "Signature=" not in text
    holders = [
        path
        for path in service.data_dir.rglob("*")
        if path.is_file() and service.environment["AWS_SECRET_ACCESS_KEY"].encode() in path.read_bytes()
    ]
    assert holders == [service.env_file], "the key is in local.env alone"

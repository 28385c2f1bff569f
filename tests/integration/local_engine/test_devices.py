"""Training jobs in parallel have GPUs of their own, and as many threads as they have CPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.local.runners.devices import DevicePool
from tests.integration.local_engine.jobs import create

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.local_engine.conftest import Service

pytestmark = pytest.mark.integration
SCRIPT = """
import time
names = ("CUDA_VISIBLE_DEVICES", "SM_NUM_GPUS", "SM_NUM_CPUS", "OMP_NUM_THREADS")
print("devices", *(os.environ.get(name) for name in names), flush=True)
while not pathlib.Path(hps["gate"]).exists():
    time.sleep(0.02)
print("loss=1")
"""


def said(service: Service, name: str) -> list[str]:
    log = service.directory / "training-jobs" / name / "attempt-1" / "log"

    def line() -> list[str]:
        words = log.read_text().splitlines()[:1] if log.exists() else []
        return words[0].split()[1:] if words else []

    return service.wait_until(line)


def test_each_job_has_its_own(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service.close()
    service.devices = DevicePool(max_parallel=2, cpus_per_job=1, gpus=("4", "5", "6", "7"))
    service.options = {"max_parallel": 2}
    service.start()
    service.script(SCRIPT)
    gates = {"hyperparameters": {"gate": str(tmp_path / "gate")}}
    create(service, "a", **gates)
    create(service, "b", **gates, Environment={"ALGORITHM": "train.py", "OMP_NUM_THREADS": "7"})
    seen = {name: said(service, name) for name in ("a", "b")}
    assert sorted(words[0] for words in seen.values()) == ["4,5", "6,7"]
    assert seen["a"][1:] == ["2", "1", "1"]
    assert seen["b"][1:] == ["2", "1", "7"], "what the request sets counts"
    create(service, "c", **gates)
    (tmp_path / "gate").touch()
    assert said(service, "c")[0] in ("4,5", "6,7")
    for name in "abc":
        assert service.training_job(name)["TrainingJobStatus"] == "Completed"

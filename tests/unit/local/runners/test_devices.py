"""GPUs and CPUs, shared out among training jobs in parallel."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from airflow_hpt_provider.local.runners.devices import DevicePool, Devices, find_gpus

FOUR = ("0", "1", "2", "3")


@pytest.fixture(autouse=True)
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def attempt(tmp_path: Path, number: int) -> Path:
    directory = tmp_path / f"attempt-{number}"
    directory.mkdir()
    return directory


@pytest.mark.parametrize(
    ("gpus", "options", "parallel", "gpus_each", "cpus_each"),
    [
        ((), {}, 8, 0, 1),
        ((), {"max_parallel": 2}, 2, 0, 4),
        ((), {"max_parallel": 20}, 20, 0, 1),
        ((), {"max_parallel": 2, "cpus_per_job": 3}, 2, 0, 3),
        (FOUR, {}, 4, 1, 2),
        (FOUR, {"max_parallel": 2}, 2, 2, 4),
        (FOUR, {"max_parallel": 3}, 3, 1, 2),
        (FOUR, {"gpus_per_job": 4}, 1, 4, 8),
        (FOUR, {"gpus_per_job": 0}, 8, 0, 1),
        (("0",), {"max_parallel": 8}, 1, 1, 8),
    ],
)
def test_even_shares(
    gpus: tuple[str, ...], options: dict[str, int], parallel: int, gpus_each: int, cpus_each: int
) -> None:
    pool = DevicePool(**options, gpus=gpus)
    assert (pool.max_parallel, pool.gpus_per_job, pool.cpus_per_job) == (parallel, gpus_each, cpus_each)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gpus_per_job": 5}, "--gpus-per-job must be at most 4, the number of GPUs of this machine, got 5"),
        ({"cpus_per_job": 9}, "--cpus-per-job must be at most 8, the number of CPUs of this machine, got 9"),
    ],
)
def test_more_than_there_is_is_refused(options: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DevicePool(**options, gpus=FOUR)


def test_no_two_attempts_have_the_same_gpu(tmp_path: Path) -> None:
    pool = DevicePool(gpus_per_job=2, gpus=FOUR)
    first, second, third = (attempt(tmp_path, number) for number in range(3))
    assert [pool.take(first).gpus, pool.take(second).gpus] == [("0", "1"), ("2", "3")]
    got: list[Devices] = []
    waiting = threading.Thread(target=lambda: got.append(pool.take(third)))
    waiting.start()
    assert not got
    pool.give_back(second)
    pool.give_back(second)
    waiting.join(60)
    assert [devices.gpus for devices in got] == [("2", "3")]


def test_a_cancelled_attempt_takes_nothing(tmp_path: Path) -> None:
    pool = DevicePool(gpus=("0",))
    one, other = attempt(tmp_path, 1), attempt(tmp_path, 2)
    pool.take(one)
    assert pool.take(other, lambda: True).gpus == ()
    pool.give_back(other)
    pool.give_back(one)
    assert pool.take(other).gpus == ("0",)


def test_a_job_that_outlives_the_service_keeps_its_gpus(tmp_path: Path) -> None:
    running, new = attempt(tmp_path, 1), attempt(tmp_path, 2)
    DevicePool(gpus=FOUR).take(running)
    pool = DevicePool(gpus=FOUR)
    pool.take_again(running)
    assert pool.take(new).gpus == ("1",)
    pool.give_back(running)
    assert pool.take(attempt(tmp_path, 3)).gpus == ("0",)


def test_the_variables_of_a_share() -> None:
    assert Devices(3, ("2", "5")).variables() == {
        "OMP_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "3",
        "MKL_NUM_THREADS": "3",
        "NUMEXPR_NUM_THREADS": "3",
        "CUDA_VISIBLE_DEVICES": "2,5",
    }
    shared = Devices(3, shared_gpus=4)
    assert "CUDA_VISIBLE_DEVICES" not in shared.variables()
    assert shared.gpu_count == 4


def test_gpus_are_device_files_unless_the_service_is_kept_to_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert find_gpus(tmp_path) == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a, GPU-b")
    assert find_gpus(tmp_path) == ["GPU-a", "GPU-b"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert find_gpus(tmp_path) == []

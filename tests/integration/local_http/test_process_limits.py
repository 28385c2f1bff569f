"""A service with few files, little memory, few processes: it refuses or fails single things, and stays."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from airflow_hpt_provider.local.runners import permissions
from tests.integration.local_http.conftest import Service
from tests.integration.local_http.test_not_root import interpreter, process_options
from tests.support.tuning_jobs import ended_training_job, images_file, tuning_job

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start a service with limits: names of ``RLIMIT_*`` and values."""
    made: list[Service] = []

    def start(**limits: int) -> Service:
        def set_limits() -> None:
            for name, value in limits.items():
                resource.setrlimit(getattr(resource, name), (value, value))

        script = tmp_path / "train.py"
        script.write_text("print('objective=0.5;')")
        images = images_file(tmp_path, script, "-S")
        made.append(Service(tmp_path / "data", arguments=["--images", str(images)], preexec_fn=set_limits))
        made[-1].start()
        return made[-1]

    yield start
    for service in made:
        if service.process is not None:
            service.stop()


def train(service: Service, name: str = "job") -> dict[str, Any]:
    """Run a training job to its end."""
    s3, sagemaker = service.client("s3"), service.client("sagemaker")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket="bucket")
    body = tuning_job("bucket")["TrainingJobDefinition"]
    sagemaker.create_training_job(TrainingJobName=name, **body)
    return ended_training_job(sagemaker, name)


def test_with_64_open_files(limited: Callable[..., Service]) -> None:
    """More clients than there are files: those are not answered, and the service answers again without them."""
    service = limited(RLIMIT_NOFILE=64)
    assert train(service)["TrainingJobStatus"] == "Completed"
    address = urlsplit(service.endpoint)
    with contextlib.ExitStack() as stack:
        for _ in range(80):
            with contextlib.suppress(OSError):
                stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=5))
        with contextlib.suppress(BotoCoreError, ClientError):
            service.client("s3").list_buckets()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(BotoCoreError, ClientError):
            service.client("s3").list_buckets()
            break
        time.sleep(0.2)
    assert train(service, "next")["TrainingJobStatus"] == "Completed"
    assert service.stop() == 0


def test_with_little_memory(limited: Callable[..., Service]) -> None:
    """An object larger than the address space that is left goes through in pieces, or is refused."""
    service = limited(RLIMIT_AS=2 << 30)
    assert train(service)["TrainingJobStatus"] == "Completed"
    s3 = service.client("s3")
    s3.put_object(Bucket="bucket", Key="large", Body=bytes(64 << 20))
    assert s3.head_object(Bucket="bucket", Key="large")["ContentLength"] == 64 << 20
    assert service.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start processes of another user")
def test_with_no_more_processes_or_threads() -> None:
    """What cannot be started fails, with the reason, and the service stays. The limit spares root."""
    options = process_options()
    python = interpreter(options)
    directory = Path(tempfile.mkdtemp(prefix="airflow-hpt-limits-"))
    os.chown(directory, options["user"], options["group"])
    images = directory / "images.toml"
    images.write_text('[[image]]\nmatch = "*/quick:*"\ncommand = ["/bin/echo", "objective=0.5;"]\n')
    images.chmod(0o644)
    service = Service(directory / "data", python, ["--images", str(images)], cwd=directory, **options)

    def limit_processes(pid: int, count: int) -> None:
        """Change the soft limit of a running process, as its own user."""
        change = (
            f"import resource as r; n = r.RLIMIT_NPROC; r.prlimit({pid}, n, ({count}, r.getrlimit(n)[1]))"
        )
        subprocess.run([python, "-c", change], check=True, cwd="/", **options)

    try:
        service.start()
        assert service.process is not None
        pid = service.process.pid
        assert train(service)["TrainingJobStatus"] == "Completed"
        limit_processes(pid, 1)
        job = train(service, "starved")
        assert job["TrainingJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("InternalServerError")
        limit_processes(pid, resource.getrlimit(resource.RLIMIT_NPROC)[0])
        assert train(service, "next")["TrainingJobStatus"] == "Completed"
        assert service.stop() == 0
    finally:
        if service.process is not None:
            service.stop()
        permissions.remove(directory)

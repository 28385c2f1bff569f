"""Many clients: idle ones, slow ones, and ones that list and search all the time while training jobs run."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config

from tests.support.tuning_jobs import ended_job, images_file, tuning_job

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
SLOW = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\nX-Amz-Target: SageMaker."


@contextlib.contextmanager
def connections(service: Any, count: int, opening: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open connections that send these bytes, and then nothing."""
    address = urlsplit(service.endpoint)
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            connection = stack.enter_context(
                socket.create_connection((address.hostname, address.port), timeout=30)
            )
            connection.sendall(opening)
            opened.append(connection)
        yield opened


def are_kept_waiting(connections: list[socket.socket]) -> bool:
    """Return whether the service has neither responded on the connections nor closed them."""
    readable, _, _ = select.select(connections, [], [], 0)
    return not readable


def test_idle_and_slow_clients_keep_no_other_from_a_response(service: Any) -> None:
    sagemaker, s3 = service.client("sagemaker"), service.client("s3")
    with connections(service, 150), connections(service, 50, SLOW) as slow:
        for _ in range(3):
            for connection in slow:
                connection.sendall(b"x")
            sagemaker.list_hyper_parameter_tuning_jobs()
            s3.list_buckets()
        assert are_kept_waiting(slow), "the responses did not come only after the service had given these up"
    sagemaker.list_hyper_parameter_tuning_jobs()


def test_more_clients_than_there_may_be_are_refused_and_forgotten(service: Any) -> None:
    """600 connections: the first ones are kept open for a while, the others get 503, and later ones an answer."""
    with connections(service, 600) as opened:
        refused = 0
        for connection in opened[-50:]:
            connection.settimeout(5)
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                refused += connection.recv(100).startswith(b"HTTP/1.1 503")
        assert refused
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            service.client("sagemaker").list_hyper_parameter_tuning_jobs()
            return
        time.sleep(0.2)
    pytest.fail("the service does not respond although all those clients are gone")


@pytest.mark.heavy
def test_200_slow_and_600_idle_clients(service: Any) -> None:
    """A client that was there before is answered all the time; a new one once idle connections have been closed."""
    sagemaker, s3 = service.client("sagemaker"), service.client("s3")
    sagemaker.list_hyper_parameter_tuning_jobs()
    s3.list_buckets()
    with connections(service, 200, SLOW) as slow, connections(service, 600):
        for _ in range(10):
            for connection in slow:
                connection.sendall(b"x")
            sagemaker.list_hyper_parameter_tuning_jobs()
            s3.list_buckets()
        end = time.monotonic() + 120
        while True:
            try:
                service.client("sagemaker").list_hyper_parameter_tuning_jobs()
                break
            except Exception:
                assert time.monotonic() < end
                time.sleep(0.5)
    sagemaker.list_hyper_parameter_tuning_jobs()


@pytest.mark.parametrize(
    ("clients", "tuning_jobs", "training_jobs"),
    [(40, 3, 4), pytest.param(100, 12, 2, marks=pytest.mark.heavy)],
    ids=["40 clients", "100 clients"],
)
def test_lists_and_searches_by_many_clients_while_jobs_train(
    make_service: Callable[..., Any], tmp_path: Path, clients: int, tuning_jobs: int, training_jobs: int
) -> None:
    script = tmp_path / "train.py"
    script.write_text("print('objective=0.5;')")
    service = make_service(tmp_path / "data", ["--images", str(images_file(tmp_path, script, "-S"))])
    service.client("s3").create_bucket(Bucket="bucket")
    sagemaker = service.client("sagemaker", Config(max_pool_connections=clients, read_timeout=120))
    for number in range(tuning_jobs):
        sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=f"job-{number}", **tuning_job("bucket", trials=training_jobs)
        )

    def ask(number: int) -> str:
        if number % 3 == 0:
            sagemaker.search(Resource="TrainingJob", MaxResults=100)
        elif number % 3 == 1:
            sagemaker.list_training_jobs(MaxResults=100)
        else:
            sagemaker.list_hyper_parameter_tuning_jobs(MaxResults=100, NameContains="job")
        return "answered"

    with ThreadPoolExecutor(clients) as pool:
        assert Counter(pool.map(ask, range(200))) == {"answered": 200}
    for number in range(tuning_jobs):
        counters = ended_job(sagemaker, f"job-{number}")["TrainingJobStatusCounters"]
        assert counters["Completed"] == training_jobs
    service.stop()

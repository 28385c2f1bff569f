"""SIGTERM ends the service within its grace period, whichever of its threads hangs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from airflow_hpt_provider.local.env_file import ACCESS_KEY_ID

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

PROGRAM = """
import asyncio, sys, threading, time
from pathlib import Path
from airflow_hpt_provider.local import server
from airflow_hpt_provider.local.engine.engine import Engine
from airflow_hpt_provider.local.s3.wire import app, listings
from airflow_hpt_provider.local.settings import ServiceSettings
from airflow_hpt_provider.local.stopping import StopDeadline

what, directory = sys.argv[1:]
server.RESPONSE_SECONDS = 1
server.StopDeadline = lambda: StopDeadline(4)

def hang(*_):
    print("hangs", flush=True)
    while True:
        time.sleep(0.01)

async def hang_the_loop(*_):
    hang()

if what == "request":
    app.OPERATIONS["ListBuckets"] = hang
elif what == "moto":
    import moto.sts.responses
    moto.sts.responses.TokenResponse.get_caller_identity = hang
elif what == "loop":
    app.S3Endpoint.__call__ = hang_the_loop
elif what == "engine":
    former = Engine._schedule
    Engine._schedule = lambda self, transaction: hang() if armed else former(self, transaction)
    armed = []
    app.OPERATIONS["ListBuckets"] = lambda call: (armed.append(1), operations[0].engine.write(lambda t: None))
elif what == "close":
    Engine.close = hang
elif what == "thread":
    app.OPERATIONS["ListBuckets"] = lambda call: (threading.Thread(target=hang).start(), listings.S3Response({}))[1]

operations = []
build = server._build_operations
server._build_operations = lambda *arguments: operations.append(build(*arguments)) or operations[0]
server.serve(
    ServiceSettings(data_dir=Path(directory)),
    on_ready=lambda made: print(made.endpoint_url, made.secret_access_key, flush=True),
)
"""


@contextlib.contextmanager
def running(what: str, directory: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, what, str(directory / "data")],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, (directory / "log").read_text()
        yield process, dict(zip(("endpoint_url", "aws_secret_access_key"), line.split(), strict=True))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def call(service: str, operation: str, address: dict[str, str]) -> None:
    once: Any = Config(retries={"total_max_attempts": 1}, read_timeout=60)
    client = boto3.client(  # type: ignore[call-overload]
        service, aws_access_key_id=ACCESS_KEY_ID, region_name="us-east-1", config=once, **address
    )
    with contextlib.suppress(Exception):  # the service that it calls may end at any moment
        getattr(client, operation)()


@pytest.mark.parametrize("what", ["request", "moto", "loop", "engine", "close", "thread"])
def test_sigterm_ends_it(what: str, tmp_path: Path) -> None:
    with running(what, tmp_path) as (process, address):
        service, operation = ("sts", "get_caller_identity") if what == "moto" else ("s3", "list_buckets")
        caller = threading.Thread(target=call, args=(service, operation, address), daemon=True)
        caller.start()
        assert process.stdout is not None
        if what == "close":
            caller.join(60)
        else:
            assert process.stdout.readline() == "hangs\n"
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 1
        log = (tmp_path / "log").read_text()
        assert "did not end within 4 s of the signal to stop" in log
        assert "in hang" in log  # where it hangs
        caller.join(60)


def test_a_service_that_ends_by_itself_is_not_ended(tmp_path: Path) -> None:
    with running("nothing", tmp_path) as (process, address):
        call("s3", "list_buckets", address)  # from then on it handles signals
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0
        assert "did not end" not in (tmp_path / "log").read_text()

"""Start, security, restart, end."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError, ClientError

pytestmark = pytest.mark.integration


def test_announced_and_private(service: Any) -> None:
    assert service.announcement.startswith(
        f"Local tuning service at {service.endpoint}. Use it with: set -a; . "
    )
    assert stat.S_IMODE(service.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((service.data_dir / "local.env").stat().st_mode) == 0o600
    assert list(service.environment) == [
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
    ]


def test_second_service_on_the_directory_is_refused(service: Any) -> None:
    command = [sys.executable, "-m", "airflow_hpt_provider.cli.main", "local", "serve"]
    done = subprocess.run(
        [*command, "--data-dir", str(service.data_dir)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert f"(process {service.process.pid}) runs on" in done.stderr


def test_a_taken_port_is_refused(service: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "airflow_hpt_provider.cli.main", "local", "serve"]
    port = str(urlsplit(service.endpoint).port)
    done = subprocess.run(
        [*command, "--data-dir", str(tmp_path / "d"), "--port", port],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert f"port {port} (Address already in use): choose another with --port" in done.stderr


def test_not_reachable_but_by_loopback(service: Any) -> None:
    port = urlsplit(service.endpoint).port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; returns this machine's own address
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(OSError), socket.create_connection((address, port), timeout=5):
        pass


def test_a_rebound_name_is_refused(service: Any) -> None:
    connection = http.client.HTTPConnection(urlsplit(service.endpoint).netloc)
    connection.request("GET", "/", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    assert answer.status == 403
    assert b"evil.example" in answer.read()
    connection.close()


def test_oversized_body_is_413(service: Any) -> None:
    sagemaker = service.client("sagemaker")
    with pytest.raises(ClientError) as caught:
        sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName="a",
            HyperParameterTuningJobConfig={
                "Strategy": "Random",
                "ResourceLimits": {"MaxParallelTrainingJobs": 1},
            },
            Tags=[{"Key": "a", "Value": "x" * (5 << 20)}],
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_garbage_instead_of_http(service: Any) -> None:
    address = urlsplit(service.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(b"\x16\x03\x01 garbage\r\n\r\n")
        assert b" 400 " in connection.recv(1000)


def test_sigterm_ends_cleanly_and_a_restart_keeps_secret_and_port(
    make_service: Callable[[Path], Any], tmp_path: Path
) -> None:
    service = make_service(tmp_path / "data")
    before = service.environment
    service.client("s3").create_bucket(Bucket="kept")
    assert service.stop(signal.SIGTERM) == 0
    service.start()
    assert service.environment == before
    assert [b["Name"] for b in service.client("s3").list_buckets()["Buckets"]] == ["kept"]
    assert service.stop(signal.SIGINT) == 0


class Writers:
    """Threads that write objects until the service is gone, and remember what was acknowledged."""

    def __init__(self, service: Any, turn: int) -> None:
        self.acknowledged: dict[str, bytes] = {}
        self.last: dict[str, list[bytes]] = {}
        self._threads = [Thread(target=self._write, args=(service, turn, n)) for n in range(3)]
        for thread in self._threads:
            thread.start()

    def _write(self, service: Any, turn: int, number: int) -> None:
        s3, rewritten = service.client("s3"), f"{number}/again"
        with contextlib.suppress(BotoCoreError):  # the kill
            for count in range(100_000):
                body = f"{turn} {count} ".encode() * (1 << (count % 16))
                self.last[rewritten] = [*self.last.get(rewritten, [])[-1:], body]
                s3.put_object(Bucket="bucket", Key=rewritten, Body=body)
                key = f"{number}/{turn}/{count}"
                s3.put_object(Bucket="bucket", Key=key, Body=body)
                self.acknowledged[key] = body

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def test_objects_survive_kill_9_while_being_written(
    make_service: Callable[[Path], Any], tmp_path: Path
) -> None:
    service = make_service(tmp_path / "data")
    service.client("s3").create_bucket(Bucket="bucket")
    expected: dict[str, bytes] = {}
    for turn in range(3):
        writers = Writers(service, turn)
        deadline = time.monotonic() + 60
        while len(writers.acknowledged) < 10 * (turn + 1):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        service.stop(signal.SIGKILL)
        writers.join()
        expected |= writers.acknowledged
        service.start()
        s3 = service.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bucket")
        listed = [o["Key"] for page in pages for o in page["Contents"]]
        assert expected.keys() <= set(listed)
        for key, body in expected.items():
            assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == body
        for (
            key,
            bodies,
        ) in writers.last.items():  # the last one acknowledged, or the one under way: never a mixture
            assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() in bodies
        # Nothing is on disk but what the index refers to.
        assert len(list((service.data_dir / "s3" / "blobs").iterdir())) == len(listed)


def test_uploads_and_packages_survive_kill_9(make_service: Callable[[Path], Any], tmp_path: Path) -> None:
    service = make_service(tmp_path / "data")
    s3, sagemaker = service.client("s3"), service.client("sagemaker")
    s3.create_bucket(Bucket="bucket")
    upload = s3.create_multipart_upload(Bucket="bucket", Key="parts")["UploadId"]
    etag = s3.upload_part(Bucket="bucket", Key="parts", UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
    sagemaker.create_model_package_group(ModelPackageGroupName="g")
    properties = {"metric": "0.5"}
    sagemaker.create_model_package(ModelPackageGroupName="g", CustomerMetadataProperties=properties)
    service.stop(signal.SIGKILL)
    service.start()
    s3, sagemaker = service.client("s3"), service.client("sagemaker")
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(Bucket="bucket", Key="parts", UploadId=upload, MultipartUpload=parts)
    assert s3.get_object(Bucket="bucket", Key="parts")["Body"].read() == b"part"
    package = sagemaker.list_model_packages(ModelPackageGroupName="g")["ModelPackageSummaryList"][0]
    described = sagemaker.describe_model_package(ModelPackageName=package["ModelPackageArn"])
    assert described["CustomerMetadataProperties"] == properties

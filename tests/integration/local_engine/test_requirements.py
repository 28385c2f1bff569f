"""requirements.txt next to a script: installed once, layered on the service's environment."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.local.runners import requirements
from tests.integration.local_engine.conftest import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration
TRAIN = """
import sys
import numpy, tiny
print("numpy is the service's:", "environments" not in numpy.__file__)
print("tiny", tiny.VERSION)
print("loss=1")
"""


@pytest.fixture(params=["bare", "sandboxed"])
def either(request: pytest.FixtureRequest) -> Service:
    """A service without sandboxes, and one with."""
    made: Service = request.getfixturevalue("service" if request.param == "bare" else "sandboxed")
    return made


def wheel(version: str) -> bytes:
    """A wheel with one module."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("tiny.py", f"VERSION = {version!r}\n")
        info = f"tiny-{version}.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return content.getvalue()


def train(service: Service, files: Mapping[str, bytes], name: str = "job") -> dict[str, Any]:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for path, data in {"train.py": TRAIN.encode(), **files}.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    service.objects.put("bucket", f"{name}/sourcedir.tar.gz", content.getvalue())
    service.call(
        "CreateTrainingJob",
        TrainingJobName=name,
        HyperParameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": f"s3://bucket/{name}/sourcedir.tar.gz",
        },
        **service.definition(),
    )
    return service.training_job(name)


def log(service: Service, name: str = "job") -> str:
    return (service.directory / "training-jobs" / name / "attempt-1" / "log").read_text()


def test_installed_once_for_all_jobs_with_the_same_file(either: Service) -> None:
    requirements = b"--no-index\n--find-links .\ntiny\nnumpy\n"
    files = {"requirements.txt": requirements, "tiny-1.5-py3-none-any.whl": wheel("1.5")}
    for name in ("first", "second"):
        job = train(either, files, name)
        assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), log(either, name))
        assert "tiny 1.5" in log(either, name)
        assert "numpy is the service's: True" in log(either, name)
    assert "Successfully installed tiny-1.5" in log(either, "first")
    assert "Successfully installed" not in log(either, "second")
    newer = {**files, "tiny-2.0-py3-none-any.whl": wheel("2.0")}
    assert train(either, newer, "third")["TrainingJobStatus"] == "Completed"
    assert "tiny 2.0" in log(either, "third")


def test_what_cannot_be_installed_fails_the_job_with_the_installers_words(either: Service) -> None:
    job = train(either, {"requirements.txt": b"--no-index\nno-such-package-of-ours\n"})
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: requirements.txt could not be installed")
    assert "No matching distribution found for no-such-package-of-ours" in job["FailureReason"]


def test_nothing_is_installed_with_no_install(tmp_path: Path) -> None:
    service = Service(tmp_path, install=False)
    try:
        job = train(service, {"requirements.txt": b"--no-index\nno-such-package-of-ours\n"})
        assert job["TrainingJobStatus"] == "Failed"
        assert "requirements.txt is not installed (--no-install)" in log(service)
        assert "No module named 'tiny'" in job["FailureReason"]
    finally:
        service.close()


def test_the_users_settings_of_pip_apply(
    either: Service, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index of the user's, or a folder of wheels for a machine without network."""
    folder = tmp_path_factory.mktemp("wheels")
    (folder / "tiny-3.1-py3-none-any.whl").write_bytes(wheel("3.1"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    job = train(either, {"requirements.txt": b"tiny\n"})
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), log(either))
    assert "tiny 3.1" in log(either)


def test_uv_installs_where_pip_is_missing(either: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv is not installed in this environment")
    monkeypatch.setattr(requirements, "_has_pip", lambda: False)
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.environ['PATH']}")
    files = {
        "requirements.txt": b"--no-index\n--find-links .\ntiny\n",
        "tiny-1.5-py3-none-any.whl": wheel("1.5"),
    }
    job = train(either, files)
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), log(either))
    assert "+ tiny==1.5" in log(either), "uv's words"
    assert "tiny 1.5" in log(either)


def test_a_build_script_sees_no_more_than_a_job(sandboxed: Service) -> None:
    (sandboxed.directory / "local.env").write_text("sesame")
    secret = sandboxed.directory / "local.env"
    project = b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {
        "requirements.txt": b"--no-index\n./evil\n",
        "evil/pyproject.toml": project,
        "evil/backend.py": f"print(open({str(secret)!r}).read())\n".encode(),
    }
    job = train(sandboxed, files)
    assert job["TrainingJobStatus"] == "Failed"
    assert "sesame" not in log(sandboxed)
    assert "FileNotFoundError" in log(sandboxed)
    assert "could not be installed" in job["FailureReason"]

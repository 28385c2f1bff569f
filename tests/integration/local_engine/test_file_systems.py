"""Channels on file systems: directories of this machine, mapped by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.data.file_systems import FileSystems
from tests.integration.local_engine.jobs import create

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.local_engine.conftest import Service

pytestmark = pytest.mark.integration
ID = "fs-0123456789abcdef0"
READ_AND_WRITE = """
import os, pathlib
channel = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
print("read", (channel / "rows.csv").read_text())
try:
    (channel / "new").write_text("x")
    print("written")
except OSError as error:
    print("not written:", error.strerror)
print("loss=1")
"""


def channel(mode: str = "ro", path: str = "/train", **change: Any) -> dict[str, Any]:
    source = {
        "FileSystemId": ID,
        "FileSystemAccessMode": mode,
        "FileSystemType": "EFS",
        "DirectoryPath": path,
    }
    return {"ChannelName": "train", "DataSource": {"FileSystemDataSource": source | change}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "efs" / "train").mkdir(parents=True)
    (tmp_path / "efs" / "train" / "rows.csv").write_text("1,2")
    return tmp_path / "efs"


def mapped(service: Service, data: Path) -> Service:
    service.close()
    with service.images.open("a") as file:
        file.write(f'[[file_system]]\nid = "{ID}"\ndirectory = "{data}"\n')
    service.start()
    return service


@pytest.mark.parametrize("how", ["service", "sandboxed"])
@pytest.mark.parametrize("mode", ["ro", "rw"])
def test_the_channel_is_the_directory(
    request: pytest.FixtureRequest, data: Path, how: str, mode: str
) -> None:
    service = mapped(request.getfixturevalue(how), data)
    service.script(READ_AND_WRITE)
    create(service, InputDataConfig=[channel(mode)])
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job
    log = (service.directory / "training-jobs" / "job" / "attempt-1" / "log").read_text()
    assert "read 1,2" in log
    if how == "sandboxed":
        assert ("not written: Read-only file system" in log) is (mode == "ro")
        assert (data / "train" / "new").exists() is (mode == "rw")
    assert (data / "train" / "rows.csv").read_text() == "1,2", "what the job leaves is removed, and not this"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            channel(FileSystemId="fs-0aaaaaaaaaaaaaaaa"),
            r"no directory is mapped to file system fs-0aaaaaaaaaaaaaaaa",
        ),
        (channel(path="/test"), "has no directory /test"),
        (channel(path="/../scripts"), "has no directory /../scripts"),
        (channel() | {"InputMode": "Pipe"}, "needs input mode File, got Pipe"),
    ],
)
def test_what_cannot_be_mounted_is_refused_when_the_job_is_created(
    service: Service, data: Path, wrong: dict[str, Any], words: str
) -> None:
    mapped(service, data)
    service.script("")
    with pytest.raises(ServiceError, match=words):
        create(service, InputDataConfig=[wrong])


def test_without_a_table_the_refusal_says_where_it_goes(service: Service) -> None:
    service.script("")
    with pytest.raises(
        ServiceError, match=rf"{ID}\. Add a \[\[file_system\]\] table with its id to .*\.toml"
    ):
        create(service, InputDataConfig=[channel()])


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ('[[file_system]]\nid = "fs-1"\n', "must be a table with `id` and `directory`"),
        ('[[file_system]]\nid = "fs-1"\ndirectory = 1\n', "must be strings"),
        ('[[file_system]]\nid = "fs-1"\ndirectory = "gone"\n', "`directory` must be a directory, got .*gone"),
        ('file_system = ["x"]\n', "must be a table"),
    ],
)
def test_wrong_tables(tmp_path: Path, tables: str, words: str) -> None:
    file = tmp_path / "images.toml"
    file.write_text(tables)
    with pytest.raises(ValueError, match=words):
        FileSystems.load(file)

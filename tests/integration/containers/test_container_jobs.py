"""Training jobs in containers, through a docker that runs its containers as processes.

What this fake can't show is asserted on a real engine: see ``test_real_engine.py``.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from tests.integration.containers.service import URI, Service
from tests.support.processes import is_group_running

pytestmark = pytest.mark.integration

FAKE = Path(__file__).parent / "fake_docker.py"
# `train` is the command, as SageMaker gives it; `base` is /opt/ml.
PROLOGUE = f"""#!{sys.executable}
import json, os, pathlib, signal, sys, time
base = pathlib.Path(json.loads(os.environ["MOUNTS"])["/opt/ml"])
hps = json.loads((base / "input/config/hyperparameters.json").read_text())
"""


class Docker:
    """The fake engine's side."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for name in ("images", "containers"):
            (directory / name).mkdir(parents=True)

    def image(self, body: str, uri: str = URI) -> None:
        path = self.directory / "images" / uri.replace("/", "_")
        path.write_text(PROLOGUE + body)
        path.chmod(0o755)

    def containers(self) -> list[str]:
        return [path.name for path in (self.directory / "containers").iterdir()]

    def pid(self, name="job") -> int:
        """Of a container's process group, once it has one."""
        path = self.directory / "containers" / name / "pid"
        return int(path.read_text()) if path.exists() else 0

    def runs(self) -> list[list[str]]:
        calls = [json.loads(line) for line in (self.directory / "calls").read_text().splitlines()]
        return [call[1:] for call in calls if call[0] == "run"]


@pytest.fixture
def docker(tmp_path, monkeypatch):
    made = Docker(tmp_path / "docker")
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_DOCKER", str(made.directory))
    return made


@pytest.fixture
def make(tmp_path):
    made = []

    def make_service(**options):
        made.append(Service(tmp_path / "service", **options))
        return made[-1]

    yield make_service
    for each in made:
        each.operations.close()


def test_the_contract(docker, make, wait_until):
    docker.image(
        """
(base / "model" / "seen.json").write_text(json.dumps([sys.argv[1:], hps, dict(os.environ)]))
print("loss=0.25", flush=True)
"""
    )
    service = make()
    service.create(Environment={"MINE": "a = b"})
    job = service.ended(wait_until)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [(each["MetricName"], each["Value"]) for each in job["FinalMetricDataList"]] == [("loss", 0.25)]
    words, hps, environment = json.loads(service.model()["seen.json"])
    assert words == ["train"]
    assert hps == {"x": "0.5"}
    assert environment["MINE"] == "a = b"
    assert environment["TRAINING_JOB_NAME"] == "job"
    assert environment["TRAINING_JOB_ARN"] == job["TrainingJobArn"]
    assert "FAKE_DOCKER" not in environment, "nothing of the service's own"
    assert docker.containers() == []


def test_entrypoint_arguments_and_isolation(docker, make, wait_until):
    docker.image("(base / 'model' / 'words').write_text(' '.join(sys.argv[1:]))")
    service = make()
    service.create(
        algorithm={"ContainerArguments": ["fit", "--fast"]},
        EnableNetworkIsolation=True,
        CheckpointConfig={"S3Uri": "s3://bucket/checkpoints", "LocalPath": "/tmp/checkpoints"},
    )
    assert service.ended(wait_until)["TrainingJobStatus"] == "Completed"
    assert service.model()["words"] == "fit --fast"
    (run,) = docker.runs()
    assert run[run.index("--network") + 1] == "none"
    assert run[run.index("--pull") + 1] == "never"
    assert any(word.endswith(":/tmp/checkpoints") for word in run)
    service.create("other", algorithm={"ContainerEntrypoint": ["/bin/echo", "loss=7"]})
    other = service.ended(wait_until, "other")
    assert other["FinalMetricDataList"][0]["Value"] == 7
    assert "--network" not in docker.runs()[1]


def test_a_failure_is_reported_in_the_algorithms_words(docker, make, wait_until):
    docker.image("(base / 'output' / 'failure').write_text('no label column'); sys.exit(3)")
    service = make()
    service.create()
    job = service.ended(wait_until)
    assert job["FailureReason"] == "AlgorithmError: no label column"


@pytest.fixture
def outside(tmp_path):
    """A directory of the user's, which no container was given."""
    directory = tmp_path / "home"
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "key").write_text("a secret of the user's")
    return directory


PLANTS = {
    "model": "shutil.rmtree(base / 'model'); (base / 'model').symlink_to(home / 'data')",
    "output": "shutil.rmtree(base / 'output'); (base / 'output').symlink_to(home)",
    "output, and it fails": "shutil.rmtree(base / 'output'); (base / 'output').symlink_to(home); sys.exit(1)",
    "failure": "(base / 'output/failure').symlink_to(home / 'data/key'); sys.exit(1)",
    "a failure that is a pipe": "os.mkfifo(base / 'output/failure'); sys.exit(1)",
    "checkpoints": "shutil.rmtree(base / 'checkpoints'); (base / 'checkpoints').symlink_to(home / 'data')",
    "a checkpoint": "(base / 'checkpoints/key').symlink_to(home / 'data/key')",
    "a directory of checkpoints": "(base / 'checkpoints/data').symlink_to(home / 'data')",
}


@pytest.mark.parametrize("compression", ["GZIP", "NONE"])
@pytest.mark.parametrize("what", PLANTS)
def test_links_that_a_container_leaves_lead_nowhere(what, compression, docker, make, wait_until, outside):
    """The service reads and clears what the container has written: as its user, who may read much more."""
    docker.image(f"import shutil\nhome = pathlib.Path({str(outside)!r})\n{PLANTS[what]}")
    service = make()
    service.create(
        CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"},
        OutputDataConfig={"S3OutputPath": "s3://bucket/output", "CompressionType": compression},
    )
    job = service.ended(wait_until)
    assert "secret" not in job.get("FailureReason", "")
    kept = [service.objects.get("bucket", each.key) for each in service.objects.list("bucket", "")]
    assert not [content for content in kept if b"secret" in content or b"secret" in _unpacked(content)]
    assert (outside / "data" / "key").read_text() == "a secret of the user's"


def _unpacked(content):
    try:
        return gzip.decompress(content)
    except gzip.BadGzipFile:
        return b""


def test_a_pipe_that_a_container_makes_a_link_is_not_written_to(docker, make, wait_until, outside):
    """It may write into its own tree only; the service, which feeds the pipes, into all that is the user's."""
    docker.image(
        f"""
pipe = base / "input/data/train_0"
with pipe.open() as file:
    next = base / "input/data/train_1"
    while not next.exists():
        time.sleep(0.01)
    next.unlink()
    next.symlink_to({str(outside / "data" / "key")!r})
    file.read()
time.sleep(1)
"""
    )
    service = make()
    service.objects.put("bucket", "train/part", b"not the user's" * 100_000)  # more than a pipe holds
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}}
    service.create(InputDataConfig=[{"ChannelName": "train", "InputMode": "Pipe", "DataSource": source}])
    service.ended(wait_until)
    assert (outside / "data" / "key").read_text() == "a secret of the user's"


def test_a_container_that_the_engine_cannot_start(docker, make, wait_until):
    docker.image("")
    service = make()
    (docker.directory / "containers" / "job").mkdir()
    (docker.directory / "containers" / "job" / "labels").write_text('["someone=elses"]')
    service.create()
    job = service.ended(wait_until)
    assert job["FailureReason"].startswith("ClientError: The container could not be started: docker:")
    assert docker.containers() == ["job"], "another's container of that name is left alone"


def test_stop_reaches_the_container(docker, make, wait_until):
    docker.image(
        """
def stop(number, frame):
    (base / "model" / "stopped").write_text("properly")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(base / "output" / "data" / "ready").write_text("")
time.sleep(600)
"""
    )
    service = make()
    service.create()
    ready = service.directory / "training-jobs/job/ml/output/data/ready"
    wait_until(ready.exists)
    service.stop()
    assert service.ended(wait_until)["SecondaryStatus"] == "Stopped"
    assert service.model() == {"stopped": "properly"}
    assert docker.containers() == []


def test_one_that_does_not_stop_is_killed(docker, make, wait_until):
    docker.image(
        """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(base / "output" / "data" / "ready").write_text("")
time.sleep(600)
"""
    )
    service = make(grace_period=0.2)
    service.create()
    wait_until((service.directory / "training-jobs/job/ml/output/data/ready").exists)
    group = docker.pid()
    service.stop()
    assert service.ended(wait_until)["SecondaryStatus"] == "Stopped"
    assert docker.containers() == []
    wait_until(lambda: not is_group_running(group))


@pytest.mark.parametrize("busy", [False, True])
def test_closing_the_service_ends_its_containers(docker, make, wait_until, busy):
    docker.image("time.sleep(600)")
    service = make()
    service.create()
    if busy:
        (docker.directory / "busy").write_text("")
    group = wait_until(docker.pid)
    service.operations.close()
    assert docker.containers() == []
    wait_until(lambda: not is_group_running(group))


def test_a_container_whose_client_was_killed_is_removed(docker, make, wait_until):
    """And RetryStrategy sees a failure that was not the algorithm's."""
    docker.image(
        """
again = base.parent / "again"
if not again.exists():
    again.write_text("")
    time.sleep(600)
print("loss=1")
"""
    )
    service = make()
    service.create(RetryStrategy={"MaximumRetryAttempts": 1})
    wait_until((service.directory / "training-jobs/job/again").exists)
    group = docker.pid()
    os.killpg(int((service.directory / "training-jobs/job/attempt-1/process").read_text()), signal.SIGKILL)
    assert service.ended(wait_until)["TrainingJobStatus"] == "Completed"
    wait_until(lambda: not is_group_running(group))
    assert docker.containers() == []


@pytest.mark.parametrize("client_too", [False, True])
def test_the_service_is_killed(docker, make, wait_until, tmp_path, client_too):
    """The container is adopted; one whose client is gone too is lost, removed, and the job run again."""
    docker.image(
        """
began = base.parent / "began"
with began.open("a") as file:
    file.write("x")
while not (base.parent / "go").exists():
    time.sleep(0.02)
print("loss=1")
"""
    )
    here = tmp_path / "service" / "training-jobs" / "job"
    command = [
        sys.executable,
        "-m",
        "tests.integration.containers.service",
        str(tmp_path / "service"),
        "docker",
        "{}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        wait_until((here / "began").exists)
        group = docker.pid()
    finally:
        process.kill()
        process.communicate()
    assert is_group_running(group)
    if client_too:
        client = int((here / "attempt-1" / "process").read_text())
        os.killpg(client, signal.SIGKILL)
        wait_until(lambda: not is_group_running(client))
    service = make()
    if client_too:
        wait_until(lambda: not is_group_running(group))
        wait_until(lambda: (here / "began").read_text() == "xx")
    (here / "go").write_text("")
    assert service.ended(wait_until)["TrainingJobStatus"] == "Completed"
    assert (here / "began").read_text() == ("xx" if client_too else "x")
    assert docker.containers() == []


def test_without_an_engine_both_remedies_are_named(docker, make):
    (docker.directory / "down").write_text("")
    with pytest.raises(ServiceError, match=r"(?s)\[\[image\]\] table.*start docker or podman"):
        make().create()


def test_an_image_that_is_not_there_is_refused_unless_it_may_be_pulled(docker, make, wait_until):
    service = make()
    with pytest.raises(ServiceError, match="is not on this machine: pull it"):
        service.create()
    service.operations.close()
    service = make(pull=True)
    service.create()
    job = service.ended(wait_until)
    assert "no such image" in job["FailureReason"]
    (run,) = docker.runs()
    assert run[run.index("--pull") + 1] == "missing"


def test_an_image_table_may_say_container(docker, make, wait_until, tmp_path):
    docker.image("print('loss=' + os.environ['LEVEL'])")
    images = tmp_path / "images.toml"
    images.write_text(
        '[[image]]\nmatch = "*/algorithm:*"\ncontainer = true\nenvironment = { LEVEL = "3" }\n'
        '[[image]]\nmatch = "*"\ncommand = ["/bin/echo", "loss=4"]\n'
    )
    service = make(images=images)
    service.create()
    assert service.ended(wait_until)["FinalMetricDataList"][0]["Value"] == 3
    service.create("other", uri="something-else")
    assert service.ended(wait_until, "other")["FinalMetricDataList"][0]["Value"] == 4
    assert len(docker.runs()) == 1


def two_hosts(**members):
    return {
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
        **members,
    }


@pytest.mark.parametrize("isolated", [True, False])
def test_several_hosts_are_containers_on_one_network(docker, make, wait_until, isolated):
    service = make()
    docker.image(
        "seen = json.loads((base / 'input/config/resourceconfig.json').read_text())\n"
        "(base / 'model' / seen['current_host']).write_text(' '.join([seen['network_interface_name'], *seen['hosts']]))"
    )
    service.create(**two_hosts(EnableNetworkIsolation=isolated))
    job = service.ended(wait_until)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert service.model() == {"algo-1": "eth0 algo-1 algo-2", "algo-2": "eth0 algo-1 algo-2"}
    names = [
        (call[call.index("--hostname") + 1], call[call.index("--network") + 1]) for call in docker.runs()
    ]
    assert sorted(names) == [("algo-1", "airflow-hpt-job"), ("algo-2", "airflow-hpt-job")]
    calls = [json.loads(line) for line in (docker.directory / "calls").read_text().splitlines()]
    [created] = [call for call in calls if call[:2] == ["network", "create"]]
    assert ("--internal" in created) == isolated
    assert docker.containers() == list((docker.directory / "networks").iterdir()) == []


def test_one_container_of_two_fails_and_both_end(docker, make, wait_until):
    service = make()
    docker.image(
        "seen = json.loads((base / 'input/config/resourceconfig.json').read_text())\n"
        "if seen['current_host'] == 'algo-2':\n    raise SystemExit(4)\ntime.sleep(600)"
    )
    service.create(**two_hosts())
    job = service.ended(wait_until)
    assert job["FailureReason"].endswith("exit code: 4")
    assert docker.containers() == list((docker.directory / "networks").iterdir()) == []

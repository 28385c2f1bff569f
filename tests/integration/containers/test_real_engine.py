"""Training jobs in containers of a real docker or podman, where one answers; else skipped, with the reason.

The image is made from a statically linked busybox of this machine (Debian's ``busybox-static``), or is the one that
CONTAINER_TEST_IMAGE names: any with a shell. Its command is ``train``, as SageMaker gives it, which runs what the job's
Environment says.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.containers.engine import EngineFinder
from tests.integration.containers import restricted_engine
from tests.integration.containers.service import Service
from tests.support.processes import is_group_running

pytestmark = pytest.mark.integration

IMAGE = "localhost/airflow-hpt-test:1"
TRAIN = '#!/bin/sh\necho "$@" > /opt/ml/output/data/words\nexec /bin/sh -c "$BODY"\n'
COMMANDS = ("sh", "cat", "chown", "echo", "ln", "ls", "mkdir", "rm", "rmdir", "sleep", "test", "touch")
DEADLINE = 60


@pytest.fixture(scope="session")
def engine():
    """The command line of a container engine, as a function that runs it."""
    found = EngineFinder().find()
    if found is None:
        pytest.skip("no container engine answers (`docker info`, `podman info`)")

    def run(*arguments: str, **options) -> str:
        done = subprocess.run(
            [found.program, *arguments], capture_output=True, check=True, timeout=DEADLINE, **options
        )
        return done.stdout.decode()

    run.program = found.program
    return run


@pytest.fixture(scope="session")
def image(engine, tmp_path_factory):
    """An image with a shell and a program ``train``."""
    if named := os.environ.get("CONTAINER_TEST_IMAGE"):
        yield named
        return
    busybox = Path(shutil.which("busybox") or "/nowhere")
    if not busybox.exists():
        pytest.skip("no busybox to make an image of (Debian: busybox-static), and no CONTAINER_TEST_IMAGE")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(busybox, "bin/busybox")
        for name in COMMANDS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        script = tarfile.TarInfo("bin/train")
        script.size, script.mode = len(TRAIN), 0o755
        tar.addfile(script, io.BytesIO(TRAIN.encode()))
    engine("import", "-", IMAGE, input=packed.getvalue())
    problem = cannot_run(engine)
    if restricted_engine.SYMPTOM in problem:
        config = restricted_engine.configuration(tmp_path_factory.mktemp("engine"))
        if config is not None:
            os.environ["CONTAINERS_CONF"] = str(config)
            problem = cannot_run(engine)
    if problem:
        pytest.skip(f"the engine cannot run a container here: {problem}")
    yield IMAGE
    os.environ.pop("CONTAINERS_CONF", None)


def cannot_run(engine) -> str:
    """Why the engine can't run a container; ``""`` if it can."""
    try:
        engine("run", "--rm", "--network", "none", IMAGE, "/bin/sh", "-c", "exit 0")
    except subprocess.CalledProcessError as error:
        return error.stderr.decode()[-300:]
    return ""


@pytest.fixture
def make(tmp_path, engine, image):
    """Starts a service; ``create`` takes the body of the training program."""
    made = []

    class RealService(Service):
        def start(self, body: str, name: str = "job", **members) -> None:
            self.create(name, uri=image, Environment={"BODY": body}, **members)

        def log(self, name: str = "job", attempt: int = 1) -> str:
            path = self.directory / "training-jobs" / name / f"attempt-{attempt}" / "log"
            return path.read_text() if path.exists() else ""

    def make_service(**options) -> RealService:
        made.append(RealService(tmp_path / "service", (engine.program,), **options))
        return made[-1]

    yield make_service
    for each in made:
        each.operations.close()
    assert containers(engine, tmp_path / "service") == []


def containers(engine, directory: Path, name: str = "job") -> list[str]:
    label = f"airflow-hpt.training-job={directory / 'training-jobs' / name}"
    return engine("ps", "--all", "--quiet", "--filter", f"label={label}").split()


def test_the_contract(make, wait_until):
    service = make()
    service.start(
        "cat /opt/ml/input/config/hyperparameters.json > /opt/ml/model/hps; ls /sys/class/net > /opt/ml/model/net;"
        " echo $TRAINING_JOB_NAME > /opt/ml/model/name; cat /opt/ml/output/data/words; echo loss=0.5",
        EnableNetworkIsolation=True,
    )
    job = service.ended(wait_until)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    model = service.model()
    assert json.loads(model["hps"]) == {"x": "0.5"}
    assert model["net"].split() == ["lo"]
    assert model["name"] == "job\n"
    assert job["FinalMetricDataList"][0]["Value"] == 0.5


def test_an_entrypoint_and_arguments_of_the_jobs_own(make, image, wait_until):
    service = make()
    words = {"ContainerEntrypoint": ["/bin/sh", "-c", "echo loss=$1", "sh"], "ContainerArguments": ["7"]}
    service.create(uri=image, algorithm=words)
    assert service.ended(wait_until)["FinalMetricDataList"][0]["Value"] == 7


def test_a_failure_is_reported_in_the_algorithms_words(make, wait_until):
    service = make()
    service.start("echo no label column > /opt/ml/output/failure; exit 3")
    assert service.ended(wait_until)["FailureReason"] == "AlgorithmError: no label column"
    service.start("exit 3", "silent")
    assert "3" in service.ended(wait_until, "silent")["FailureReason"]


def test_channels_and_checkpoints(make, wait_until):
    service = make()
    service.objects.put("bucket", "train/part", b"rows")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}}
    service.start(
        "cat /opt/ml/input/data/train/part > /opt/ml/model/seen; echo 1 > /tmp/checkpoints/epoch; echo loss=1",
        InputDataConfig=[{"ChannelName": "train", "DataSource": source}],
        CheckpointConfig={"S3Uri": "s3://bucket/checkpoints", "LocalPath": "/tmp/checkpoints"},
    )
    job = service.ended(wait_until)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert service.model() == {"seen": "rows"}
    assert service.objects.get("bucket", "checkpoints/epoch") == b"1\n"


def test_stop_reaches_the_container(make, wait_until):
    service = make()
    service.start("trap 'echo properly > /opt/ml/model/stopped; exit 0' TERM; echo on; sleep 600 & wait")
    wait_until(lambda: "on" in service.log())
    service.stop()
    assert service.ended(wait_until)["SecondaryStatus"] == "Stopped"
    assert service.model() == {"stopped": "properly\n"}


def test_one_that_does_not_stop_is_killed(make, engine, wait_until):
    service = make(grace_period=0.5)
    service.start("trap '' TERM; echo on; while true; do sleep 1; done")
    wait_until(lambda: "on" in service.log())
    service.stop()
    assert service.ended(wait_until)["SecondaryStatus"] == "Stopped"
    wait_until(lambda: not containers(engine, service.directory))


def test_closing_the_service_ends_its_containers(make, engine, wait_until):
    service = make()
    service.start("echo on; sleep 600")
    wait_until(lambda: "on" in service.log())
    service.operations.close()
    assert containers(engine, service.directory) == []


def test_a_container_whose_client_was_killed_is_removed_and_the_job_run_again(make, engine, wait_until):
    service = make()
    service.start(
        "if test -e /opt/ml/output/data/again; then echo loss=1; else touch /opt/ml/output/data/again; echo on;"
        " sleep 600; fi",
        CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"},
        RetryStrategy={"MaximumRetryAttempts": 1},
    )
    wait_until(lambda: "on" in service.log())
    client = service.directory / "training-jobs/job/attempt-1/process"
    os.killpg(int(client.read_text()), signal.SIGKILL)
    wait_until(lambda: service.log(attempt=2) or service.describe()["TrainingJobStatus"] != "InProgress")
    assert service.describe()["TrainingJobStatus"] != "Failed"
    assert len(containers(engine, service.directory)) <= 1, "the first one is gone"


@pytest.mark.parametrize("client_too", [False, True])
def test_the_service_is_killed(make, engine, image, wait_until, tmp_path, client_too):
    """The container is adopted; one whose client is gone too is removed, and the job run again."""
    body = "touch /opt/ml/began; while ! test -e /opt/ml/go; do sleep 1; done; echo loss=1"
    algorithm = {"TrainingImage": image, "TrainingInputMode": "File"}
    algorithm["MetricDefinitions"] = [{"Name": "loss", "Regex": "loss=([0-9]+)"}]
    request = {"algorithm": algorithm, "Environment": {"BODY": body}}
    module = "tests.integration.containers.service"
    command = [sys.executable, "-m", module, str(tmp_path / "service"), engine.program, json.dumps(request)]
    tree = tmp_path / "service" / "training-jobs" / "job"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        (began,) = wait_until(lambda: list(tree.rglob("began")))
    finally:
        process.kill()
        process.communicate()
    first = containers(engine, tmp_path / "service")
    assert len(first) == 1
    if client_too:
        client = int((tree / "attempt-1" / "process").read_text())
        os.killpg(client, signal.SIGKILL)
        wait_until(lambda: not is_group_running(client))
    service = make()
    if client_too:

        def again():
            job = service.describe()
            assert job["TrainingJobStatus"] == "InProgress", job.get("FailureReason")
            return began.exists() and set(containers(engine, service.directory)) - set(first)

        assert len(wait_until(again)) == 1
    else:
        assert containers(engine, service.directory) == first
    (began.parent / "go").write_text("")
    job = service.ended(wait_until)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")


def test_a_link_that_a_container_leaves_leads_nowhere(make, wait_until, tmp_path):
    outside = tmp_path / "home"
    outside.mkdir()
    (outside / "key").write_text("a secret of the user's")
    service = make()
    service.start(f"rmdir /opt/ml/model; ln -s {outside} /opt/ml/model; echo loss=1")
    service.ended(wait_until)
    kept = [service.objects.get("bucket", each.key) for each in service.objects.list("bucket", "")]
    assert not [content for content in kept if b"secret" in content]
    assert (outside / "key").read_text() == "a secret of the user's"


def test_a_container_of_the_same_name_with_another_owner(make, engine, image, wait_until):
    engine("create", "--name", "taken", image, "/bin/sleep", "600")
    try:
        service = make()
        service.start("echo loss=1", "taken")
        reason = service.ended(wait_until, "taken")["FailureReason"]
        assert reason.startswith("ClientError: The container could not be started:")
        assert engine("ps", "--all", "--quiet", "--filter", "name=^taken$").split(), "it is left alone"
    finally:
        engine("rm", "--force", "taken")


def test_an_image_that_is_not_there_is_refused(make):
    with pytest.raises(ServiceError, match="is not on this machine: pull it"):
        make().create(uri="localhost/no-such-image:1")


def test_a_tuning_job(make, image, wait_until):
    """Each training job in a container of its own, two at a time, with hyperparameters of its own."""
    service = make()
    body = 'read h < /opt/ml/input/config/hyperparameters.json; h="${h#*x*:*\\"}"; echo "loss=${h%%\\"*}"'
    definition = {
        "AlgorithmSpecification": {
            "TrainingImage": image,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+0-9.e]+)"}],
        },
        "Environment": {"BODY": body},
        "RoleArn": "arn:aws:iam::123456789012:role/tuning",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    config = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
    }
    name = {"HyperParameterTuningJobName": "tune"}
    request = {**name, "HyperParameterTuningJobConfig": config, "TrainingJobDefinition": definition}
    service.operations.call("CreateHyperParameterTuningJob", request)

    def ended():
        job = service.operations.call("DescribeHyperParameterTuningJob", name)
        return None if job["HyperParameterTuningJobStatus"] == "InProgress" else job

    job = wait_until(ended)
    assert job["TrainingJobStatusCounters"]["Completed"] == 4, job
    best = job["BestTrainingJob"]
    value = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert value == pytest.approx(float(best["TunedHyperParameters"]["x"]), rel=1e-6)


@pytest.mark.parametrize("isolated", [True, False])
def test_two_hosts_reach_each_other_by_name(make, engine, wait_until, isolated):
    service = make()
    service.start(
        'if [ "$(hostname)" = algo-1 ]; then echo loss=0.25 | nc -l -p 5000; '
        "else until nc algo-1 5000 < /dev/null; do sleep 0.2; done; fi",
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
        EnableNetworkIsolation=isolated,
    )
    job = service.ended(wait_until)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["FinalMetricDataList"][0]["Value"] == 0.25, "what the second host has received"
    assert not engine("network", "ls", "--quiet", "--filter", "name=airflow-hpt-job").split()

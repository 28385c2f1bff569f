"""Training jobs on several hosts: each is a process with a name, and they reach each other."""

from __future__ import annotations

import io
import json
import os
import signal
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from tests.integration.local_engine.jobs import channel, member
from tests.integration.local_engine.test_sandbox import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.integration.local_engine.conftest import Service

pytestmark = pytest.mark.integration
TALK = """
import os, pathlib, socket, time
hosts, me = json.loads(os.environ["SM_HOSTS"]), os.environ["SM_CURRENT_HOST"]
assert socket.gethostname() == me
if me == hosts[0]:
    with socket.create_server((me, 5000)) as server:
        said = []
        for _ in hosts[1:]:
            connection, _ = server.accept()
            said.append(connection.makefile().readline().strip())
    (base / "model/heard.txt").write_text(" ".join(sorted(said)))
    print(f"loss={len(said)}.5", flush=True)
else:
    for attempt in range(600):
        try:
            socket.create_connection((hosts[0], 5000), 5).sendall(me.encode() + b"\\n")
            break
        except OSError:
            time.sleep(0.05)
    else:
        raise SystemExit("the first host does not listen")
"""


def machines(count: int) -> dict[str, Any]:
    return {"InstanceType": "ml.m5.large", "InstanceCount": count, "VolumeSizeInGB": 1}


def start(service: Service, body: str, hosts: int = 2, name: str = "job", **members: Any) -> None:
    service.script(body, f"{name}.py")
    members = {"ResourceConfig": machines(hosts), **members}
    definition = service.definition(f"{name}.py", **members)
    service.call("CreateTrainingJob", TrainingJobName=name, **definition)


def run(service: Service, body: str, hosts: int = 2, name: str = "job", **members: Any) -> Mapping[str, Any]:
    start(service, body, hosts, name, **members)
    return service.training_job(name)


def log(service: Service, host: int, name: str = "job", attempt: int = 1) -> str:
    directory = service.directory / "training-jobs" / name / f"attempt-{attempt}"
    path = (directory if host == 1 else directory / f"algo-{host}") / "log"
    return path.read_text() if path.exists() else ""


def names(service: Service, key: str) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(service.objects.get("bucket", key))) as tar:
        return sorted(tar.getnames())


@pytest.mark.parametrize("isolated", [True, False])
def test_hosts_talk_over_a_socket_by_name(sandboxed: Service, *, isolated: bool) -> None:
    job = run(sandboxed, TALK, 3, EnableNetworkIsolation=isolated)
    assert job["TrainingJobStatus"] == "Completed", (job["FailureReason"], log(sandboxed, 2))
    assert member(sandboxed, "output/job/output/model.tar.gz", "heard.txt") == b"algo-2 algo-3"
    assert job["FinalMetricDataList"][0]["Value"] == 2.5


def test_two_jobs_use_the_same_port(sandboxed: Service) -> None:
    """Without network isolation they share this machine's network: each has addresses of its own."""
    for name in ("one", "two"):
        start(
            sandboxed,
            TALK.replace("connection, _ = server", "time.sleep(1); connection, _ = server"),
            name=name,
        )
    for name in ("one", "two"):
        job = sandboxed.training_job(name)
        assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]


REACH = """
import os, socket
for name in os.environ["PEERS"].split():
    try:
        socket.create_connection((name, int(os.environ["PORT"])), 5)
        print("REACHED", name)
    except OSError as error:
        print("refused", name)
for path in os.environ["SECRETS"].split():
    try:
        print("READ", path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read()[:20])
    except OSError:
        print("hidden", path)
"""


def test_isolated_hosts_reach_each_other_and_nothing_else(sandboxed: Service) -> None:
    """Neither this machine, another job's hosts, nor the files of another host."""
    listen = (
        "import socket, time\nserver = socket.create_server((os.environ['SM_CURRENT_HOST'], 5001))\n"
        "print('listens', flush=True)\ntime.sleep(60)"
    )
    start(sandboxed, listen, name="other", EnableNetworkIsolation=True)
    sandboxed.wait_until(lambda: all("listens" in log(sandboxed, host, "other") for host in (1, 2)))
    hosts_file = sandboxed.directory / "training-jobs/other/attempt-1/hosts"
    theirs = [line.split()[0] for line in hosts_file.read_text().splitlines() if "algo-" in line]
    assert len(theirs) == 2
    secret = sandboxed.directory / "local.env"
    secret.write_text("AWS_SECRET_ACCESS_KEY=sesame")
    secrets = [secret, sandboxed.directory / "training-jobs/other", sandboxed.directory / "training-jobs"]
    environment = {
        "ALGORITHM": "job.py",
        "PORT": "5001",
        "PEERS": " ".join(["127.0.0.1", *theirs]),
        "SECRETS": " ".join(map(str, secrets)),
    }
    job = run(sandboxed, REACH, EnableNetworkIsolation=True, Environment=environment)
    sandboxed.call("StopTrainingJob", TrainingJobName="other")
    assert job["TrainingJobStatus"] == "Completed", log(sandboxed, 1)
    for host in (1, 2):
        text = log(sandboxed, host)
        assert text.count("refused") == 3, text
        assert text.count("hidden") == 3, text
    assert sandboxed.training_job("other")["TrainingJobStatus"] == "Stopped"


def test_each_host_knows_the_cluster(sandboxed: Service) -> None:
    body = """
seen = json.loads((base / "input/config/resourceconfig.json").read_text())
seen["SM"] = {name: value for name, value in os.environ.items() if name.startswith(("SM_CURRENT", "SM_HOSTS"))}
(base / "model" / os.environ["SM_CURRENT_HOST"]).write_text(json.dumps(seen))
"""
    groups = [
        {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "InstanceGroupName": "gpu"},
        {"InstanceType": "ml.c5.xlarge", "InstanceCount": 2, "InstanceGroupName": "cpu"},
    ]
    job = run(sandboxed, body, ResourceConfig={"VolumeSizeInGB": 1, "InstanceGroups": groups})
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    hosts = ["algo-1", "algo-2", "algo-3"]
    for host, kind, group in zip(
        hosts, ["ml.g5.xlarge", *["ml.c5.xlarge"] * 2], ["gpu", "cpu", "cpu"], strict=True
    ):
        seen = json.loads(member(sandboxed, "output/job/output/model.tar.gz", host))
        sm = seen.pop("SM")
        assert seen == {
            "current_host": host,
            "current_instance_type": kind,
            "current_group_name": group,
            "hosts": hosts,
            "instance_groups": [
                {"instance_group_name": "gpu", "instance_type": "ml.g5.xlarge", "hosts": ["algo-1"]},
                {
                    "instance_group_name": "cpu",
                    "instance_type": "ml.c5.xlarge",
                    "hosts": ["algo-2", "algo-3"],
                },
            ],
            "network_interface_name": "lo",
        }
        assert sm == {
            "SM_CURRENT_HOST": host,
            "SM_CURRENT_INSTANCE_TYPE": kind,
            "SM_CURRENT_INSTANCE_GROUP": group,
            "SM_HOSTS": '["algo-1","algo-2","algo-3"]',
        }


SHARES = """
def found(directory):
    return sorted(path.name for path in directory.rglob("*") if path.is_file())
data = {path.name: found(path) for path in sorted((base / "input/data").iterdir())}
for pipe in ("pipe",) if "SM_CHANNEL_PIPE" in os.environ else ():
    data[pipe] = (base / "input/data/pipe_0").read_text().split()
data.pop("pipe_0", None)
data.pop("pipe_1", None)
(base / "model" / os.environ["SM_CURRENT_HOST"]).write_text(json.dumps(data))
"""


def test_objects_are_shared_out_per_channel(sandboxed: Service) -> None:
    for number in range(5):
        sandboxed.objects.put("bucket", f"data/{number}", f"{number} ".encode())
    every = channel("every", "S3Prefix", "s3://bucket/data/")
    sharded = channel("sharded", "S3Prefix", "s3://bucket/data/")
    pipe = channel("pipe", "S3Prefix", "s3://bucket/data/", InputMode="Pipe")
    few = channel("few", "S3Prefix", "s3://bucket/data/1")
    group = channel("group", "S3Prefix", "s3://bucket/data/")
    for each in (sharded, pipe, few, group):
        each["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    for each in (every, sharded, pipe, few, group):
        each["DataSource"]["S3DataSource"]["InstanceGroupNames"] = ["a", "b"] if each is not group else ["b"]
    groups = [
        {"InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "a"},
        {"InstanceType": "ml.m5.large", "InstanceCount": 2, "InstanceGroupName": "b"},
    ]
    job = run(
        sandboxed,
        SHARES,
        InputDataConfig=[every, sharded, pipe, few, group],
        ResourceConfig={"VolumeSizeInGB": 1, "InstanceGroups": groups},
    )
    assert job["TrainingJobStatus"] == "Completed", (job["FailureReason"], log(sandboxed, 1))
    got = [
        json.loads(member(sandboxed, "output/job/output/model.tar.gz", f"algo-{host}")) for host in (1, 2, 3)
    ]
    assert [each["every"] for each in got] == [["0", "1", "2", "3", "4"]] * 3
    for name in ("sharded", "pipe"):
        assert [each[name] for each in got] == [["0", "3"], ["1", "4"], ["2"]]
    assert [each["few"] for each in got] == [["1"], [], []], "some hosts get nothing, as at AWS"
    assert [each.get("group") for each in got] == [None, ["0", "2", "4"], ["1", "3"]]


@pytest.mark.parametrize("compression", ["GZIP", "NONE"])
def test_the_artifacts_of_all_hosts_become_one(sandboxed: Service, compression: str) -> None:
    body = """
me = os.environ["SM_CURRENT_HOST"]
for directory in (base / "model", base / "output/data"):
    (directory / "sub").mkdir()
    (directory / "sub" / me).write_text(me)
    (directory / "same").write_text(me)
"""
    output = {"S3OutputPath": "s3://bucket/output", "CompressionType": compression}
    job = run(sandboxed, body, OutputDataConfig=output)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    for name in ("model", "output"):
        if compression == "NONE":
            prefix = f"output/job/output/{name}/"
            found = [info.key.removeprefix(prefix) for info in sandboxed.objects.list("bucket", prefix)]
            assert sorted(found) == ["same", "sub/algo-1", "sub/algo-2"]
            assert sandboxed.objects.get("bucket", f"{prefix}same") == b"algo-1"
            continue
        key = f"output/job/output/{name}.tar.gz"
        assert sorted(set(names(sandboxed, key))) == ["same", "sub", "sub/algo-1", "sub/algo-2"]
        assert names(sandboxed, key).count("same") == 1
        assert member(sandboxed, key, "same") == b"algo-1"


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize("failing", [1, 2])
def test_one_host_fails_and_all_end(sandboxed: Service, failing: int, *, isolated: bool) -> None:
    body = f"""
import time
if os.environ["SM_CURRENT_HOST"] == "algo-{failing}":
    (base / "output/failure").write_text("the data is wrong")
    raise SystemExit(3)
time.sleep(600)
"""
    job = run(sandboxed, body, EnableNetworkIsolation=isolated)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: the data is wrong"
    sandboxed.wait_until(lambda: not processes(str(sandboxed.directory / "training-jobs/job")))


STOP = """
import signal, sys, time
me = os.environ["SM_CURRENT_HOST"]
def end(*_):
    time.sleep(float(os.environ["SECONDS"]) if me == "algo-1" else 0)
    (base / "model" / me).write_text("saved")
    sys.exit(5)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
while True: time.sleep(0.02)
"""


def both_ready(service: Service, attempt: int = 1) -> Callable[[], bool]:
    return lambda: all("ready" in log(service, host, attempt=attempt) for host in (1, 2))


@pytest.mark.parametrize("isolated", [True, False])
def test_all_hosts_have_time_to_end(sandboxed: Service, *, isolated: bool) -> None:
    """A host that ends with an error during a stop does not take the time of the others."""
    environment = {"ALGORITHM": "job.py", "SECONDS": "0.5"}
    start(sandboxed, STOP, EnableNetworkIsolation=isolated, Environment=environment)
    sandboxed.wait_until(both_ready(sandboxed))
    sandboxed.call("StopTrainingJob", TrainingJobName="job")
    job = sandboxed.training_job("job")
    assert job["TrainingJobStatus"] == "Stopped"
    assert names(sandboxed, "output/job/output/model.tar.gz") == ["algo-1", "algo-2"]


def test_hosts_that_do_not_end_are_killed(tmp_path: Any, sandboxed: Service) -> None:
    sandboxed.close()
    sandboxed.options = {"grace_period": 0.3}
    sandboxed.start()
    start(sandboxed, STOP, Environment={"ALGORITHM": "job.py", "SECONDS": "600"})
    sandboxed.wait_until(both_ready(sandboxed))
    sandboxed.call("StopTrainingJob", TrainingJobName="job")
    assert sandboxed.training_job("job")["TrainingJobStatus"] == "Stopped"
    assert names(sandboxed, "output/job/output/model.tar.gz") == ["algo-2"]
    sandboxed.wait_until(lambda: not processes(str(sandboxed.directory / "training-jobs/job")))


GATED = """
import pathlib, time
me = os.environ["SM_CURRENT_HOST"]
print(f"ready loss=0.{me[-1]}", flush=True)
gate = pathlib.Path(GATE)
while not gate.exists(): time.sleep(0.02)
(base / "model" / me).write_text(me)
time.sleep(0.1 if me == "algo-1" else 0.3)
print(f"loss=1.{me[-1]}", flush=True)
"""
CREATE = (
    "definition = service.definition('job.py', EnableNetworkIsolation={isolated}, ResourceConfig="
    "{{'InstanceType': 'ml.m5.large', 'InstanceCount': 2, 'VolumeSizeInGB': 1}}); "
    "service.call('CreateTrainingJob', TrainingJobName='job', **definition)"
)


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize("ends_meanwhile", [True, False])
def test_a_killed_services_hosts_train_on_and_are_found_again(
    sandboxed: Service,
    killed: Callable[[str, Callable[[], Any]], None],
    *,
    ends_meanwhile: bool,
    isolated: bool,
) -> None:
    gate = sandboxed.scripts / "gate"
    sandboxed.script(GATED.replace("GATE", repr(str(gate))), "job.py")
    sandboxed.close()
    journal = sandboxed.directory / "training-jobs/job/attempt-1/metrics"
    killed(
        CREATE.format(isolated=isolated),
        lambda: both_ready(sandboxed)() and journal.exists() and journal.read_bytes().count(b"\n") == 2,
    )
    exits = [sandboxed.directory / f"training-jobs/job/attempt-1{sub}/exit" for sub in ("", "/algo-2")]
    if ends_meanwhile:
        gate.touch()
        sandboxed.wait_until(lambda: all(path.exists() for path in exits))
    sandboxed.start()
    gate.touch()
    job = sandboxed.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", (job["FailureReason"], log(sandboxed, 1))
    assert round(job["FinalMetricDataList"][0]["Value"], 6) in (1.1, 1.2)
    assert names(sandboxed, "output/job/output/model.tar.gz") == ["algo-1", "algo-2"]
    assert log(sandboxed, 1, attempt=2) == "", "no second attempt"
    found = [
        (metric, value)
        for line in journal.read_text().splitlines()
        for metric, value, _ in json.loads(line)[2]
    ]
    assert sorted(value for _, value in found) == [0.1, 0.2, 1.1, 1.2], "each metric of each host once"
    sandboxed.wait_until(lambda: not processes(str(sandboxed.directory / "training-jobs/job")))


def test_a_host_that_is_gone_after_a_kill_is_a_lost_attempt(
    sandboxed: Service, killed: Callable[[str, Callable[[], Any]], None]
) -> None:
    gate = sandboxed.scripts / "gate"
    sandboxed.script(GATED.replace("GATE", repr(str(gate))), "job.py")
    sandboxed.close()
    killed(CREATE.format(isolated=True), both_ready(sandboxed))
    leader = int((sandboxed.directory / "training-jobs/job/attempt-1/algo-2/process").read_text())
    os.kill(leader, signal.SIGKILL)
    sandboxed.start()
    sandboxed.wait_until(both_ready(sandboxed, attempt=2))
    gate.touch()
    assert sandboxed.training_job("job")["TrainingJobStatus"] == "Completed"
    sandboxed.wait_until(lambda: not processes(str(sandboxed.directory / "training-jobs/job")))


def test_a_host_killed_from_outside_is_an_internal_error(sandboxed: Service) -> None:
    start(sandboxed, "import time\nprint('ready', flush=True)\ntime.sleep(600)")
    sandboxed.wait_until(both_ready(sandboxed))
    os.kill(
        int((sandboxed.directory / "training-jobs/job/attempt-1/algo-2/process").read_text()), signal.SIGKILL
    )
    assert sandboxed.training_job("job")["FailureReason"].startswith("InternalServerError")


def test_too_many_hosts_are_refused(sandboxed: Service) -> None:
    with pytest.raises(ServiceError, match=r"must be at most 4 .* got 5\. .*--max-hosts 5") as refusal:
        run(sandboxed, "pass", 5)
    assert refusal.value.code == "ValidationException"
    groups = [
        {"InstanceType": "ml.m5.large", "InstanceCount": 3, "InstanceGroupName": name} for name in ("a", "b")
    ]
    with pytest.raises(ServiceError, match="got 6"):
        run(sandboxed, "pass", ResourceConfig={"VolumeSizeInGB": 1, "InstanceGroups": groups})
    with pytest.raises(ServiceError, match="got 2147483647"):
        sandboxed.tune("tune", definition={"ResourceConfig": machines(2**31 - 1)})


def test_several_hosts_without_sandboxes_are_refused(service: Service) -> None:
    with pytest.raises(ServiceError, match=r"must be 1 where .* got 2\. Install bubblewrap"):
        run(service, "pass")


def test_a_tuning_job_with_two_hosts(sandboxed: Service) -> None:
    sandboxed.script(TALK.replace("{len(said)}.5", "{hps['x']}"))
    limits = {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 2}
    sandboxed.tune("tune", config={"ResourceLimits": limits}, definition={"ResourceConfig": machines(2)})
    job = sandboxed.ended("tune")
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    for each in sandboxed.training_jobs("tune"):
        assert each["FinalMetricDataList"][0]["Value"] == pytest.approx(
            float(each["HyperParameters"]["x"]), rel=1e-6
        )


def test_a_port_of_all_addresses_that_another_host_has_is_explained(sandboxed: Service) -> None:
    body = "import socket, time\nserver = socket.create_server(('0.0.0.0', 5001))\ntime.sleep(60)\n"
    reason = run(sandboxed, body, EnableNetworkIsolation=True)["FailureReason"]
    assert "Address already in use" in reason
    assert "let servers listen on their host's name" in reason
    assert "MaxParallelTrainingJobs to 1" in reason

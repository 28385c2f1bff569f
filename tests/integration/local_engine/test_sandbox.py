"""Training jobs in sandboxes: what they see, what they reach, and how they end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tarfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.local_engine.conftest import Service

pytestmark = pytest.mark.integration


def run(service: Service, body: str, name: str = "job", **members: Any) -> dict[str, Any]:
    """Run a script as a training job to its end; its description."""
    start(service, body, name, **members)
    return service.training_job(name)


def start(service: Service, body: str, name: str = "job", **members: Any) -> None:
    script = service.scripts / f"{name}.py"
    script.write_text(body)
    environment = {"ALGORITHM": script.name, **members.pop("Environment", {})}
    definition = service.definition(**members, Environment=environment)
    definition["AlgorithmSpecification"].pop("MetricDefinitions")
    service.call("CreateTrainingJob", TrainingJobName=name, **definition)


def log(service: Service, name: str = "job", attempt: int = 1) -> str:
    path = service.directory / "training-jobs" / name / f"attempt-{attempt}" / "log"
    return path.read_text() if path.exists() else ""


def processes(text: str) -> list[int]:
    """Pids, seen from outside, of the processes that have this in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if text.encode() in words:
                found.append(int(entry.name))
    return found


def test_opt_ml_is_where_sagemaker_has_it(sandboxed: Service, tmp_path: Path) -> None:
    sandboxed.objects.put("bucket", "train/data.txt", b"a number: 7")
    channel = {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train/"}},
    }
    body = """
import json, os, pathlib, socket, tempfile
data = pathlib.Path("/opt/ml/input/data/train/data.txt").read_text()
hps = json.load(open("/opt/ml/input/config/hyperparameters.json"))
pathlib.Path("/opt/ml/model/model.txt").write_text(f"{data} {hps['x']} {socket.gethostname()}")
assert os.environ["SM_MODEL_DIR"] == "/opt/ml/model", os.environ
assert socket.gethostbyname("algo-1").startswith("127.")
pathlib.Path.home().joinpath("cache").mkdir()
print(tempfile.mkdtemp(), os.getpid() < 20)
"""
    job = run(sandboxed, body, HyperParameters={"x": "1"}, InputDataConfig=[channel])
    assert job["TrainingJobStatus"] == "Completed", (job, log(sandboxed))
    sandboxed.objects.download("bucket", "output/job/output/model.tar.gz", tmp_path / "model.tar.gz")
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        member = tar.extractfile("model.txt")
        assert member is not None
        assert member.read() == b"a number: 7 1 algo-1"
    assert "/tmp/" in log(sandboxed)
    assert "True" in log(sandboxed)


def test_a_job_reads_neither_the_services_files_nor_another_jobs_nor_the_home_directory(
    sandboxed: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = sandboxed.directory / "local.env"
    secret.write_text("AWS_SECRET_ACCESS_KEY=sesame")
    start(sandboxed, "import time\nprint('runs', flush=True)\ntime.sleep(60)", "victim")
    sandboxed.wait_until(lambda: "runs" in log(sandboxed, "victim"))
    body = f"""
import os, pathlib
for path in [{str(secret)!r}, {str(sandboxed.directory)!r} + "/training-jobs", {str(sandboxed.directory)!r} + "/s3",
             {str(sandboxed.directory)!r} + "/jobs.sqlite", {str(Path.home() / ".bashrc")!r}, "/etc/shadow",
             "/run/docker.sock", "/var/lib"]:
    try:
        print("READ", path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read()[:20])
    except OSError as error:
        print("refused", path)
for pid in filter(str.isdigit, os.listdir("/proc")):
    environ = pathlib.Path("/proc", pid, "environ").read_bytes()
    print("ENVIRON victim" if b"victim" in environ else "own", pid)
for word in ("/usr/x", "/etc/x", {str(Path(sys.prefix) / "x")!r}, {str(sandboxed.scripts / "x")!r}, "/x"):
    try:
        open(word, "w")
        print("WROTE", word)
    except OSError:
        pass
"""
    job = run(sandboxed, body, "attack")
    sandboxed.call("StopTrainingJob", TrainingJobName="victim")
    sandboxed.training_job("victim")
    text = log(sandboxed, "attack")
    assert job["TrainingJobStatus"] == "Completed", text
    assert text.count("refused") == 8, text
    assert "own" in text
    for word in ("READ", "ENVIRON", "WROTE", "sesame"):
        assert word not in text


REACH = """
import os, socket
try:
    socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 5)
    print("REACHED")
except OSError as error:
    print("refused", error)
with socket.create_server(("algo-1", 0)) as own:
    socket.create_connection(own.getsockname(), 5)
    print("own loopback works")
"""


@pytest.mark.parametrize(("isolated", "says"), [(True, "refused"), (False, "REACHED")])
def test_network_isolation_is_enforced(sandboxed: Service, *, isolated: bool, says: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = str(server.getsockname()[1])
        job = run(sandboxed, REACH, EnableNetworkIsolation=isolated, Environment={"PORT": port})
    assert job["TrainingJobStatus"] == "Completed", log(sandboxed)
    assert says in log(sandboxed)
    assert "own loopback works" in log(sandboxed)


BREAK_OUT = """
import os, subprocess
commands = [
    ["mount", "-t", "tmpfs", "none", "/etc"],
    ["mount", "-o", "remount,rw", "/usr"],
    ["umount", "-l", "/opt/ml"],
    ["mknod", "/tmp/disk", "b", "7", "0"],
    ["chroot", "/proc/1/root", "true"],
]
for command in commands:
    print(command[0], "refused" if subprocess.run(command, capture_output=True).returncode else "BROKE OUT")
os.chown("/opt/ml/model", os.getuid(), os.getgid())
"""


def test_a_job_has_no_privilege_to_leave_its_sandbox(sandboxed: Service) -> None:
    """Also where the service runs as root, whose capabilities bwrap would leave to the job."""
    job = run(sandboxed, BREAK_OUT)
    assert job["TrainingJobStatus"] == "Completed", log(sandboxed)
    assert log(sandboxed).count("refused") == 5, log(sandboxed)


ESCAPE = """
import os, subprocess, time
for command in (["setsid", "sleep", "98765"], ["env", "-i", "/usr/bin/setsid", "/bin/sleep", "98765"]):
    subprocess.Popen(command, start_new_session=True)
print("ready", flush=True)
"""


def test_whatever_a_job_starts_ends_with_it(sandboxed: Service) -> None:
    job = run(sandboxed, ESCAPE + "time.sleep(0.2)\n")
    assert job["TrainingJobStatus"] == "Completed", log(sandboxed)
    assert processes("sleep\0" + "98765") == []


def test_and_when_the_shell_that_leads_it_is_killed(sandboxed: Service) -> None:
    start(sandboxed, ESCAPE + "time.sleep(600)\n")
    sandboxed.wait_until(lambda: "ready" in log(sandboxed))
    sandboxed.wait_until(lambda: len(processes("sleep\0" + "98765")) == 2)
    leader = int((sandboxed.directory / "training-jobs/job/attempt-1/process").read_text())
    os.kill(leader, signal.SIGKILL)
    sandboxed.training_job("job")
    sandboxed.wait_until(lambda: not processes("sleep\0" + "98765"))


def test_a_stopped_job_has_time_to_end(sandboxed: Service) -> None:
    body = """
import pathlib, signal, sys, time
def end(*_):
    pathlib.Path("/opt/ml/model/last").write_text("saved")
    print("saved", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
while True: time.sleep(0.05)
"""
    start(sandboxed, body)
    sandboxed.wait_until(lambda: "ready" in log(sandboxed))
    sandboxed.call("StopTrainingJob", TrainingJobName="job")
    job = sandboxed.training_job("job")
    assert job["TrainingJobStatus"] == "Stopped"
    assert "saved" in log(sandboxed)
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith("model.tar.gz")


def test_stopped_before_its_sandbox_is_complete(sandboxed: Service) -> None:
    for number in range(5):
        name = f"job{number}"
        start(sandboxed, "import time; time.sleep(600)", name)
        sandboxed.call("StopTrainingJob", TrainingJobName=name)
    for number in range(5):
        assert sandboxed.training_job(f"job{number}")["TrainingJobStatus"] == "Stopped"


def test_a_killed_services_job_trains_on_and_is_found_again(
    sandboxed: Service, killed: Callable[[str, Callable[[], Any]], None]
) -> None:
    gate = sandboxed.scripts / "gate"
    (sandboxed.scripts / "train.py").write_text(
        f"import os, time\nprint('ready', flush=True)\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.05)\nprint('loss=0.25')\n"
    )
    sandboxed.close()
    killed(
        "definition = service.definition(); "
        "service.call('CreateTrainingJob', TrainingJobName='job', **definition)",
        lambda: "ready" in log(sandboxed),
    )
    time.sleep(0.3)
    gate.touch()
    sandboxed.wait_until(lambda: (sandboxed.directory / "training-jobs/job/attempt-1/exit").exists())
    sandboxed.start()
    job = sandboxed.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", log(sandboxed)
    assert job["FinalMetricDataList"][0]["Value"] == 0.25
    assert log(sandboxed, attempt=2) == ""


def test_what_a_request_sets_does_not_reach_outside_of_the_sandbox(sandboxed: Service) -> None:
    """A library named in LD_PRELOAD would otherwise be loaded by the shell outside."""
    start(
        sandboxed,
        "import time\nprint('ready', flush=True)\ntime.sleep(60)",
        Environment={"LD_PRELOAD": "/opt/ml/model/evil.so", "MARK": "of-the-job"},
    )
    sandboxed.wait_until(lambda: "ready" in log(sandboxed))
    leader = int((sandboxed.directory / "training-jobs/job/attempt-1/process").read_text())
    outside = Path(f"/proc/{leader}/environ").read_bytes()
    sandboxed.call("StopTrainingJob", TrainingJobName="job")
    assert b"of-the-job" not in outside
    assert b"LD_PRELOAD" not in outside


def test_a_variable_cannot_add_an_option_to_bwrap(sandboxed: Service) -> None:
    job = run(sandboxed, "print('ran')", Environment={"X": "1\0--bind\0/\0/opt"})
    assert job["TrainingJobStatus"] == "Failed"
    assert "null byte" in job["FailureReason"]
    assert log(sandboxed) == ""

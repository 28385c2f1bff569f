"""``create``, ``wait``, ``list``, ``trials``, ``best``, ``stop`` and ``plot``, as a person runs them."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from tests.integration.cli.conftest import CommandLine, as_file, create, request, status_of, wait_for

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = pytest.mark.integration


def test_create_prints_the_name_and_waits(cli: CommandLine, tmp_path: Path) -> None:
    file = as_file(tmp_path / "my own job.json", request())
    done = cli("create", file, "--wait", "--poll-interval", "0.2")
    name, best = done.out.splitlines()
    assert done.code == 0
    assert name.startswith("my-own-job-")
    assert best.startswith(name)
    assert f"{name}: Completed · 4 of 4 completed · " in done.err.splitlines()[-1]
    assert " · best 0.0" in done.err.splitlines()[-1]
    taken = cli("create", file, "--name", name)
    assert (taken.code, taken.out) == (2, "")
    assert taken.err == f"airflow-hpt: error: tuning job {name} already exists; give another --name\n"


def test_a_wrong_config_is_not_sent(cli: CommandLine, tmp_path: Path) -> None:
    wrong = request()
    wrong["HyperParameterTuningJobConfig"]["Strategie"] = "Random"
    wrong["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = 5
    file = as_file(tmp_path / "wrong.json", wrong)
    done = cli("create", file, "--name", "never-made")
    assert (done.code, done.out) == (2, "")
    assert "nothing was created" in done.err
    assert "did you mean 'Strategy'?" in done.err
    assert "MaxParallelTrainingJobs" in done.err
    assert cli("best", "never-made").code == 2


def test_list_trials_and_best(cli: CommandLine, finished: str, service: LocalService) -> None:
    listed = cli("list", "--name-contains", finished)
    assert listed.out.splitlines()[2].split()[:4] == [finished, "Completed", "Random", "4"]
    (summary,) = json.loads(cli("list", "--name-contains", finished, "--output", "json").out)
    assert summary["HyperParameterTuningJobName"] == finished

    answer = service.client("sagemaker").list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=finished, SortBy="FinalObjectiveMetricValue", SortOrder="Ascending"
    )
    names = [each["TrainingJobName"] for each in answer["TrainingJobSummaries"]]
    lines = cli("training-jobs", finished).out.splitlines()
    assert lines[0].split() == ["training", "job", "status", "objective", "x", "colour", "duration"]
    assert [line.split()[0] for line in lines[2:]] == names, "minimised: the smallest first"
    trials = json.loads(cli("training-jobs", finished, "--output", "json", "--limit", "2").out)
    assert [each["TrainingJobName"] for each in trials] == names[:2]

    best = cli("best", finished)
    assert best.out.splitlines()[0].split() == ["Training", "job", names[0]]
    assert f"s3://command-line/models/{names[0]}/output/model.tar.gz" in best.out
    as_json = json.loads(cli("best", finished, "--output", "json").out)
    assert as_json["ModelArtifacts"]["S3ModelArtifacts"].endswith("model.tar.gz")


def test_every_metric_of_a_training_job(
    cli: CommandLine, service: LocalService, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = request()
    definitions = made["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    definitions.append({"Name": "validation:tenths", "Regex": r"objective=[0-9]+\.([0-9])"})
    create(service, name, made)
    assert cli("wait", name, "--poll-interval", "0.2").code == 0
    table = cli("training-jobs", name)
    assert table.out.splitlines()[0].split()[2:6] == ["status", "objective", "validation:tenths", "x"]
    for row in json.loads(cli("training-jobs", name, "--output", "json").out):
        values = {each["MetricName"]: each["Value"] for each in row["FinalMetricDataList"]}
        assert values.keys() == {"objective", "validation:tenths"}
        assert values["validation:tenths"] == int(values["objective"] * 10) % 10
        assert row["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == values["objective"]

    pytest.importorskip("pandas")
    for variable, value in service.environment.items():
        monkeypatch.setenv(variable, value)
    frame = HyperParameterTuningHook(aws_conn_id=None).training_jobs_dataframe(name)
    assert frame["metric:objective"].tolist() == frame["objective"].tolist()
    assert frame["metric:validation:tenths"].tolist() == [int(each * 10) % 10 for each in frame["objective"]]


def test_failed_trials_and_no_best(cli: CommandLine, service: LocalService, name: str) -> None:
    create(service, name, request(fail="always"))
    done = cli("wait", name, "--poll-interval", "0.2")
    assert (done.code, done.out) == (3, "")
    assert "All training jobs failed." in done.err, "AWS's reason"
    assert f"See `airflow-hpt training-jobs {name}`" in done.err
    trials = cli("training-jobs", name)
    assert "Failed" in trials.out
    assert "failed: AlgorithmError: the data has no label column" in trials.err
    assert cli("best", name).code == 1
    drawn = cli("plot", name, "-o", "none.png")
    assert drawn.code == 2
    assert "nothing to plot" in drawn.err


def test_the_reasons_of_failed_training_jobs_are_grouped(
    cli: CommandLine, service: LocalService, name: str
) -> None:
    create(service, name, request(fail="always"))
    done = cli("wait", name, "--poll-interval", "0.2")
    failed = len(json.loads(cli("training-jobs", name, "--output", "json").out))
    assert f"{failed} training jobs failed with: AlgorithmError: the data has no label column" in done.err


def test_one_objective_for_all_hyperparameters_is_suspicious(
    cli: CommandLine, service: LocalService, name: str
) -> None:
    warning = (
        "All training jobs reported the same value of objective, 0.04, although their hyperparameters differ."
    )
    few, many = request(ignores_x="yes"), request(ignores_x="yes")
    limits = many["HyperParameterTuningJobConfig"]["ResourceLimits"]
    limits["MaxNumberOfTrainingJobs"] = 6
    create(service, name, few)
    assert "Warning" not in cli("wait", name, "--poll-interval", "0.2").err, "four may be alike by chance"
    create(service, f"{name}-6", many)
    done = cli("wait", f"{name}-6", "--poll-interval", "0.2")
    assert done.code == 0
    assert f"Warning: {warning}" in done.err
    log = service.log.read_text()
    assert log.count(f"tuning job {name}-6: {warning}") == 1
    assert f"tuning job {name}: {warning}" not in log


def test_the_log_of_a_training_job(cli: CommandLine, finished: str) -> None:
    name = cli("best", finished).out.splitlines()[0].split()[-1]
    done = cli("logs", name)
    assert done.code == 0
    assert re.fullmatch(r"objective=0\.\d+;\n", done.out)
    assert cli("logs", name, "--follow").out == done.out, "it has ended: nothing to wait for"
    missing = cli("logs", "no-such-job")
    assert (missing.code, missing.out) == (2, "")
    assert "there is no training job 'no-such-job' in this account and region" in missing.err
    assert cli("logs", "n" * 64).code == 2


def test_a_log_is_followed_until_the_training_job_has_ended(
    cli: CommandLine, service: LocalService, name: str, gate: Path
) -> None:
    wanted = request(gate=str(gate))
    wanted["HyperParameterTuningJobConfig"]["ResourceLimits"] = {
        "MaxNumberOfTrainingJobs": 1,
        "MaxParallelTrainingJobs": 1,
    }
    create(service, name, wanted)
    deadline = time.monotonic() + 60
    while not (found := json.loads(cli("training-jobs", name, "--output", "json").out)):
        assert time.monotonic() < deadline
    training_job = found[0]["TrainingJobName"]
    with cli.start("logs", training_job, "--follow", "--poll-interval", "0.1") as process:
        gate.touch()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith("objective=")


def test_buckets_of_the_local_service(cli: CommandLine, service: LocalService, tmp_path: Path) -> None:
    for _ in range(2):
        done = cli("local", "bucket", "bucket-one", "bucket-two", "--data-dir", str(service.data_dir))
        assert (done.code, done.out) == (0, "s3://bucket-one\ns3://bucket-two\n")
    names = [each["Name"] for each in service.client("s3").list_buckets()["Buckets"]]
    assert {"bucket-one", "bucket-two"} <= set(names)
    wrong = cli("local", "bucket", "No_Bucket", "--data-dir", str(service.data_dir))
    assert wrong.code == 2
    assert "No_Bucket" in wrong.err
    nowhere = cli("local", "bucket", "bucket-one", "--data-dir", str(tmp_path))
    assert nowhere.code == 2
    assert "no local tuning service runs on" in nowhere.err


def test_stop(cli: CommandLine, service: LocalService, name: str, gate: Path) -> None:
    create(service, name, request(gate=str(gate)))
    assert cli("wait", name, "--timeout", "0.5", "--poll-interval", "0.1").code == 6
    done = cli("stop", name, "--wait", "--poll-interval", "0.2")
    assert (done.code, done.out) == (0, "")
    assert status_of(service, name) == "Stopped"
    assert cli("wait", name).code == 4
    assert "had already ended (Stopped)" in cli("stop", name).err


@pytest.mark.parametrize("stop", [False, True])
def test_interrupting_a_wait(
    cli: CommandLine, service: LocalService, name: str, gate: Path, stop: bool
) -> None:
    """Ctrl-C leaves the job running and says so, unless asked to stop it."""
    create(service, name, request(gate=str(gate)))
    options = ["--stop-on-interrupt"] if stop else []
    with cli.start("wait", name, "--poll-interval", "0.2", *options) as process:
        assert process.stderr is not None
        assert "InProgress" in process.stderr.readline()  # it waits
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    if stop:
        assert f"Tuning job {name} is being stopped." in err
        wait_for(service, name, "Stopped")
    else:
        assert f"Tuning job {name} keeps running. Wait for it again: airflow-hpt wait {name}" in err
        assert status_of(service, name) == "InProgress"


def test_the_progress_bar_on_a_terminal(
    cli: CommandLine, service: LocalService, name: str, gate: Path
) -> None:
    create(service, name, request(gate=str(gate)))
    terminal, its_end = pty.openpty()
    with cli.start("wait", name, "--poll-interval", "0.1", stderr=its_end) as process:
        os.close(its_end)
        seen = _read(terminal, "0/4")
        gate.touch()
        seen += _read(terminal, "best objective")
        assert process.wait(60) == 0
    os.close(terminal)
    assert "━" in seen, "the bar"


def _read(terminal: int, until: str) -> str:
    seen, deadline = "", time.monotonic() + 60
    while until not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536).decode("utf-8", "replace")
    return seen


def test_plot(cli: CommandLine, finished: str, tmp_path: Path) -> None:
    for suffix in (".png", ".svg", ".html", ".PNG"):
        done = cli("plot", finished, "--out", f"job{suffix}")
        assert (done.code, done.out, done.err) == (0, f"job{suffix}\n", "")
    assert (tmp_path / "job.png").read_bytes().startswith(b"\x89PNG")
    drawing = ET.parse(tmp_path / "job.svg").getroot()
    assert finished in ET.tostring(drawing, "unicode")
    page = (tmp_path / "job.html").read_text()
    assert finished in page
    assert 'src="http' not in page, "it needs no network"


def test_a_missing_job(cli: CommandLine) -> None:
    for command in ("wait", "training-jobs", "best", "stop"):
        done = cli(command, "no-such-job")
        assert (done.code, done.out) == (2, "")
        assert done.err == (
            "airflow-hpt: error: Tuning job 'no-such-job' does not exist in this account and region.\n"
        )


def test_the_services_own_state(
    cli: CommandLine, service: LocalService, finished: str, tmp_path: Path
) -> None:
    directory = str(service.data_dir)
    status = cli("local", "status", "--data-dir", directory)
    assert status.code == 0
    assert service.endpoint in status.out
    assert f"process {service.pid}" in status.out
    assert "Training jobs run " in status.out, "in sandboxes, or as bare processes and why"
    refused = cli("local", "reset", "--yes", "--data-dir", directory)
    assert refused.code == 2
    assert "is running" in refused.err
    assert status_of(service, finished) == "Completed"
    elsewhere = cli("local", "status", "--data-dir", str(tmp_path))
    assert elsewhere.code == 3
    assert "is not a data directory of a local tuning service" in cli("local", "reset").err

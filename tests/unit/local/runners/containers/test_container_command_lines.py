"""The command line that runs a training job's container, and finding an engine to give it to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_hpt_provider.local.runners.containers import containers
from airflow_hpt_provider.local.runners.containers.containers import Containers
from airflow_hpt_provider.local.runners.containers.engine import ContainerEngine, EngineFinder
from airflow_hpt_provider.local.runners.contract import TrainingSpec
from airflow_hpt_provider.local.runners.data.file_systems import FileSystemChannel
from airflow_hpt_provider.local.runners.host_job import HostJob


def command(algorithm=None, *, pull=False, environment=None, host=1, **members):
    """The options, each with its values, and the words from the image on."""
    definition = {"AlgorithmSpecification": algorithm or {}, **members}
    spec = TrainingSpec("job", "arn:job", definition, {}, Path("/data/job"))
    argv = Containers(pull=pull).command(
        ContainerEngine("/bin/podman"),
        HostJob.all(spec)[host - 1],
        uri="image:1",
        environment=environment or {},
        region="eu-west-1",
    )
    assert argv[:2] == ("/bin/podman", "run")
    words, options = list(argv[2:]), {}
    while words[0].startswith("--"):
        option = words.pop(0)
        options.setdefault(option, []).append(None if option == "--rm" else words.pop(0))
    return options, words


def test_what_sagemaker_runs():
    options, words = command()
    assert words == ["image:1", "train"]
    assert options["--volume"] == ["/data/job/ml:/opt/ml"]
    assert options["--name"] == ["job"]
    assert options["--label"] == ["airflow-hpt.training-job=/data/job"]
    assert options["--hostname"] == ["algo-1"], "as resourceconfig.json says"
    assert options["--pull"] == ["never"]
    assert "--rm" in options
    assert "--network" not in options
    assert "--entrypoint" not in options


def test_several_hosts_have_names_on_a_network_of_the_engines():
    for host in (1, 2):
        options, _ = command(host=host, ResourceConfig={"InstanceCount": 2}, EnableNetworkIsolation=True)
        assert options["--hostname"] == options["--network-alias"] == [f"algo-{host}"]
        assert options["--name"] == [f"job-algo-{host}"]
        assert options["--network"] == ["airflow-hpt-job"]
    assert options["--label"] == ["airflow-hpt.training-job=/data/job/algo-2"]
    assert options["--volume"] == ["/data/job/algo-2/ml:/opt/ml"]


@pytest.mark.parametrize("isolated", [True, False])
def test_the_network_of_several_hosts_is_made_and_removed(tmp_path, *, isolated):
    reported = tmp_path / "reported"
    engine = ContainerEngine(
        program(tmp_path / "docker", f'echo "$@" >> {reported}; [ "$2" = ls ] && echo old; exit 0')
    )
    definition = {"ResourceConfig": {"InstanceCount": 2}, "EnableNetworkIsolation": isolated}
    jobs = HostJob.all(TrainingSpec("job", "arn:job", definition, {}, tmp_path / "job"))
    for job in jobs:
        for directory in (job.tree.base, job.directory):
            directory.mkdir(parents=True)
        containers.begin(engine, job, "image:1")
    label = f"airflow-hpt.training-job={tmp_path / 'job'}"
    remove = [f"network ls --quiet --filter label={label}", "network rm old"]
    internal = "--internal " if isolated else ""
    create = f"network create --label {label} {internal}airflow-hpt-job"
    assert reported.read_text().splitlines() == [*remove, create], (
        "once, with what was left of one removed before"
    )
    reported.unlink()
    containers.end_network(jobs[0])
    assert reported.read_text().splitlines() == remove


def test_channels_on_file_systems_are_mounted_as_their_access_mode_says():
    channels = (
        FileSystemChannel("train", Path("/efs/train"), writable=False),
        FileSystemChannel("scratch", Path("/efs/scratch"), writable=True),
    )
    argv = Containers().command(
        ContainerEngine("/bin/podman"),
        HostJob.all(TrainingSpec("job", "arn:job", {"AlgorithmSpecification": {}}, {}, Path("/data/job")))[0],
        uri="image:1",
        environment={},
        region="eu-west-1",
        file_systems=channels,
    )
    assert "/efs/train:/opt/ml/input/data/train:ro" in argv
    assert "/efs/scratch:/opt/ml/input/data/scratch" in argv


def test_the_definitions_environment_wins():
    options, _ = command(environment={"A": "image", "B": "image"}, Environment={"B": "=definition="})
    assert options["--env"] == [
        "TRAINING_JOB_NAME=job",
        "TRAINING_JOB_ARN=arn:job",
        "AWS_REGION=eu-west-1",
        "AWS_DEFAULT_REGION=eu-west-1",
        "A=image",
        "B==definition=",
    ]


@pytest.mark.parametrize(
    ("algorithm", "entrypoint", "words"),
    [
        ({"ContainerArguments": ["fit"]}, None, ["fit"]),
        ({"ContainerEntrypoint": ["python", "-u"]}, ["python"], ["-u"]),
        ({"ContainerEntrypoint": ["sh", "-c"], "ContainerArguments": ["x"]}, ["sh"], ["-c", "x"]),
    ],
)
def test_entrypoint_and_arguments_stand_for_train(algorithm, entrypoint, words):
    options, reported = command(algorithm)
    assert options.get("--entrypoint") == entrypoint
    assert reported == ["image:1", *words]


def test_isolation_and_pulling():
    options, _ = command(pull=True, EnableNetworkIsolation=True)
    assert options["--network"] == ["none"]
    assert options["--pull"] == ["missing"]


@pytest.mark.parametrize(
    ("path", "mounted"),
    [
        (None, []),
        ("/opt/ml/checkpoints/deep", []),
        ("/tmp/checkpoints", ["/data/job/ml/tmp/checkpoints:/tmp/checkpoints"]),
        ("/opt/mlx", ["/data/job/ml/opt/mlx:/opt/mlx"]),
    ],
)
def test_checkpoints_outside_of_opt_ml_are_mounted(path, mounted):
    config = {"S3Uri": "s3://bucket/x"} | ({"LocalPath": path} if path else {})
    options, _ = command(CheckpointConfig=config)
    assert options["--volume"][1:] == mounted


def program(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_the_first_engine_that_answers(tmp_path):
    down = program(tmp_path / "docker", "exit 1")
    up = program(tmp_path / "podman", "exit 0")
    assert EngineFinder([down, up]).find() == ContainerEngine(up)
    assert EngineFinder([str(tmp_path / "missing"), down]).find() is None


def test_it_is_asked_once(tmp_path):
    asked = tmp_path / "asked"
    finder = EngineFinder([program(tmp_path / "docker", f"echo $1 >> {asked}")])
    assert finder.find() == finder.find() is not None
    assert asked.read_text() == "info\n"


def test_what_is_left_of_an_attempt_is_removed(tmp_path):
    """By the label of the job's directory; whatever the exit of the one before was."""
    reported = tmp_path / "reported"
    script = f'echo "$@" >> {reported}; [ "$1" = ps ] && echo abc def; exit 0'
    engine = ContainerEngine(program(tmp_path / "docker", script))
    (job,) = HostJob.all(TrainingSpec("job", "arn:job", {}, {}, tmp_path / "job"))
    for directory in (job.tree.base, job.directory):
        directory.mkdir(parents=True)
    assert not containers.end(job), "this attempt has had none"
    assert not reported.exists()
    containers.begin(engine, job, "image:1")
    assert containers.end(job)
    assert reported.read_text().splitlines() == [
        f"ps --all --quiet --no-trunc --filter label=airflow-hpt.training-job={tmp_path / 'job'}",
        "kill abc def",
        "rm --force abc def",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that are another's")
def test_files_of_the_containers_user_become_ours(tmp_path, monkeypatch):
    reported = tmp_path / "reported"
    engine = ContainerEngine(program(tmp_path / "docker", f'echo "$@" >> {reported}'))
    (job,) = HostJob.all(TrainingSpec("job", "arn:job", {}, {}, tmp_path / "job"))
    for directory in (job.tree.model, job.directory):
        directory.mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    containers.begin(engine, job, "image:1")
    containers.end(job)
    last = reported.read_text().splitlines()[-1]
    assert last.startswith("run --rm ")
    assert "--entrypoint chown" in last
    assert last.endswith(f"image:1 -R 4321:{os.getegid()} /opt/ml")

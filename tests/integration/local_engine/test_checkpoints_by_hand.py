"""Checkpoints that someone has edited, in the bucket or in the directory of a running training job."""

from __future__ import annotations

import pytest

from tests.integration.local_engine.jobs import create

pytestmark = pytest.mark.integration

CONFIG = {"S3Uri": "s3://bucket/checkpoints/"}
FOUND = """
found = sorted(str(p.relative_to(base / "checkpoints")) for p in (base / "checkpoints").rglob("*") if p.is_file())
(base / "model" / "found").write_text(repr(found))
print("found", found, flush=True)
"""


def keys(service):
    return {info.key.removeprefix("checkpoints/") for info in service.objects.list("bucket", "checkpoints/")}


@pytest.mark.parametrize(
    "edited",
    [
        ["a", "a/b"],  # a file and a directory of one name
        ["a/b", "a"],
        ["//double//slash"],
        ["..", "../..", "../../evil", "a/../../../evil"],
        [".", "./a", ""],
        ["directory/"],
        ["k" * 255, "k" * 300],  # longer than a file's name may be
        ["new\nline", "tab\t", "ünïcödé", "\x7f"],
    ],
    ids=repr,
)
def test_any_keys_in_the_bucket_end_the_job_clearly_and_stay_inside(service, edited):
    for key in edited:
        if key:
            service.objects.put("bucket", f"checkpoints/{key}", b"x")
    service.objects.put("bucket", "checkpoints/good", b"x")
    service.script(FOUND)
    create(service, CheckpointConfig=CONFIG)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed" or job["FailureReason"].startswith("ClientError: "), job
    assert not list(service.directory.parent.rglob("evil"))
    assert {path.name for path in service.directory.rglob("evil")} == set()


@pytest.mark.parametrize(
    "edit",
    [
        "shutil.rmtree(checkpoints)",
        "shutil.rmtree(checkpoints); checkpoints.write_text('a file')",
        "shutil.rmtree(checkpoints); checkpoints.symlink_to('/etc')",
        "(checkpoints / 'link').symlink_to('/etc/passwd')",
        "(checkpoints / 'link').symlink_to('/etc')",
        "os.mkfifo(checkpoints / 'pipe')",
        "(checkpoints / 'kept').unlink(); (checkpoints / 'kept').mkdir(); (checkpoints / 'kept/inner').write_text('x')",
        "(checkpoints / 'kept').chmod(0)",
        "open(checkpoints / 'sparse', 'wb').truncate(1 << 22)",
        "(checkpoints / ('k' * 255)).write_text('x')",
        "open(os.fsencode(checkpoints) + b'/\\xff', 'wb').close()",
    ],
)
def test_any_edit_of_the_directory_ends_the_job_clearly(service, edit):
    service.objects.put("bucket", "checkpoints/kept", b"x")
    service.script("import shutil\ncheckpoints = base / 'checkpoints'\n" + edit)
    create(service, CheckpointConfig=CONFIG)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed" or job["FailureReason"].startswith("ClientError: "), job
    for key in keys(service):
        assert b"root:" not in service.objects.get("bucket", f"checkpoints/{key}")
    create(service, "next", CheckpointConfig={"S3Uri": "s3://bucket/other/"})
    assert service.training_job("next")["TrainingJobStatus"] in {"Completed", "Failed"}, "the service lives"


def test_a_checkpoint_that_is_replaced_in_the_bucket_is_what_the_next_attempt_gets(service):
    service.script(
        "path = base / 'checkpoints' / 'step'\n"
        "print('found', path.read_text() if path.exists() else None)\n"
        "(base / 'model' / 'found').write_text(path.read_text() if path.exists() else 'none')\n"
        "path.write_text('1')"
    )
    create(service, "first", CheckpointConfig=CONFIG)
    service.training_job("first")
    assert service.objects.get("bucket", "checkpoints/step") == b"1"
    service.objects.put("bucket", "checkpoints/step", b"edited")
    create(service, "second", CheckpointConfig=CONFIG)
    service.training_job("second")
    log = (service.directory / "training-jobs/second/attempt-1/log").read_text()
    assert "found edited" in log

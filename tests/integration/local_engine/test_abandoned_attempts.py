"""An attempt that the service cannot follow to its end, for an error of its own."""

from __future__ import annotations

import io
import tarfile

import pytest

from airflow_hpt_provider.local.runners.contract import AttemptListener, TrainingSpec
from airflow_hpt_provider.local.runners.data import artifacts
from airflow_hpt_provider.local.runners.subprocess_runner import SubprocessRunner

pytestmark = pytest.mark.integration


@pytest.fixture
def training(service):
    """A training job that makes a model, and its ends."""
    service.script("(base / 'model' / 'weights').write_text('w' * 9999)\nprint('loss=1')")
    directory = service.directory / "training-jobs" / "job"
    ends = []
    listener = AttemptListener(
        on_status=lambda *report: None, on_metrics=lambda found, position: None, on_end=ends.append
    )
    return TrainingSpec("job", "arn", service.definition(), {}, directory), listener, ends


def test_an_upload_that_the_closing_service_cuts_off_is_made_by_the_next_start(
    service, training, monkeypatch
):
    spec, listener, ends = training
    first = SubprocessRunner(service.objects, images=service.images)

    def cut_off(*_, **__):
        first._means.closing.set()
        raise RuntimeError("Cannot operate on a closed database.")

    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "upload", cut_off)
        attempt = first.start(spec, listener)
        attempt.join(60)
    first.close()
    assert ends == [], "a service that closes reports no end"
    second = SubprocessRunner(service.objects, images=service.images)
    second.resume(spec, listener).join(60)
    second.close()
    [end] = ends
    assert end.model_artifact == "s3://bucket/output/job/output/model.tar.gz"
    model = io.BytesIO(service.objects.get("bucket", "output/job/output/model.tar.gz"))
    with tarfile.open(fileobj=model) as archive:
        assert [each.size for each in archive if each.isfile()] == [9999], "the whole model"


def test_after_an_error_of_the_service_the_files_are_gone_and_no_model_is_made_of_them(
    service, training, monkeypatch
):
    spec, listener, ends = training

    def fail(*_, **__):
        raise RuntimeError("a bug")

    first = SubprocessRunner(service.objects, images=service.images)
    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "upload", fail)
        first.start(spec, listener).join(60)
    first.close()
    assert not list(spec.directory.rglob("weights"))
    second = SubprocessRunner(
        service.objects, images=service.images
    )  # the first died before it stored the end
    second.resume(spec, listener).join(60)
    second.close()
    assert [(end.internal, end.model_artifact) for end in ends] == [(True, None)] * 2
    assert "a bug" in ends[0].failure_reason

"""A seeded sample of ``make fuzz``: every kind of malformed request, at a real service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import json_bodies
from tests.fuzz.campaign import KINDS, run
from tests.fuzz.service import fill, start
from tests.fuzz.store import contents, difference

pytestmark = pytest.mark.integration


def test_each_is_refused_as_aws_does_and_changes_nothing(tmp_path: Path) -> None:
    service = start(tmp_path)
    try:
        resources = fill(service)
        at_first = contents(service)
        report = run(service, resources, count=500, seed=20)
        assert not report.faults, report.table() + "\n\n" + "\n\n".join(report.faults[:10])
        assert report.sent >= 500
        assert [row.kind for row in report.rows] == list(KINDS)

        # The comparison sees a change where there is one, in each kind of store.
        service.client("s3").put_object(Bucket="fuzz", Key="more", Body=b"x")
        service.client("sagemaker").create_model_package_group(ModelPackageGroupName="more")
        service.client("iam").create_user(UserName="more")
        changed = " ".join(line.split(":")[0] for line in difference(at_first, contents(service)))
        assert "s3/" in changed
        assert "model-registry.sqlite" in changed
        assert "iam list_users" in changed
    finally:
        service.stop()


def test_every_operation_that_is_not_motos_is_tried() -> None:
    from airflow_hpt_provider.local.operations.local_operations import HANDLERS
    from airflow_hpt_provider.local.operations.model_registry.operations import HANDLERS as REGISTRY

    assert set(json_bodies.OURS) == {*HANDLERS, *REGISTRY}

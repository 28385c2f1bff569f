"""Where checkpoints may be."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.data.checkpoints import check


def config(path: str | None) -> dict[str, dict[str, str]]:
    return {"CheckpointConfig": {"S3Uri": "s3://b/c", **({} if path is None else {"LocalPath": path})}}


@pytest.mark.parametrize("path", ["..", "/opt/ml/../../etc", "a/..", "../a", "a\0b", "..\0", "a/../b\0"])
def test_no_path_leads_out_of_the_job(path: str) -> None:
    with pytest.raises(ServiceError, match="must not lead out"):
        check(config(path))


@pytest.mark.parametrize("path", [None, "", "/opt/ml/checkpoints", "/opt/ml/a..b", "..a/b"])
def test_other_paths_are_taken(path: str | None) -> None:
    check(config(path))
    check({})

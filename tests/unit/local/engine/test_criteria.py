"""When a tuning job has failed."""

from __future__ import annotations

from airflow_hpt_provider.local.engine.criteria import failure_reason


def test_failure_reasons():
    assert failure_reason(succeeded=1, completed=1, failed=9) is None
    assert failure_reason(succeeded=0, completed=0, failed=0) is None, "stopped before anything ended"
    assert "after 5 attempts" in str(failure_reason(succeeded=0, completed=0, failed=7))
    assert "All training jobs failed" in str(failure_reason(succeeded=0, completed=0, failed=2))
    assert "after running 3 training jobs" in str(failure_reason(succeeded=0, completed=2, failed=1))

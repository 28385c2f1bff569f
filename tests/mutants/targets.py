"""The modules that are changed, and the unit tests that have to notice."""

from __future__ import annotations

PACKAGE = "airflow_hpt_provider"
TARGETS: dict[str, tuple[str, ...]] = {
    "creation": ("tests/unit/creation",),
    "waiting/billable_time.py": ("tests/unit/waiting/test_billable_time.py",),
    "waiting/budget.py": ("tests/unit/waiting/test_budget.py", "tests/unit/waiting/test_billable_time.py"),
    "waiting/outcome.py": ("tests/unit/waiting/test_outcome.py",),
    "waiting/limits.py": ("tests/unit/waiting",),
    "waiting/rate_limit.py": ("tests/unit/waiting/test_rate_limit.py",),
    "waiting/state_change.py": ("tests/unit/waiting/test_state_change.py",),
    "triggers/task_state.py": ("tests/unit/triggers/test_task_state.py",),
    "triggers/tuning.py": (
        "tests/unit/triggers/test_tuning_trigger.py",
        "tests/unit/triggers/test_stored_arguments.py",
    ),
    "triggers/budget.py": ("tests/unit/triggers/test_measured_budget.py",),
    "retries/classify.py": ("tests/unit/retries/test_classify.py",),
    "retries/errors.py": ("tests/unit/retries",),
    "retries/failure_reasons.py": ("tests/unit/retries/test_failure_reasons.py",),
    "result/model_packages.py": ("tests/unit/result/test_model_package_gate.py",),
    "local/runners/opt_ml.py": ("tests/unit/local/runners/test_opt_ml.py",),
    "local/http/auth": ("tests/unit/local/http/test_request_signatures.py",),
    "local/s3/multipart.py": ("tests/unit/local/s3",),
    "local/s3/objects.py": ("tests/unit/local/s3",),
    "local/s3/conditions.py": ("tests/unit/local/s3",),
    "ui/orphaned_jobs.py": ("tests/unit/ui/test_orphaned_jobs.py",),
}
"""Modules and folders of the package, each with its tests."""

"""The modules that are changed, and the unit tests that have to notice."""

from __future__ import annotations

PACKAGE = "airflow_hpt_provider"
_S3 = tuple(
    f"tests/unit/local/s3/{name}.py"
    for name in ("test_object_store", "test_multipart_uploads", "test_s3_rules", "test_store_writes")
)
TARGETS: dict[str, tuple[str, ...]] = {
    "creation/find_or_create.py": (
        "tests/unit/creation/test_attempts.py",
        "tests/unit/creation/test_lost_responses.py",
        "tests/unit/creation/test_is_own_job.py",
        "tests/unit/creation/test_submission.py",
    ),
    "creation/job_match.py": ("tests/unit/creation/test_job_match.py",),
    "creation/ownership.py": (
        "tests/unit/creation/test_ownership.py",
        "tests/unit/creation/test_lost_responses.py",
    ),
    "creation/submission.py": (
        "tests/unit/creation/test_submission.py",
        "tests/unit/creation/test_is_own_job.py",
        "tests/unit/creation/test_lost_responses.py",
    ),
    "creation/tags.py": (
        "tests/unit/creation/test_is_own_job.py",
        "tests/unit/creation/test_running_job_of.py",
        "tests/unit/creation/test_running_job.py",
        "tests/unit/creation/test_submission.py",
    ),
    "waiting/blocking_poller.py": ("tests/unit/waiting/test_blocking_poller.py",),
    "waiting/on_poll.py": ("tests/unit/waiting/test_blocking_poller.py",),
    "waiting/shared_poller.py": ("tests/unit/waiting/test_shared_poller.py",),
    "waiting/subscription.py": ("tests/unit/waiting/test_poll_subscription.py",),
    "waiting/billable_time.py": ("tests/unit/waiting/test_billable_time.py",),
    "waiting/budget.py": ("tests/unit/waiting/test_budget.py", "tests/unit/waiting/test_billable_time.py"),
    "waiting/outcome.py": ("tests/unit/waiting/test_outcome.py",),
    "waiting/limits.py": (
        "tests/unit/waiting/test_wait_limits.py",
        "tests/unit/waiting/test_poll_subscription.py",
    ),
    "waiting/rate_limit.py": ("tests/unit/waiting/test_rate_limit.py",),
    "waiting/state_change.py": ("tests/unit/waiting/test_state_change.py",),
    "triggers/task_state.py": (
        "tests/unit/triggers/test_task_state.py",
        "tests/unit/triggers/test_task_fate.py",
        "tests/unit/triggers/test_lost_tasks.py",
    ),
    "triggers/tuning.py": (
        "tests/unit/triggers/test_tuning_trigger.py",
        "tests/unit/triggers/test_stored_arguments.py",
    ),
    "triggers/budget.py": ("tests/unit/triggers/test_measured_budget.py",),
    "operators/stop_on_exit.py": (
        "tests/unit/operators/test_stop_on_exit.py",
        "tests/unit/operators/test_orphaned_jobs.py",
    ),
    "operators/stopping.py": ("tests/unit/operators/test_stop_operator.py",),
    "operators/arguments.py": (
        "tests/unit/operators/test_arguments.py",
        "tests/unit/operators/test_rendered_arguments.py",
    ),
    "retries/classify.py": ("tests/unit/retries/test_classify.py",),
    "retries/errors.py": ("tests/unit/retries/test_classify.py",),
    "retries/quotas.py": ("tests/unit/retries/test_quotas.py",),
    "retries/strategy.py": (
        "tests/unit/retries/test_levels.py",
        "tests/unit/retries/test_warm_starts.py",
    ),
    "retries/failure_reasons.py": ("tests/unit/retries/test_failure_reasons.py",),
    "result/resolve.py": ("tests/unit/result/test_outcomes.py",),
    "result/model_packages.py": (
        "tests/unit/result/test_model_package_gate.py",
        "tests/unit/result/test_model_registry.py",
    ),
    "local/engine/tuning.py": (
        "tests/unit/local/engine/test_tuning_decisions.py",
        "tests/unit/local/engine/test_ends_of_tuning_jobs.py",
    ),
    "local/runners/full_disk.py": ("tests/unit/local/runners/test_full_disk.py",),
    "local/runners/outcome.py": ("tests/unit/local/runners/test_full_disk.py",),
    "local/runners/opt_ml.py": ("tests/unit/local/runners/test_opt_ml.py",),
    "local/http/auth": (
        "tests/unit/local/http/test_signature_checks.py",
        "tests/unit/local/http/test_post_policies.py",
    ),
    "local/s3/multipart.py": _S3,
    "local/s3/objects.py": _S3,
    "local/s3/conditions.py": _S3,
    "local/db": ("tests/unit/local/db",),
    "ui/access.py": ("tests/unit/ui/test_access.py", "tests/unit/ui/test_permissions_of_users.py"),
    "ui/job_owner.py": (
        "tests/unit/ui/test_job_owner.py",
        "tests/unit/ui/test_access.py",
        "tests/unit/ui/test_permissions_of_users.py",
    ),
    "ui/stop_orphaned_jobs.py": (
        "tests/unit/ui/test_orphan_checks.py",
        "tests/unit/ui/test_stop_orphaned_jobs.py",
    ),
}
"""Modules and folders of the package, each with its tests."""


def part_of(target: str) -> str:
    """Return the part of the package that a target belongs to: ``creation``, ``local/s3``."""
    folders = target.removesuffix(".py").split("/")
    return "/".join(folders[: 2 if folders[0] == "local" else 1])

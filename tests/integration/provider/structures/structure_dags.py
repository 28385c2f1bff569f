"""DAGs of test_structures.py: what surrounds the operator in a DAG, and decides whether it runs."""

import json
import os

from airflow.sdk import DAG, TaskGroup, TriggerRule, task

from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)

CONFIG = json.loads(os.environ["TUNING_CONFIG"])


def config(**static: str) -> dict:
    copied = json.loads(json.dumps(CONFIG))
    copied["TrainingJobDefinition"]["StaticHyperParameters"].update(static)
    return copied


def tune(task_id: str = "tune", *, deferrable: bool = False, static: dict | None = None, **kwargs):
    return HyperParameterTuningJobOperator(
        task_id=task_id, config=config(**(static or {})), deferrable=deferrable, poll_interval=0.2, **kwargs
    )


@task
def fine() -> None:
    """Succeeds."""


@task
def broken() -> None:
    """Fails."""
    raise RuntimeError("broken")


with DAG("stopped_by_teardown", schedule=None), TaskGroup("group"):
    # A job that is not waited for, and would train for as long as its gate is closed.
    create = tune("create", static={"gate": os.environ["TUNING_GATE"]}, wait_for_completion=False).as_setup()
    stop = StopHyperParameterTuningJobOperator(
        task_id="stop", tuning_job_name=create.output, poll_interval=0.2
    )
    create >> broken() >> stop.as_teardown(setups=create)

with DAG("between_setup_and_teardown", schedule=None):
    made = fine.override(task_id="make")().as_setup()
    (
        made
        >> tune(static={"fail": "always"}, deferrable=True)
        >> fine.override(task_id="clean")().as_teardown(setups=made)
    )

with DAG("as_teardown", schedule=None):
    made = fine.override(task_id="make")().as_setup()
    made >> broken() >> tune(deferrable=True).as_teardown(setups=made)

with DAG("as_setup", schedule=None):
    first = tune(static={"fail": "always"}).as_setup()
    first >> fine.override(task_id="work")() >> fine.override(task_id="clean")().as_teardown(setups=first)

with DAG("trigger_rules", schedule=None):
    good, bad = fine(), broken()
    bad >> tune("by_default")
    bad >> tune("all_done", trigger_rule=TriggerRule.ALL_DONE)
    bad >> tune("one_failed", trigger_rule=TriggerRule.ONE_FAILED, deferrable=True)
    good >> tune("nothing_failed", trigger_rule=TriggerRule.ONE_FAILED)

    @task.branch
    def elsewhere() -> str:
        return "taken"

    elsewhere() >> [fine.override(task_id="taken")(), tune("not_taken")]

with DAG("mapped_over_configs", schedule=None):

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def best(results) -> list:
        return [result["final_metric"] for result in results if result]

    tuned = HyperParameterTuningJobOperator.partial(
        task_id="tune", deferrable=True, poll_interval=0.2
    ).expand(config=[config(), config(fail="always"), config(note="third")])
    best(tuned.output)

"""React to the end of every tuning job, however it was started: no poll, and no waiting task.

SageMaker sends an event to EventBridge, a rule puts it into an SQS queue, and the queue's watcher starts this DAG.
docs/events.md sets the queue up in five commands; its URL goes into the Airflow Variable `hpt_event_queue_url` (or the
environment variable AIRFLOW_VAR_HPT_EVENT_QUEUE_URL). Without one the DAGs load, and nothing starts them.
"""

from airflow.sdk import DAG, Asset, AssetWatcher, Variable, task

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger

QUEUE_URL = Variable.get("hpt_event_queue_url", default="")
WATCHERS = [AssetWatcher("tuning_jobs", TuningJobStateChangeTrigger(QUEUE_URL))] if QUEUE_URL else []

FINISHED_JOBS = Asset("finished_tuning_jobs", watchers=WATCHERS)
ONE_JOB = Asset("finished_tuning_job")


def react(job):
    """Handle a tuning job that has ended: here, with a line in the log."""
    best = job.get("best_training_job") or {}
    print(
        f"{job['tuning_job_name']}: {job['status']}, {job.get('final_metric')}, {best.get('TrainingJobName')}"
    )
    return job


@task
def finished_jobs(triggering_asset_events=None):
    """Return the jobs that this run is about. Concurrent events start one run, so there may be several."""
    payloads = [event.extra["payload"] for event in triggering_asset_events[FINISHED_JOBS]]
    return list({payload["tuning_job_arn"]: payload for payload in payloads}.values())


if has("asset_partitions"):  # Airflow 3.3: a DAG run for each job
    from airflow.sdk import PartitionedAssetTimetable

    @task(outlets=[ONE_JOB])
    def hand_on(job, outlet_events=None):
        outlet_events[ONE_JOB].extra = job
        outlet_events[ONE_JOB].add_partitions(job["tuning_job_name"])

    @task
    def react_to_partition(triggering_asset_events=None):
        return react(triggering_asset_events[ONE_JOB][-1].extra)

    with DAG("on_tuning_finished", schedule=[FINISHED_JOBS], doc_md=__doc__, tags=["sagemaker", "tuning"]):
        hand_on.expand(job=finished_jobs())

    with DAG("after_tuning_job", schedule=PartitionedAssetTimetable(assets=ONE_JOB)):
        react_to_partition()

else:  # a mapped task for each job

    @task
    def react_to_each(job):
        return react(job)

    with DAG("on_tuning_finished", schedule=[FINISHED_JOBS], doc_md=__doc__, tags=["sagemaker", "tuning"]):
        react_to_each.expand(job=finished_jobs())

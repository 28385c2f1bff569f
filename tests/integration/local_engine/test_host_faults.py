"""What happens to the machine below a running service: its clock is set back, its data directory is removed."""

import shutil

import pytest

from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.errors import ServiceError

pytestmark = pytest.mark.integration


def test_a_clock_that_was_set_back_makes_no_negative_times(service):
    service.script("print('loss=1')")
    service.tune(config={"ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}})
    name = {"HyperParameterTuningJobName": "job"}

    def described():
        return service.call("DescribeHyperParameterTuningJob", **name)

    service.wait_until(lambda: described()["HyperParameterTuningJobStatus"] == "Completed")
    database = open_database(service.directory / "jobs.sqlite")
    with database.transaction() as connection:
        for table, start in (("training_jobs", "started_at"), ("tuning_jobs", "created_at")):
            connection.execute(f"UPDATE {table} SET {start} = {start} + 3600")
    database.close()
    assert described()["ConsumedResources"]["RuntimeInSeconds"] == 0
    (summary,) = service.call("ListTrainingJobsForHyperParameterTuningJob", **name)["TrainingJobSummaries"]
    training_job = service.call("DescribeTrainingJob", TrainingJobName=summary["TrainingJobName"])
    assert training_job["TrainingTimeInSeconds"] == 0
    assert training_job["BillableTimeInSeconds"] >= 0
    long = {"Filters": [{"Name": "TrainingTimeInSeconds", "Operator": "LessThan", "Value": "0"}]}
    assert service.call("Search", Resource="TrainingJob", SearchExpression=long)["Results"] == []


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_created_when_the_data_directory_is_gone(service, replaced):
    service.script("print('loss=1')")
    shutil.rmtree(service.directory)
    if replaced:
        service.directory.mkdir()
    with pytest.raises(ServiceError, match="was removed or replaced. Restart the service.") as refused:
        service.tune()
    assert (refused.value.code, refused.value.status) == ("InternalFailure", 500)

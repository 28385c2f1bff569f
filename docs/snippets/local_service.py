"""The local tuning service through boto3 as it comes: ``python local_service.py REQUEST.yaml``."""

import sys
import time
from pathlib import Path

import boto3
import yaml

request = yaml.safe_load(Path(sys.argv[1]).read_text())
job = {"HyperParameterTuningJobName": time.strftime("by-hand-%H%M%S")}

sagemaker = boto3.client("sagemaker")  # AWS_ENDPOINT_URL and the other AWS_* variables lead to the service
sagemaker.create_hyper_parameter_tuning_job(**job, **request)
counters = {"Completed": 0}
while counters["Completed"] < 2:
    time.sleep(1)
    counters = sagemaker.describe_hyper_parameter_tuning_job(**job)["TrainingJobStatusCounters"]
print(counters)
answer = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(**job)
for training_job in answer["TrainingJobSummaries"]:
    print(training_job["TrainingJobName"], training_job["TrainingJobStatus"])
sagemaker.stop_hyper_parameter_tuning_job(**job)

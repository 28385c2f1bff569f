"""Run by an interpreter that has sagemaker-core: ``core_resources.py NAME < REQUEST``.

Creates the tuning job of the request, waits, lists, and prints what sagemaker-core made of it as JSON, last line.
"""

import json
import sys

try:  # 2.x lives in the namespace of the SDK's version 3, 1.x has its own
    from sagemaker.core import shapes
    from sagemaker.core.resources import HyperParameterTuningJob
except ImportError:
    from sagemaker_core.main import shapes
    from sagemaker_core.main.resources import HyperParameterTuningJob

try:
    from sagemaker.core.utils.code_injection.codec import transform
except ImportError:
    from sagemaker_core.main.code_injection.codec import transform

request = json.load(sys.stdin)
members = transform(request, "CreateHyperParameterTuningJobRequest")
job = HyperParameterTuningJob.create(
    hyper_parameter_tuning_job_name=members["hyper_parameter_tuning_job_name"],
    hyper_parameter_tuning_job_config=shapes.HyperParameterTuningJobConfig(
        **members["hyper_parameter_tuning_job_config"]
    ),
    training_job_definition=shapes.HyperParameterTrainingJobDefinition(**members["training_job_definition"]),
)
job.wait(poll=1, timeout=180)
listed = HyperParameterTuningJob.get_all(name_contains=members["hyper_parameter_tuning_job_name"])
report = {
    "status": job.hyper_parameter_tuning_job_status,
    "best": job.best_training_job.training_job_name,
    "completed": job.training_job_status_counters.completed,
    "listed": [each.hyper_parameter_tuning_job_name for each in listed],
}
print(json.dumps(report))

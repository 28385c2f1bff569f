"""Run by an interpreter that has the SageMaker Python SDK 3: ``sdk3_trainer.py IMAGE BUCKET ROLE SCRIPT``.

Trains once with ModelTrainer and tunes with HyperparameterTuner; its check of the role is left on. Prints what the SDK
made of it as JSON, last line.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import ContinuousParameter
from sagemaker.core.shapes import OutputDataConfig
from sagemaker.core.training.configs import Compute, InputData, SourceCode
from sagemaker.train.model_trainer import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

image, bucket, role, script = sys.argv[1:]
source = tempfile.mkdtemp()
shutil.copy(script, Path(source) / "train.py")
session = Session(default_bucket=bucket)
trainer = ModelTrainer(
    training_image=image,
    source_code=SourceCode(source_dir=source, entry_script="train.py"),
    compute=Compute(instance_type="ml.m5.large", instance_count=1),
    hyperparameters={"epochs": 1, "x": 0.5},
    output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/sdk3"),
    role=role,
    sagemaker_session=session,
    base_job_name="sdk3",
)
data = [InputData(channel_name="train", data_source=f"s3://{bucket}/train/")]
trainer.train(input_data_config=data, wait=True, logs=False)
trained = trainer._latest_training_job
trained.refresh()
trainer.hyperparameters = {"epochs": 1}
tuner = HyperparameterTuner(
    trainer,
    objective_metric_name="objective",
    hyperparameter_ranges={"x": ContinuousParameter(0.0, 1.0)},
    metric_definitions=[{"Name": "objective", "Regex": "objective=([0-9.]+);"}],
    objective_type="Minimize",
    max_jobs=3,
    max_parallel_jobs=2,
)
tuner.tune(inputs=data, wait=False)
tuner.latest_tuning_job.wait(poll=1, timeout=300)
job = tuner.describe() or tuner.latest_tuning_job
report = {
    "trained": trained.training_job_status,
    "model": trained.model_artifacts.s3_model_artifacts,
    "status": job.hyper_parameter_tuning_job_status,
    "completed": job.training_job_status_counters.completed,
    "best": tuner.best_training_job(),
    "objective": job.best_training_job.final_hyper_parameter_tuning_job_objective_metric.value,
}
print(json.dumps(report))

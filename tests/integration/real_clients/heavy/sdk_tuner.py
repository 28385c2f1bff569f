"""Run by an interpreter that has the SageMaker Python SDK 2: ``sdk_tuner.py IMAGE BUCKET ROLE SCRIPT``.

Tunes with an image, in script mode, and in script mode without a network. Prints what the SDK made of it as JSON, last
line.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import sagemaker
from sagemaker.analytics import TrainingJobAnalytics
from sagemaker.estimator import Estimator
from sagemaker.sklearn import SKLearn
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner

image, bucket, role, script = sys.argv[1:]
session = sagemaker.Session()
shared = {
    "role": role,
    "instance_count": 1,
    "instance_type": "ml.m5.large",
    "output_path": f"s3://{bucket}/sdk",
    "sagemaker_session": session,
}
source = tempfile.mkdtemp()
shutil.copy(script, Path(source) / "train.py")
estimators = {
    "image": Estimator(image_uri=image, hyperparameters={"epochs": 1}, **shared),
    "script": SKLearn(
        entry_point="train.py",
        source_dir=source,
        framework_version="1.2-1",
        hyperparameters={"epochs": 1},
        **shared,
    ),
    "isolated": SKLearn(  # the code comes as a channel
        entry_point="train.py",
        source_dir=source,
        framework_version="1.2-1",
        hyperparameters={"epochs": 1},
        enable_network_isolation=True,
        **shared,
    ),
}
report = {}
for kind, estimator in estimators.items():
    tuner = HyperparameterTuner(
        estimator,
        objective_metric_name="objective",
        objective_type="Minimize",
        hyperparameter_ranges={"x": ContinuousParameter(0.0, 1.0)},
        metric_definitions=[{"Name": "objective", "Regex": "objective=([-+.0-9e]+);"}],
        max_jobs=3,
        max_parallel_jobs=2,
        base_tuning_job_name=f"sdk-{kind}",
    )
    tuner.fit({"train": f"s3://{bucket}/train/"}, wait=False)
    tuner.wait()
    frame = tuner.analytics().dataframe()
    attached = HyperparameterTuner.attach(tuner.latest_tuning_job.name, sagemaker_session=session)
    best = tuner.best_training_job()
    # Which metrics there are, it reads from the training job itself.
    curve = TrainingJobAnalytics(best, sagemaker_session=session).dataframe()
    report[kind] = {
        "name": tuner.latest_tuning_job.name,
        "status": tuner.describe()["HyperParameterTuningJobStatus"],
        "best": best,
        "attached best": attached.best_training_job(),
        "model": tuner.best_estimator().model_data,
        "curve": json.loads(curve.to_json(orient="records")),
        "isolated": session.describe_training_job(best)["EnableNetworkIsolation"],
        "rows": json.loads(frame.to_json(orient="records")),
    }
print(json.dumps(report))

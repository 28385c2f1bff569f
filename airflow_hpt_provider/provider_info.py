"""What Airflow reads of this provider through the ``apache_airflow_provider`` entry point."""

from __future__ import annotations

from typing import Any

from airflow_hpt_provider import __version__

INTEGRATION = "Amazon SageMaker hyperparameter tuning"


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata; shown by ``airflow providers get airflow-hpt-provider``."""
    return {
        "package-name": "airflow-hpt-provider",
        "name": INTEGRATION,
        "description": "Hyperparameter tuning on Amazon SageMaker, or on a local service that really trains.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": INTEGRATION,
                "external-doc-url": "https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning.html",
                "tags": ["aws", "machine-learning"],
            }
        ],
        "operators": [
            {
                "integration-name": INTEGRATION,
                "python-modules": [
                    "airflow_hpt_provider.operators.tuning",
                    "airflow_hpt_provider.operators.registration",
                ],
            }
        ],
        "sensors": [
            {"integration-name": INTEGRATION, "python-modules": ["airflow_hpt_provider.sensors.tuning"]}
        ],
        "hooks": [{"integration-name": INTEGRATION, "python-modules": ["airflow_hpt_provider.hooks.tuning"]}],
        "triggers": [
            {"integration-name": INTEGRATION, "python-modules": ["airflow_hpt_provider.triggers.tuning"]}
        ],
        "extra-links": [
            "airflow_hpt_provider.links.tuning.TuningJobLink",
            "airflow_hpt_provider.links.tuning.BestTrainingJobLink",
            "airflow_hpt_provider.links.tuning.BestTrainingJobLogsLink",
        ],
    }

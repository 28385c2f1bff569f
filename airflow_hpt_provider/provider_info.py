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
                    "airflow_hpt_provider.operators.stopping",
                    "airflow_hpt_provider.operators.registration",
                ],
            }
        ],
        "sensors": [
            {"integration-name": INTEGRATION, "python-modules": ["airflow_hpt_provider.sensors.tuning"]}
        ],
        "hooks": [{"integration-name": INTEGRATION, "python-modules": ["airflow_hpt_provider.hooks.tuning"]}],
        "triggers": [
            {
                "integration-name": INTEGRATION,
                "python-modules": [
                    "airflow_hpt_provider.triggers.tuning",
                    "airflow_hpt_provider.triggers.events",
                ],
            }
        ],
        "extra-links": [
            "airflow_hpt_provider.links.tuning.TuningPageLink",
            "airflow_hpt_provider.links.tuning.TuningJobLink",
            "airflow_hpt_provider.links.tuning.BestTrainingJobLink",
            "airflow_hpt_provider.links.tuning.BestTrainingJobLogsLink",
        ],
        "cli": ["airflow_hpt_provider.cli.airflow_commands.get_cli_commands"],
        "config": {
            "hpt": {
                "description": "Whose tuning jobs are whose, and how the triggerer waits for them "
                "(airflow-hpt-provider).",
                "options": {
                    "deployment": {
                        "description": "A name for this Airflow, the same on all its workers, that no other Airflow "
                        "has which uses the same AWS account and region. A tuning job belongs to a DAG run: without "
                        "the name, two Airflows with the same DAG and run id take each other's jobs for their own. "
                        "To change it while tuning jobs run disowns them.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "staging",
                        "default": "",
                    },
                    "polling_calls_per_second": {
                        "description": "Calls per second that each triggerer process makes at most while it waits "
                        "for tuning jobs, for each account and region. It makes fewer when SageMaker throttles.",
                        "version_added": "0.1.0",
                        "type": "float",
                        "example": None,
                        "default": "5.0",
                    },
                    "min_poll_interval": {
                        "description": "Seconds between two looks at a tuning job that is about to end. "
                        "Otherwise they are further apart, up to the task's poll_interval.",
                        "version_added": "0.1.0",
                        "type": "float",
                        "example": None,
                        "default": "5.0",
                    },
                },
            }
        },
    }

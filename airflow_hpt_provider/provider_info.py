"""The metadata that Airflow reads through the ``apache_airflow_provider`` entry point."""

from __future__ import annotations

from typing import Any

from airflow_hpt_provider import __version__

INTEGRATION = "Amazon SageMaker hyperparameter tuning"


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata; shown by ``airflow providers get airflow-hpt-provider``."""
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
                    "airflow_hpt_provider.triggers.creation_turn",
                ],
            }
        ],
        "extra-links": [
            "airflow_hpt_provider.links.tuning.TuningPageLink",
            "airflow_hpt_provider.links.tuning.TuningJobLink",
            "airflow_hpt_provider.links.tuning.BestTrainingJobLink",
            "airflow_hpt_provider.links.tuning.BestTrainingJobLogsLink",
        ],
        "notifications": ["airflow_hpt_provider.notifications.tuning.TuningJobNotifier"],
        "task-decorators": [
            {"name": "tuning_job", "class-name": "airflow_hpt_provider.decorators.tuning.tuning_job_task"}
        ],
        "plugins": [
            {
                "name": "airflow_hpt",
                "plugin-class": "airflow_hpt_provider.ui.plugin.TuningPagePlugin",
            }
        ],
        "cli": ["airflow_hpt_provider.cli.airflow_commands.get_cli_commands"],
        "config": {
            "hpt": {
                "description": "Tuning-job ownership and polling settings (airflow-hpt-provider).",
                "options": {
                    "deployment": {
                        "description": "A name for this Airflow, the same on all its workers and different from every "
                        "other Airflow in the same AWS account and region. A tuning job belongs to a DAG run: without "
                        "the name, two Airflows with the same DAG and run id mistake each other's jobs for their own. "
                        "Tasks lose track of running jobs if this changes.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "staging",
                        "default": "",
                    },
                    "polling_calls_per_second": {
                        "description": "Maximum number of calls per second of each triggerer process while it waits "
                        "for tuning jobs, per account and region. The rate drops when SageMaker throttles.",
                        "version_added": "0.1.0",
                        "type": "float",
                        "example": None,
                        "default": "5.0",
                    },
                    "min_poll_interval": {
                        "description": "Minimum seconds between two polls of a tuning job, used when the job is "
                        "about to end. Otherwise polls are further apart, up to the task's poll_interval.",
                        "version_added": "0.1.0",
                        "type": "float",
                        "example": None,
                        "default": "5.0",
                    },
                },
            }
        },
    }

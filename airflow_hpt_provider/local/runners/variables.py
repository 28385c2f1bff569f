"""A training job's environment: small and clean, nothing of the service's own.

PATH, HOME and their like; the ``SM_*`` variables that sagemaker-training-toolkit sets; TRAINING_JOB_NAME and
TRAINING_JOB_ARN; the image's and the definition's Environment on top of all but SAGEMAKER_BASE_DIR. The service's
secrets and settings never reach a training job.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.runners import script_mode
from airflow_hpt_provider.local.runners.data.input_config import input_data_config

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_hpt_provider.local.runners.devices import Devices
    from airflow_hpt_provider.local.runners.host_job import HostJob
    from airflow_hpt_provider.local.runners.opt_ml import OptMlTree

INTERFACE = "lo"
"""The network interface between the hosts of a job that runs as processes."""
BASE_DIRECTORY = "SAGEMAKER_BASE_DIR"
"""Says where the tree is, and whose a process is: what a job leaves behind is found by it.

So it is the service's alone, whatever a request asks for. SageMaker, which ends a job's machines with it, refuses no
name.
"""


def environment(
    job: HostJob,
    tree: OptMlTree,
    *,
    image: Mapping[str, str],
    arguments: Sequence[str],
    region: str,
    devices: Devices,
    python: Path | None = None,
    home: Path | None = None,
    temporary: Path | None = None,
) -> dict[str, str]:
    """All variables of one host of an attempt at a training job.

    Args:
        job: the host's part.
        tree: the host's ``/opt/ml``, where its process sees it.
        image: those of the image's ``[[image]]`` table.
        arguments: of the script.
        region: of the service.
        devices: the job's share of the machine.
        python: the interpreter; the service's by default.
        home, temporary: HOME and TMPDIR, where they are not in the tree's own place.
    """
    spec, definition = job.spec, job.spec.definition
    hyperparameters = script_mode.decoded(spec.hyperparameters)
    resources = job.cluster.resource_config(job.host, INTERFACE)
    channels = input_data_config(definition, job.cluster, job.host)
    variables: dict[str, Any] = {
        "SM_BASE": tree.base,
        "SM_INPUT_DIR": tree.base / "input",
        "SM_INPUT_CONFIG_DIR": tree.config,
        "SM_INPUT_DATA_CONFIG": channels,
        "SM_MODEL_DIR": tree.model,
        "SM_OUTPUT_DIR": tree.output,
        "SM_OUTPUT_DATA_DIR": tree.output_data,
        "SM_OUTPUT_INTERMEDIATE_DIR": tree.output / "intermediate",
        "SM_MODULE_DIR": tree.code,
        "SM_CHANNELS": sorted(channels),
        "SM_HPS": script_mode.script_hyperparameters(hyperparameters),
        "SM_USER_ARGS": list(arguments),
        "SM_CURRENT_HOST": job.host.name,
        "SM_CURRENT_INSTANCE_TYPE": resources["current_instance_type"],
        "SM_CURRENT_INSTANCE_GROUP": resources["current_group_name"],
        "SM_HOSTS": resources["hosts"],
        "SM_NETWORK_INTERFACE_NAME": resources["network_interface_name"],
        "SM_RESOURCE_CONFIG": resources,
        "SM_NUM_CPUS": devices.cpus,
        "SM_NUM_GPUS": devices.gpu_count,
        "SM_LOG_LEVEL": hyperparameters.get("sagemaker_container_log_level", 20),
    }
    for channel in channels:
        variables[f"SM_CHANNEL_{channel.upper()}"] = tree.data / channel
    for name, value in script_mode.script_hyperparameters(hyperparameters).items():
        if "=" not in name and "\0" not in name:  # no variable can have such a name; SM_HPS has the value
            variables[f"SM_HP_{name.upper()}"] = value
    if script_mode.is_script_mode(spec.hyperparameters):
        variables["SM_USER_ENTRY_POINT"] = script_mode.program(spec.hyperparameters)
        variables["SM_MODULE_NAME"] = Path(script_mode.program(spec.hyperparameters)).stem
    return {
        # The interpreter's own directory first: `python` is then the same.
        "PATH": os.pathsep.join(
            [str((python or Path(sys.executable)).parent), os.environ.get("PATH", os.defpath)]
        ),
        "HOME": str(home or spec.directory),
        "LANG": "C.UTF-8",
        "TMPDIR": str(temporary or tree.temporary),
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "TRAINING_JOB_NAME": spec.name,
        "TRAINING_JOB_ARN": spec.arn,
        **{name: tree.localize(_text(value)) for name, value in variables.items()},
        **image,
        **(definition.get("Environment") or {}),
        BASE_DIRECTORY: str(tree.base),
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str | Path):
        return str(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"))

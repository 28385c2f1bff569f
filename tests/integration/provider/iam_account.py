"""The local service behind IAM: rules allow what a policy allows, and note what was called."""

from __future__ import annotations

import time
from contextlib import suppress
from urllib.parse import urlsplit

from airflow_hpt_provider.cli.main import main
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from tests.integration.provider.conftest import wait_for
from tests.support.faulty_proxy import FaultyProxy


class Account:
    """The service behind IAM, and what a scenario may use of it.

    Attributes:
        direct: a hook that leads past IAM.
        iam: the rules, with what was called and what was denied.
    """

    def __init__(self, service, config, gated, gate, queue_url, iam, monkeypatch):
        self.service, self.config, self.gated, self.gate = service, config, gated, gate
        self.monkeypatch = monkeypatch
        self.direct = HyperParameterTuningHook()
        self.direct.ready()
        self.iam = iam
        address = urlsplit(service.endpoint)
        self.proxy = FaultyProxy((address.hostname, address.port), iam)
        self._queue_url = queue_url

    def __enter__(self):
        self.proxy.__enter__()
        url = f"http://127.0.0.1:{self.proxy.port}"
        connection = self.service.airflow_connection.replace(self.service.endpoint, url)
        self.monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection)
        for name, value in {**self.service.environment, "AWS_ENDPOINT_URL": url}.items():
            self.monkeypatch.setenv(name, value)
        self.queue_url = self._queue_url.replace(self.service.endpoint, url)
        return self

    def __exit__(self, *error):
        self.gate.touch()
        self.proxy.__exit__(*error)

    def finished(self):
        """The result of a job that has ended, and its name."""
        request = {**self.config, "HyperParameterTuningJobName": f"iam-{time.time_ns()}"}
        self.direct.conn.create_hyper_parameter_tuning_job(**request)
        wait_for(self.direct, request["HyperParameterTuningJobName"], "Completed")
        return request["HyperParameterTuningJobName"]

    def running(self):
        """The name of a job that runs until the gate opens."""
        request = {**self.gated, "HyperParameterTuningJobName": f"iam-{time.time_ns()}"}
        self.direct.conn.create_hyper_parameter_tuning_job(**request)
        return request["HyperParameterTuningJobName"]

    def arn(self, name):
        """A job's ARN."""
        return self.direct.describe(name).hyper_parameter_tuning_job_arn

    def role_by_name(self):
        """The name of a role that exists."""
        with suppress(Exception):
            self.service.client("iam").create_role(RoleName="iam-role", AssumeRolePolicyDocument="{}")
        return "iam-role"

    def command(self, *arguments):
        assert main(arguments) == 0, arguments

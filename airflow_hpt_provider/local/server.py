"""The composition root: settings in, a running service out."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn

from airflow_hpt_provider.local.cloudwatch.operations import TrainingMetrics
from airflow_hpt_provider.local.data_dir import DataDirectory
from airflow_hpt_provider.local.disk import DiskReserve, is_full, what_to_do
from airflow_hpt_provider.local.endpoint import Endpoint
from airflow_hpt_provider.local.env_file import (
    ACCESS_KEY_ID,
    Environment,
    new_secret,
    read_environment,
    write_environment,
)
from airflow_hpt_provider.local.errors import StartError
from airflow_hpt_provider.local.fault_injection.calls import CallFaults
from airflow_hpt_provider.local.fault_injection.endpoint import FaultyEndpoint
from airflow_hpt_provider.local.fault_injection.file import load
from airflow_hpt_provider.local.fault_injection.rules import FaultFile
from airflow_hpt_provider.local.fault_injection.runner import FaultyRunner, TrainingJobFaults
from airflow_hpt_provider.local.http.auth.sigv4 import Secret
from airflow_hpt_provider.local.http.connections import server_config
from airflow_hpt_provider.local.http.host_check import is_loopback
from airflow_hpt_provider.local.logs.operations import TrainingLogs
from airflow_hpt_provider.local.moto_backend import MotoBackend, handed_out_secret
from airflow_hpt_provider.local.operations import reported_metrics
from airflow_hpt_provider.local.operations.model_registry.operations import ModelRegistry
from airflow_hpt_provider.local.s3.objects import ObjectStore
from airflow_hpt_provider.local.s3.wire.app import S3Endpoint
from airflow_hpt_provider.local.stopping import RESPONSE_SECONDS, StopDeadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from starlette.types import ASGIApp

    from airflow_hpt_provider.local.http.auth.sigv4 import SecretFinder
    from airflow_hpt_provider.local.operations.contract import Operations
    from airflow_hpt_provider.local.operations.local_operations import LocalOperations
    from airflow_hpt_provider.local.settings import ServiceSettings

_BACKLOG = 512
log = logging.getLogger(__name__)


def serve(
    settings: ServiceSettings,
    *,
    on_ready: Callable[[Environment], None] = lambda environment: None,
    build: Callable[[ServiceSettings, ObjectStore, FaultFile], LocalOperations] | None = None,
) -> None:
    """Run a service until SIGINT or SIGTERM.

    Args:
        settings: where and how.
        on_ready: called once the socket listens and ``local.env`` is written.
        build: makes the SageMaker operations; by default those of :mod:`airflow_hpt_provider.local.operations`.

    Raises:
        StartError: the address is not loopback, the port is taken, the data directory is another service's, a
            file that the settings name can't be used.
    """
    if not is_loopback(settings.host):
        raise StartError(
            f"The local tuning service listens on loopback addresses only, not on '{settings.host}': any client that "
            "reaches it can run commands on this machine. Use 127.0.0.1."
        )
    faults = _faults(settings)
    with ExitStack() as stack:
        deadline = stack.enter_context(closing(StopDeadline()))
        # Whatever the service or a training job writes is its user's alone.
        stack.callback(os.umask, os.umask(0o077))
        stack.enter_context(_full_disk_refused(settings.data_dir))
        directory = stack.enter_context(DataDirectory(settings.data_dir, settings.lock_file))
        reserve = DiskReserve(settings.reserve_file)
        reserve.release()  # the start needs space itself
        directory.note_process()
        former = read_environment(settings.environment_file)
        listener = stack.enter_context(closing(_listen(settings, former)))
        environment = Environment(
            endpoint_url=_url(settings.host, listener.getsockname()[1]),
            secret_access_key=former.secret_access_key if former else new_secret(),
            region=settings.region,
        )
        try:
            objects = stack.enter_context(closing(ObjectStore(settings.s3_dir, settings.region, reserve)))
            operations = (build or _build_operations)(settings, objects, faults)
            stack.enter_context(closing(operations))
            registry = ModelRegistry(settings.registry_file, settings.region, settings.account_id)
            stack.enter_context(closing(registry))
        except (ValueError, OSError) as error:
            raise StartError(str(error)) from error
        moto = stack.enter_context(closing(MotoBackend()))
        logs = TrainingLogs(settings.data_dir / "training-jobs", settings.region, settings.account_id)
        metrics = TrainingMetrics(operations.engine.database)
        put = partial(reported_metrics.put, operations.engine)
        app: ASGIApp = create_app(
            [operations, registry], objects, moto, environment.secret_access_key, logs, metrics, put
        )
        if faults.fault:
            app = FaultyEndpoint(app, CallFaults(faults.fault), settings.account_id)
        operations.start()
        write_environment(settings.environment_file, environment)
        if not reserve.fill():
            log.warning("%s.", what_to_do(settings.data_dir))
        on_ready(environment)
        _run(app, listener, deadline)


@contextmanager
def _full_disk_refused(directory: Path) -> Iterator[None]:
    """Say what to do where the service cannot start for want of disk space. Raises StartError."""
    try:
        yield
    except (OSError, sqlite3.Error, StartError) as error:
        if is_full(error, directory) or (error.__cause__ and is_full(error.__cause__, directory)):
            raise StartError(
                f"{what_to_do(directory)}; or choose another directory with --data-dir."
            ) from error
        raise


def create_app(
    operations: Sequence[Operations],
    objects: ObjectStore,
    moto: MotoBackend,
    secret_access_key: str,
    logs: TrainingLogs | None = None,
    metrics: TrainingMetrics | None = None,
    put_metrics: Callable[[bytes], bytes | None] = lambda body: None,
) -> Endpoint:
    """Return the ASGI application that answers every request to the endpoint.

    Args:
        operations: SageMaker's operations; each call goes to the first that handles it.
        objects: what S3 answers from.
        moto: answers everything else.
        secret_access_key: the service's own.
        logs: the training jobs' logs; None: CloudWatch Logs is moto's alone.
        metrics: the training jobs' metrics; None: CloudWatch is moto's alone.
        put_metrics: takes the metrics that training scripts report; by default moto does.
    """
    return Endpoint(
        operations=operations,
        s3=S3Endpoint(objects),
        moto=moto,
        find_secret=_secret_finder(secret_access_key),
        logs=logs,
        metrics=metrics,
        put_metrics=put_metrics,
    )


def _secret_finder(secret_access_key: str) -> SecretFinder:
    own = Secret(secret_access_key)

    def find(access_key_id: str) -> Secret | None:
        return own if access_key_id == ACCESS_KEY_ID else handed_out_secret(access_key_id)

    return find


def _faults(settings: ServiceSettings) -> FaultFile:
    if settings.faults is None:
        return FaultFile()
    try:
        return load(settings.faults)
    except (ValueError, OSError) as error:
        raise StartError(str(error)) from error


def _build_operations(settings: ServiceSettings, objects: ObjectStore, faults: FaultFile) -> LocalOperations:
    from airflow_hpt_provider.local.events import StateChangeEvents
    from airflow_hpt_provider.local.operations import build_operations

    events = StateChangeEvents(settings.region, settings.account_id)
    if not faults.training_job:
        return build_operations(
            settings,
            objects,
            on_change=events,
            failure_of=faults.failure_of,
            on_training_change=events.training_job,
        )
    trials = TrainingJobFaults(faults.training_job)
    return build_operations(
        settings,
        objects,
        lambda runner: FaultyRunner(runner, trials),
        events,
        faults.failure_of,
        events.training_job,
    )


def _listen(settings: ServiceSettings, former: Environment | None) -> socket.socket:
    """Return a listening socket. Port 0 is the former port if it is free, so that clients survive our restart."""
    ports = [settings.port]
    if not settings.port and former and (port := _port(former.endpoint_url)):
        ports.insert(0, port)
    for port in ports:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host.strip("[]"), port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            if port == ports[-1]:
                raise StartError(
                    f"Cannot listen on {settings.host} port {port} ({error.strerror}): choose another with --port, "
                    "or --port 0 for a free one."
                ) from error
        else:
            return listener
    raise AssertionError("unreachable: the last port either listens or raises")


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def _url(host: str, port: int) -> str:
    return f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"


def _run(app: ASGIApp, listener: socket.socket, deadline: StopDeadline) -> None:
    _Server(server_config(app, RESPONSE_SECONDS), deadline).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's server, which would end the process by the signal that stopped it; we have things to close."""

    def __init__(self, config: uvicorn.Config, deadline: StopDeadline) -> None:
        super().__init__(config)
        self._deadline = deadline

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self._deadline.begin()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM end :meth:`run`, no more."""
        former = {s: signal.signal(s, self.handle_exit) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

"""Responses of a size that would fill a process's memory: bombs of gzip, and bodies without end."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc

import pytest

from airflow_hpt_provider.hooks import response_time
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from tests.support.lying_endpoint import Lie, LyingEndpoint
from tests.support.scripted_sagemaker import ScriptedEndpoint, ScriptedJob, ScriptedSageMaker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

MIB = 2**20
NAME = "job"
ONCE = {"config_kwargs": {"retries": {"total_max_attempts": 1}}}


class EndlessBody(ScriptedEndpoint):
    """Promises a body of a terabyte, and sends it as fast as it is read."""

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n")
            writer.write(b"Content-Length: 1000000000000\r\n\r\n{")
            while True:
                writer.write(b" " * MIB)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def error_of(hook) -> tuple[Exception, int]:
    """What a poll raises, and the most memory that it has taken."""
    hook.ready()
    tracemalloc.start()
    try:
        with pytest.raises(Exception) as raised:
            hook.describe_once(NAME)
        return raised.value, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_body_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(response_time, "RESPONSE_BYTES", 8 * MIB)
    with EndlessBody(ScriptedSageMaker()) as running:
        monkeypatch.setenv("AIRFLOW_CONN_ENDLESS", running.connection(**ONCE))
        error, taken = error_of(ConnectionSettings("endless").hook())
    assert classify(error) is ErrorClass.TRANSIENT
    assert taken < 64 * MIB


@pytest.mark.parametrize("header", ["Content-Encoding: gzip", "Content-Encoding: gzip, gzip", "X-None: 1"])
def test_a_bomb_of_gzip_is_not_unpacked(monkeypatch, header):
    bomb = gzip.compress(b"[" * 200 * MIB, 1)
    assert len(bomb) < MIB
    script = ScriptedSageMaker()
    script.add([ScriptedJob(NAME, created=time.time() - 60, ends=1e12)])
    with LyingEndpoint(script) as running:
        monkeypatch.setenv("AIRFLOW_CONN_LIAR", running.connection(**ONCE))
        hook = ConnectionSettings("liar").hook()
        running.lies.append(Lie(body=lambda true: bomb, headers=(header,)))
        error, taken = error_of(hook)
        assert classify(error) is ErrorClass.TRANSIENT
        assert taken < 32 * MIB
        assert hook.describe_once(NAME).status == "InProgress"

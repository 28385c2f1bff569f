"""Bodies that are not what their protocol says."""

from __future__ import annotations

import json

import pytest
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.local.aws_json.service_model import cloudwatch_model
from airflow_hpt_provider.local.cloudwatch.wire import Call, Protocol, answer, call_of
from airflow_hpt_provider.local.http.request import WireRequest

REQUEST = {"Namespace": "/aws/sagemaker/TrainingJobs", "MetricName": "loss"}


class Recorder:
    """Stands for the metrics: what a call's parameters are once they are read."""

    def answer(self, operation, parameters):
        self.read = (operation, dict(parameters))
        return {"Metrics": []}


def wire(operation, protocol, parameters):
    made = create_serializer(protocol).serialize_to_request(
        parameters, cloudwatch_model().operation(operation)
    )
    headers = {name.lower(): value for name, value in made["headers"].items()}
    body = made["body"]
    if isinstance(body, dict):
        from urllib.parse import urlencode

        body, headers["content-type"] = urlencode(body), "application/x-www-form-urlencoded"
    body = body.encode() if isinstance(body, str) else bytes(body)
    return WireRequest("POST", made["url_path"], "", headers, "id"), body


@pytest.mark.parametrize("protocol", ["query", "json", "smithy-rpc-v2-cbor"])
@given(name=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30))
def test_what_a_client_writes_is_what_is_read(protocol, name):
    parameters = {**REQUEST, "MetricName": name, "Dimensions": [{"Name": "TrainingJobName", "Value": name}]}
    request, body = wire("ListMetrics", protocol, parameters)
    call, recorder = call_of(request, body), Recorder()
    response = answer(recorder, call, body, "id")
    assert response.status_code == 200, response.body
    assert recorder.read == ("ListMetrics", parameters)


@given(st.binary(max_size=200))
def test_any_bytes_as_cbor_are_answered(body):
    response = answer(Recorder(), Call(Protocol.CBOR, "ListMetrics", {}), body, "id")
    if response.status_code != 200:
        reader = RpcV2CBORParser()
        error = reader.parse_data_item(reader.get_peekable_stream_from_bytes(bytes(response.body)))
        assert response.status_code == 400
        assert "Exception" in error["__type"] or "Error" in error["__type"]


@given(st.binary(max_size=200))
def test_any_bytes_as_json_are_answered(body):
    response = answer(Recorder(), Call(Protocol.JSON, "ListMetrics", {}), body, "id")
    if response.status_code != 200:
        assert response.status_code == 400
        assert json.loads(response.body)["message"]


def test_deep_cbor_is_refused():
    body = b"\x81" * 100_000
    response = answer(Recorder(), Call(Protocol.CBOR, "ListMetrics", {}), body, "id")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/", {"x-amz-target": "GraniteServiceVersion20100801.PutMetricData"}),
        ("/service/GraniteServiceVersion20100801/operation/PutMetricData", {}),
        ("/", {"content-type": "application/x-www-form-urlencoded"}),
    ],
)
def test_other_calls_are_not_for_us(path, headers):
    assert call_of(WireRequest("POST", path, "", headers, "id"), b"Action=PutMetricData") is None

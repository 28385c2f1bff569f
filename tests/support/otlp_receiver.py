"""An OpenTelemetry collector on loopback: it receives metrics by OTLP over HTTP, and keeps what it was sent."""

from __future__ import annotations

import gzip
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest


@dataclass(frozen=True)
class Point:
    """One data point: ``sum``, ``gauge`` or ``exponential_histogram``, with its value or the sum of its values."""

    name: str
    kind: str
    value: float
    attributes: dict[str, str]


class OtlpReceiver:
    """Receives in threads of its own, on a free port. Use as a context manager."""

    def __init__(self) -> None:
        self._points: list[Point] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver._points.extend(_points(body))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make Airflow's processes send their metrics here, each second."""
        return {
            "AIRFLOW__METRICS__OTEL_ON": "True",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._server.server_address[1]}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        }

    def of(self, name: str, **attributes: str) -> list[Point]:
        """Return the points of a metric with these attributes."""
        return [
            one
            for one in list(self._points)
            if one.name == name and one.attributes.items() >= attributes.items()
        ]

    def names(self, prefix: str) -> set[str]:
        """Return the names of metrics that begin so."""
        return {one.name for one in list(self._points) if one.name.startswith(prefix)}

    def wait_for(self, name: str, seconds: float = 60, **attributes: str) -> list[Point]:
        """Wait until a metric has arrived, and return its points."""
        deadline = time.monotonic() + seconds
        while not (found := self.of(name, **attributes)):
            assert time.monotonic() < deadline, (
                f"{name} {attributes} is not among {self.names('airflow.hpt')}"
            )
            time.sleep(0.1)
        return found


def _points(body: bytes) -> list[Point]:
    request = ExportMetricsServiceRequest.FromString(body)
    found = []
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = str(metric.WhichOneof("data"))
                for point in getattr(metric, kind).data_points:
                    is_histogram = kind.endswith("histogram")
                    value = point.sum if is_histogram else getattr(point, point.WhichOneof("value"))
                    attributes = {each.key: each.value.string_value for each in point.attributes}
                    found.append(Point(metric.name, kind, float(value), attributes))
    return found

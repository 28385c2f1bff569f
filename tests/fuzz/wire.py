"""Signing and sending, with nothing put right on the way."""

from __future__ import annotations

import contextlib
import http.client
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest import mock
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fuzz.case import Signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fuzz.case import Case

TIMEOUT_SECONDS = 60
SHIFTS = {Signature.OLD: timedelta(minutes=-20), Signature.FUTURE: timedelta(minutes=20)}


@dataclass(frozen=True)
class Answer:
    """What came back; status 0: nothing, the connection was closed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class _Connection(http.client.HTTPConnection):
    """Sends paths that are not ASCII too."""

    def _encode_request(self, request: str) -> bytes:
        return request.encode()


class Wire:
    """Sends cases to one endpoint over one connection, made again when it is closed.

    Args:
        environment: the lines of the service's ``local.env``.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = urlsplit(environment["AWS_ENDPOINT_URL"])
        self._host, self._port = str(address.hostname), int(address.port or 80)
        self._key, self._secret = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send(self, case: Case) -> Answer:
        """Send one; a connection that the service has closed since the one before is no answer to this one."""
        if case.raw is not None:
            return self._send_raw(case.raw)
        headers = self._signed(case) | case.sent_headers
        body = case.body if case.sent_body is None else case.sent_body
        fresh = self._connection is None
        try:
            return self._exchange(case, headers, body)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            if fresh:
                return Answer(0)
        try:
            return self._exchange(case, headers, body)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            return Answer(0)

    def _exchange(self, case: Case, headers: dict[str, str], body: bytes) -> Answer:
        if self._connection is None:
            self._connection = _Connection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        connection = self._connection
        connection.putrequest(case.method, case.path, skip_host=True, skip_accept_encoding=True)
        if "Content-Length" not in headers:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            connection.putheader(name, value.encode())
        connection.endheaders()
        with contextlib.suppress(ConnectionError):  # it may have answered and closed before it has read all
            connection.send(body)
        response = connection.getresponse()
        answer = Answer(response.status, {n.lower(): v for n, v in response.headers.items()}, response.read())
        if response.will_close or len(body) != int(headers["Content-Length"]):
            self.close()
        return answer

    def _signed(self, case: Case) -> dict[str, str]:
        url = f"http://{self._host}:{self._port}{case.path}"
        # botocore would escape what http.client then sends as it is: both get the same.
        request = AWSRequest(method=case.method, url=url, data=case.body, headers=dict(case.headers))
        if "Host" not in request.headers:
            request.headers["Host"] = f"{self._host}:{self._port}"
        request.context["client_config"] = None
        if case.signature is not Signature.NONE:
            self._sign(request, case)
        return {str(name): str(value) for name, value in request.headers.items()}

    def _sign(self, request: AWSRequest, case: Case) -> None:
        key = "nobody" if case.signature is Signature.KEY else self._key
        secret = "wrong" if case.signature is Signature.SECRET else self._secret
        service = "elsewhere" if case.signature is Signature.OTHER_SERVICE else case.service
        now = datetime.now(UTC) + SHIFTS.get(case.signature, timedelta())
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
            Credentials(key, secret), service, "us-east-1"
        )
        with mock.patch("botocore.auth.get_current_datetime", return_value=now):
            signer.add_auth(request)
        if "X-Amz-Content-SHA256" in case.headers:  # botocore puts its own in its place
            del request.headers["Authorization"]
            del request.headers["X-Amz-Content-SHA256"]
            request.headers["X-Amz-Content-SHA256"] = case.headers["X-Amz-Content-SHA256"]
            canonical = signer.canonical_request(request)
            signature = signer.signature(signer.string_to_sign(request, canonical), request)
            signer._inject_signature_to_request(request, signature)
        if case.signature is Signature.NOT_WHOLE:
            text = request.headers["Authorization"].replace("host;", "")
            del request.headers["Authorization"]
            request.headers["Authorization"] = text

    def _send_raw(self, raw: bytes) -> Answer:
        with socket.create_connection((self._host, self._port), timeout=TIMEOUT_SECONDS) as connection:
            received = b""
            with contextlib.suppress(ConnectionError):
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(65536):
                    received += piece
        if not received:
            return Answer(0)
        head, _, body = received.partition(b"\r\n\r\n")
        status = head.split(b" ")[1] if head.startswith(b"HTTP/1.") else b""
        return Answer(int(status) if status.isdigit() else 999, {}, body)

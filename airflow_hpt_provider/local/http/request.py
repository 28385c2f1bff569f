"""An HTTP request as the signature sees it: nothing decoded, nothing normalised."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

CONTENT_TYPE = "application/x-amz-json-1.1"
"""The content type of the JSON 1.1 protocol, in requests and responses."""


@dataclass(frozen=True)
class WireRequest:
    """A request without its body.

    Attributes:
        method: in upper case.
        path: as it came, still percent-encoded.
        query: as it came, without the question mark.
        headers: names in lower case; repeated ones joined with commas, as SigV4 wants them.
        id: what we answer as the request id.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    id: str

    @classmethod
    def from_scope(cls, scope: Scope, request_id: str) -> WireRequest:
        """Build the request from an ASGI scope."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        path = scope.get("raw_path") or scope["path"].encode()
        return cls(
            method=scope["method"].upper(),
            path=path.split(b"?")[0].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            id=request_id,
        )

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The query's parameters, decoded; the first of each name."""
        found: dict[str, str] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, value)
        return found

    @property
    def url(self) -> str:
        """The whole URL, as the client signed it."""
        query = f"?{self.query}" if self.query else ""
        return f"http://{self.headers.get('host', '')}{self.path}{query}"

    @property
    def target(self) -> str:
        """The X-Amz-Target header: ``Service.Operation`` in the JSON protocols, else empty."""
        return self.headers.get("x-amz-target", "")


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")

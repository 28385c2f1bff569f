"""Which S3 operation a request is, from botocore's own model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.loaders import Loader
from moto.core.model import OperationModel, ServiceModel, StructureShape

from airflow_hpt_provider.local.s3.errors import s3_error

if TYPE_CHECKING:
    from collections.abc import Mapping

# Operations of other endpoints, or that only directory buckets have.
_ELSEWHERE = {"WriteGetObjectResponse", "ListDirectoryBuckets", "CreateSession"}
_LEVELS = {"/": 0, "/{Bucket}": 1, "/{Bucket}/{Key+}": 2}


@dataclass(frozen=True)
class _Route:
    """What a request must have to be this operation."""

    operation: str
    literals: frozenset[str]
    query: frozenset[str]
    headers: frozenset[str]

    @property
    def weight(self) -> int:
        return len(self.literals) + len(self.query) + len(self.headers)


@cache
def s3_model() -> ServiceModel:
    """S3's service model, loaded once per process."""
    return ServiceModel(Loader().load_service_model("s3", "service-2"), "s3")


@cache
def s3_operation(name: str) -> OperationModel:
    """Return an operation's model; kept, since building it takes time."""
    model: OperationModel = s3_model().operation_model(name)
    return model


def route(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Return the operation's name.

    Raises:
        ServiceError: MethodNotAllowed.
    """
    level = 2 if key else 1 if bucket else 0
    candidates = [
        r
        for r in _routes().get((method, level), ())
        if r.literals <= query.keys() and r.query <= query.keys() and r.headers <= headers.keys()
    ]
    if not candidates:
        raise s3_error("MethodNotAllowed")
    best = max(candidates, key=lambda r: r.weight)
    # DELETE /bucket?acl must never become DeleteBucket.
    if (_subresources() & query.keys()) - best.literals - best.query:
        raise s3_error("MethodNotAllowed")
    return best.operation


@cache
def _routes() -> dict[tuple[str, int], list[_Route]]:
    routes: dict[tuple[str, int], list[_Route]] = {}
    for name in s3_model().operation_names:
        operation = s3_operation(name)
        trait = operation.http_trait
        if name in _ELSEWHERE or trait.path not in _LEVELS:
            continue
        shape = cast("StructureShape | None", operation.input_shape)
        found = _Route(
            operation=name,
            literals=frozenset(trait.query_args),
            query=frozenset(shape.required_query_args) if shape else frozenset(),
            headers=frozenset(h.lower() for h in shape.required_headers) if shape else frozenset(),
        )
        routes.setdefault((trait.method, _LEVELS[trait.path]), []).append(found)
    return routes


@cache
def _subresources() -> frozenset[str]:
    literals = {name for routes in _routes().values() for r in routes for name in r.literals}
    return frozenset(literals | {"uploadId"}) - {"list-type", "x-id"}

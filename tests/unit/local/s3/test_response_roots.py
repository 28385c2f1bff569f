"""Each S3 response has the elements of S3's API reference; botocore's own parser would accept any root."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from airflow_hpt_provider.local.s3.wire import shapes
from airflow_hpt_provider.local.s3.wire.app import OPERATIONS
from airflow_hpt_provider.local.s3.wire.routing import s3_operation

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"

_CHECKSUMS = " ".join(
    f"Checksum{name}"
    for name in [
        "CRC32",
        "CRC32C",
        "CRC64NVME",
        "MD5",
        "SHA1",
        "SHA256",
        "SHA512",
        "XXHASH128",
        "XXHASH3",
        "XXHASH64",
    ]
)
_OWNER, _INITIATOR = "Owner(DisplayName ID)", "Initiator(DisplayName ID)"
_OBJECT = (
    f"Contents(ChecksumAlgorithm ChecksumType ETag Key LastModified {_OWNER} "
    "RestoreStatus(IsRestoreInProgress RestoreExpiryDate) Size StorageClass)"
)
_LIST = f"CommonPrefixes(Prefix) {_OBJECT} Delimiter EncodingType IsTruncated MaxKeys Name Prefix"
_TAGGING = "Tagging(TagSet(Tag(Key Value)))"

REFERENCE = {
    "ListBuckets": (
        f"ListAllMyBucketsResult(Buckets(Bucket(BucketArn BucketRegion CreationDate Name)) ContinuationToken {_OWNER} "
        "Prefix)"
    ),
    "GetBucketLocation": "LocationConstraint",
    "GetBucketVersioning": "VersioningConfiguration(MfaDelete Status)",
    "GetBucketTagging": _TAGGING,
    "GetObjectTagging": _TAGGING,
    "ListObjects": f"ListBucketResult({_LIST} Marker NextMarker)",
    "ListObjectsV2": f"ListBucketResult({_LIST} ContinuationToken KeyCount NextContinuationToken StartAfter)",
    "ListObjectVersions": (
        f"ListVersionsResult(CommonPrefixes(Prefix) DeleteMarker(IsLatest Key LastModified {_OWNER} VersionId) "
        "Delimiter EncodingType IsTruncated KeyMarker MaxKeys Name NextKeyMarker NextVersionIdMarker Prefix "
        f"Version(ChecksumAlgorithm ChecksumType ETag IsLatest Key LastModified {_OWNER} "
        "RestoreStatus(IsRestoreInProgress RestoreExpiryDate) Size StorageClass VersionId) "
        "VersionIdMarker)"
    ),
    "CopyObject": f"CopyObjectResult(ChecksumType {_CHECKSUMS} ETag LastModified)",
    "UploadPartCopy": f"CopyPartResult({_CHECKSUMS} ETag LastModified)",
    "DeleteObjects": (
        "DeleteResult(Deleted(DeleteMarker DeleteMarkerVersionId Key VersionId) Error(Code Key Message VersionId))"
    ),
    "GetObjectAttributes": (
        f"GetObjectAttributesResponse(Checksum(ChecksumType {_CHECKSUMS}) ETag ObjectParts(IsTruncated MaxParts "
        f"NextPartNumberMarker Part({_CHECKSUMS} PartNumber Size) PartNumberMarker PartsCount) ObjectSize StorageClass)"
    ),
    "CreateMultipartUpload": "InitiateMultipartUploadResult(Bucket Key UploadId)",
    "CompleteMultipartUpload": (
        f"CompleteMultipartUploadResult(Bucket ChecksumType {_CHECKSUMS} ETag Key Location)"
    ),
    "ListParts": (
        f"ListPartsResult(Bucket ChecksumAlgorithm ChecksumType {_INITIATOR} IsTruncated Key MaxParts "
        f"NextPartNumberMarker {_OWNER} Part({_CHECKSUMS} ETag LastModified PartNumber Size) PartNumberMarker "
        "StorageClass UploadId)"
    ),
    "ListMultipartUploads": (
        "ListMultipartUploadsResult(Bucket CommonPrefixes(Prefix) Delimiter EncodingType IsTruncated KeyMarker "
        f"MaxUploads NextKeyMarker NextUploadIdMarker Prefix Upload(ChecksumAlgorithm ChecksumType Initiated "
        f"{_INITIATOR} Key {_OWNER} StorageClass UploadId) UploadIdMarker)"
    ),
}
"""Root and members of every XML response, from the "Response Syntax" of S3's API reference."""

NOT_IN_THE_REFERENCE = {("ListMultipartUploads", "Upload", "VersionId")}
"""Members that botocore has and the API reference does not have; the service never sends them."""


def written(element: ET.Element, operation: str) -> str:
    assert element.tag.startswith(NAMESPACE), element.tag
    name = element.tag.removeprefix(NAMESPACE)
    members = [
        written(child, operation)
        for child in element
        if (operation, name, child.tag.removeprefix(NAMESPACE)) not in NOT_IN_THE_REFERENCE
    ]
    return f"{name}({' '.join(sorted(members))})" if members else name


def sample(shape: Any) -> Any:
    """A value with every member of a botocore shape."""
    if shape.type_name == "structure":
        return {name: sample(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member)]
    values = {"integer": 1, "long": 1, "boolean": True, "timestamp": datetime(2026, 1, 2, tzinfo=UTC)}
    return values.get(shape.type_name, "text")


def ordered(reference: str) -> str:
    """The same with its members sorted by name."""
    tokens = re.findall(r"\w+\(|\w+|\)", reference)

    def members() -> list[str]:
        found = []
        while tokens and (token := tokens.pop(0)) != ")":
            found.append(f"{token}{' '.join(sorted(members()))})" if token.endswith("(") else token)
        return found

    return members()[0]


@pytest.mark.parametrize("operation", REFERENCE)
def test_elements_are_those_of_the_api_reference(operation: str) -> None:
    _, headers, body = shapes.render(operation, sample(s3_operation(operation).output_shape), "id")
    assert headers["content-type"] == "application/xml"
    assert written(ET.fromstring(body), operation) == ordered(REFERENCE[operation])


def test_the_table_has_every_operation_with_xml() -> None:
    with_xml = set()
    for operation in OPERATIONS:
        shape: Any = s3_operation(operation).output_shape
        members = shape.members.values() if shape else ()
        if operation != "GetObject" and any("location" not in member.serialization for member in members):
            with_xml.add(operation)
    assert with_xml == set(REFERENCE) == set(shapes.ROOTS)


def test_an_empty_response_has_its_root() -> None:
    _, _, body = shapes.render("GetBucketVersioning", {}, "id")
    assert ET.fromstring(body).tag == f"{NAMESPACE}VersioningConfiguration"
    _, _, body = shapes.render("GetBucketLocation", {"LocationConstraint": "eu-west-1"}, "id")
    assert ET.fromstring(body).text == "eu-west-1"
    _, _, body = shapes.render("GetBucketLocation", {"LocationConstraint": None}, "id")
    assert ET.fromstring(body).text is None


def test_a_carriage_return_in_a_key_comes_back() -> None:
    _, _, body = shapes.render("DeleteObjects", {"Deleted": [{"Key": "a\r\nb\rc\t"}]}, "id")
    assert ET.fromstring(body)[0][0].text == "a\r\nb\rc\t"

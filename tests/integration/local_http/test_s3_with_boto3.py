"""S3 as unmodified boto3 uses it."""

from __future__ import annotations

import io
import os
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

pytestmark = pytest.mark.integration


def code_of(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_put_get_head(s3: Any, bucket: str) -> None:
    key = "ordner/ä ö+&=?#%41/日本.txt"
    put = s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=b"content",
        ContentType="text/x",
        Metadata={"Who": "me"},
        CacheControl="no-cache",
    )
    assert put["ChecksumCRC32"]
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == b"content"
    head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    for answer in (got, head):
        assert (answer["ContentType"], answer["CacheControl"]) == ("text/x", "no-cache")
        assert answer["Metadata"] == {"who": "me"}
        assert (answer["ETag"], answer["ContentLength"]) == (put["ETag"], 7)
    assert head["ChecksumCRC32"] == put["ChecksumCRC32"]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_verified_and_given_back(s3: Any, bucket: str, algorithm: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"content", ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
    got["Body"].read()  # botocore verifies here
    wrong = {f"Checksum{algorithm}": put[f"Checksum{algorithm}"]}
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"other", **wrong) == "BadDigest"


def test_large_files_both_ways(s3: Any, bucket: str, tmp_path: Path) -> None:
    content = os.urandom((20 << 20) + 123)
    (tmp_path / "up").write_bytes(content)
    s3.upload_file(str(tmp_path / "up"), bucket, "big", Config=TransferConfig(multipart_chunksize=6 << 20))
    s3.download_file(bucket, "big", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == content
    head = s3.head_object(Bucket=bucket, Key="big")
    assert head["ETag"].endswith('-4"')
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copied")
    part = s3.get_object(Bucket=bucket, Key="copied", Range="bytes=6291450-6291460")
    assert part["Body"].read() == content[6291450:6291461]
    assert part["ContentRange"] == f"bytes 6291450-6291460/{len(content)}"
    attributes = s3.get_object_attributes(
        Bucket=bucket, Key="big", ObjectAttributes=["ObjectParts", "ObjectSize"]
    )
    assert (attributes["ObjectSize"], attributes["ObjectParts"]["TotalPartsCount"]) == (len(content), 4)
    second = s3.get_object(Bucket=bucket, Key="big", PartNumber=2)
    assert second["Body"].read() == content[6 << 20 : 12 << 20]


def test_a_service_that_streams_stays_small(service: Any, s3: Any, bucket: str) -> None:
    def peak_kib() -> int:
        status = Path(f"/proc/{service.process.pid}/status")
        if not status.exists():
            pytest.skip("no /proc on this system")
        return int(next(li for li in status.read_text().splitlines() if li.startswith("VmHWM")).split()[1])

    s3.put_object(Bucket=bucket, Key="warm", Body=b"x" * (4 << 20))
    before = peak_kib()
    s3.put_object(Bucket=bucket, Key="big", Body=io.BytesIO(bytes(150 << 20)))
    body = s3.get_object(Bucket=bucket, Key="big")["Body"]
    assert sum(len(chunk) for chunk in body.iter_chunks(1 << 20)) == 150 << 20
    assert peak_kib() - before < 75 * 1024


def test_range_reads_like_a_dataframe_library(s3: Any, bucket: str) -> None:
    content = bytes(range(256)) * 100
    s3.put_object(Bucket=bucket, Key="data", Body=content)
    for range_, expected in (
        ("bytes=0-3", content[:4]),
        ("bytes=-8", content[-8:]),
        ("bytes=25590-", content[25590:]),
    ):
        answer = s3.get_object(Bucket=bucket, Key="data", Range=range_)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert answer["Body"].read() == expected
    assert code_of(s3.get_object, Bucket=bucket, Key="data", Range="bytes=99999-") == "InvalidRange"


def test_conditional_requests(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfMatch='"x"') == "PreconditionFailed"
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfMatch=etag)
    assert code_of(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == "304"
    assert code_of(s3.get_object, Bucket=bucket, Key="k", IfMatch='"x"') == "PreconditionFailed"
    later = datetime.now(UTC) + timedelta(hours=1)
    assert code_of(s3.head_object, Bucket=bucket, Key="k", IfModifiedSince=later) == "304"


def test_lists_with_delimiters_and_pages(s3: Any, bucket: str) -> None:
    keys = ["a", "b/1", "b/2", "c d/1", "e+f", "ü"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for operation in ("list_objects", "list_objects_v2"):
        pages = s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
        assert [o["Key"] for page in pages for o in page.get("Contents", [])] == keys
        pages = s3.get_paginator(operation).paginate(
            Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1}
        )
        found = [(p.get("Contents"), p.get("CommonPrefixes")) for p in pages]
        assert [c[0]["Key"] for c, _ in found if c] == ["a", "e+f", "ü"]
        assert [p[0]["Prefix"] for _, p in found if p] == ["b/", "c d/"]
    assert s3.list_objects_v2(Bucket=bucket, StartAfter="b/1", MaxKeys=1)["Contents"][0]["Key"] == "b/2"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="zz")["KeyCount"] == 0
    assert code_of(s3.list_objects_v2, Bucket=bucket, ContinuationToken="?") == "InvalidArgument"


def test_copy_with_new_metadata(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x", Metadata={"m": "1"}, Tagging="t=1")
    source = {"Bucket": bucket, "Key": "a b"}
    s3.copy_object(Bucket=bucket, Key="c", CopySource=source)
    assert s3.head_object(Bucket=bucket, Key="c")["Metadata"] == {"m": "1"}
    assert s3.get_object_tagging(Bucket=bucket, Key="c")["TagSet"] == [{"Key": "t", "Value": "1"}]
    s3.copy_object(
        Bucket=bucket, Key="c", CopySource=source, MetadataDirective="REPLACE", Metadata={"n": "2"}
    )
    assert s3.head_object(Bucket=bucket, Key="c")["Metadata"] == {"n": "2"}
    assert code_of(s3.copy_object, Bucket=bucket, Key="a b", CopySource=source) == "InvalidRequest"
    missing = {"Bucket": bucket, "Key": "none"}
    assert code_of(s3.copy_object, Bucket=bucket, Key="c", CopySource=missing) == "NoSuchKey"


def test_tags(s3: Any, bucket: str) -> None:
    tags = [{"Key": "a", "Value": "1 & 2"}, {"Key": "ü", "Value": ""}]
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="x=1")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert code_of(s3.get_bucket_tagging, Bucket=bucket) == "NoSuchTagSet"
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    eleven = {"TagSet": [{"Key": str(n), "Value": ""} for n in range(11)]}
    assert code_of(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=eleven) == "InvalidTag"


def test_delete_many(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert code_of(s3.delete_bucket, Bucket=bucket) == "BucketNotEmpty"
    objects = [{"Key": key} for key in ("a", "b", "never was")]
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})["Deleted"]
    assert [d["Key"] for d in deleted] == ["a", "b", "never was"]
    assert "Deleted" not in s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True}
    )
    s3.delete_bucket(Bucket=bucket)
    assert code_of(s3.head_bucket, Bucket=bucket) == "404"


def test_multipart_listing(s3: Any, bucket: str) -> None:
    ids = [s3.create_multipart_upload(Bucket=bucket, Key=f"k{n}")["UploadId"] for n in range(3)]
    for number in (1, 2, 3):
        s3.upload_part(Bucket=bucket, Key="k0", UploadId=ids[0], PartNumber=number, Body=b"x")
    pages = s3.get_paginator("list_parts").paginate(
        Bucket=bucket, Key="k0", UploadId=ids[0], PaginationConfig={"PageSize": 2}
    )
    assert [p["PartNumber"] for page in pages for p in page["Parts"]] == [1, 2, 3]
    pages = s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 2}
    )
    assert [u["UploadId"] for page in pages for u in page["Uploads"]] == ids
    for number, upload in enumerate(ids):
        s3.abort_multipart_upload(Bucket=bucket, Key=f"k{number}", UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls(service: Any, bucket: str, version: str) -> None:
    s3 = service.client("s3", Config(signature_version=version))
    where = {"Bucket": bucket, "Key": "a/ü b"}
    put = s3.generate_presigned_url("put_object", {**where, "ContentType": "text/x"})
    request = urllib.request.Request(put, b"content", {"Content-Type": "text/x"}, method="PUT")
    assert urllib.request.urlopen(request).status == 200
    get = s3.generate_presigned_url("get_object", {**where, "ResponseContentType": "text/y"})
    with urllib.request.urlopen(get) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (b"content", "text/y")


@pytest.mark.parametrize("text", ["attachment\r\nX-Evil: 1", "a\nb", "a\x00b", "a\x7fb"])
def test_a_response_header_has_no_line_breaks(s3: Any, bucket: str, text: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    for call in (s3.get_object, s3.head_object):
        with pytest.raises(ClientError) as caught:
            call(Bucket=bucket, Key="k", ResponseContentDisposition=text)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_metadata_has_2_kb_at_most(s3: Any, bucket: str) -> None:
    fits = {"a": "x" * 1023, "b": "y" * 1023}
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata=fits)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == fits
    too_large = {**fits, "c": ""}
    for call in (s3.put_object, s3.create_multipart_upload):
        assert code_of(call, Bucket=bucket, Key="k", Metadata=too_large) == "MetadataTooLarge"
    source = {"Bucket": bucket, "Key": "k"}
    replaced = {"CopySource": source, "MetadataDirective": "REPLACE", "Metadata": too_large}
    assert code_of(s3.copy_object, Bucket=bucket, Key="copy", **replaced) == "MetadataTooLarge"


def test_unsigned_payload(service: Any, bucket: str) -> None:
    s3 = service.client("s3", Config(s3={"payload_signing_enabled": False}))
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"


def test_bucket_rules(s3: Any, service: Any, bucket: str) -> None:
    s3.create_bucket(Bucket=bucket)  # in us-east-1, one's own bucket again is no error
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    elsewhere = service.client("s3", region_name="eu-west-1")
    name = f"{bucket}-eu"
    constraint = {"LocationConstraint": "eu-west-1"}
    elsewhere.create_bucket(Bucket=name, CreateBucketConfiguration=constraint)
    assert elsewhere.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    again = code_of(elsewhere.create_bucket, Bucket=name, CreateBucketConfiguration=constraint)
    assert again == "BucketAlreadyOwnedByYou"
    assert code_of(s3.create_bucket, Bucket="Not_A_Name") == "InvalidBucketName"


def test_what_is_not_there(s3: Any, bucket: str) -> None:
    assert code_of(s3.get_object, Bucket=bucket, Key="none") == "NoSuchKey"
    assert code_of(s3.get_object, Bucket="no-such-bucket", Key="none") == "NoSuchBucket"
    assert code_of(s3.get_bucket_acl, Bucket=bucket) == "NotImplemented"
    assert code_of(
        s3.put_object,
        Bucket=bucket,
        Key="k",
        Body=b"",
        SSECustomerAlgorithm="AES256",
        SSECustomerKey="k" * 32,
    ) == ("NotImplemented")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_expires_header_comes_back(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Expires=datetime(2030, 1, 2, tzinfo=UTC))
    assert s3.get_object(Bucket=bucket, Key="k")["ExpiresString"] == "Wed, 02 Jan 2030 00:00:00 GMT"


def test_pages_of_uploads_with_a_delimiter(s3: Any, bucket: str) -> None:
    """A page may end with a common prefix: the next continues behind it, and names none twice."""
    for key in ("a/1", "a/2", "b", "c/1", "d"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    for size in (1, 2, 3):
        paginator = s3.get_paginator("list_multipart_uploads")
        found = [
            each.get("Key") or each["Prefix"]
            for page in paginator.paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size})
            for each in (*page.get("Uploads", ()), *page.get("CommonPrefixes", ()))
        ]
        assert sorted(found) == ["a/", "b", "c/", "d"], size


def test_versions_of_a_bucket_without_versioning(service: Any, s3: Any, bucket: str) -> None:
    keys = ["a", "b/1", "b/2", "c"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    found = [version for page in pages for version in page["Versions"]]
    assert [version["Key"] for version in found] == keys
    assert {(version["VersionId"], version["IsLatest"]) for version in found} == {("null", True)}
    grouped = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [each["Prefix"] for each in grouped["CommonPrefixes"]] == ["b/"]
    assert code_of(s3.list_object_versions, Bucket=bucket, VersionIdMarker="null") == "InvalidArgument"
    refused = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a", "VersionId": "other"}]})
    assert [(each["Key"], each["Code"]) for each in refused["Errors"]] == [("a", "InvalidArgument")]
    environment = service.environment
    resource: Any = boto3.resource(
        "s3",
        endpoint_url=service.endpoint,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    resource.Bucket(bucket).object_versions.delete()
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_owners_in_lists(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    owner = s3.list_buckets()["Owner"]
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]["Owner"] == owner
    assert s3.list_objects(Bucket=bucket)["Contents"][0]["Owner"] == owner


def test_location_constraints(s3: Any, service: Any, bucket: str) -> None:
    def constrained(client: Any, constraint: str | None) -> str:
        more = {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
        return code_of(client.create_bucket, Bucket=f"{bucket}-x", **more)

    assert constrained(s3, "no-where-1") == "InvalidLocationConstraint"
    assert constrained(s3, "us-east-1") == "InvalidLocationConstraint"
    elsewhere = service.client("s3", region_name="eu-west-1")
    assert constrained(elsewhere, "eu-central-1") == "IllegalLocationConstraintException"
    assert constrained(elsewhere, None) == "IllegalLocationConstraintException"


def error_of(call: Any, **parameters: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return {**caught.value.response["Error"], **caught.value.response["ResponseMetadata"]["HTTPHeaders"]}


def test_errors_name_what_they_are_about(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"123")["ETag"]
    assert error_of(s3.list_objects_v2, Bucket="no-such-bucket")["BucketName"] == "no-such-bucket"
    assert error_of(s3.get_object, Bucket=bucket, Key="a & b")["Key"] == "a & b"
    outside = error_of(s3.get_object, Bucket=bucket, Key="k", Range="bytes=9-")
    assert (outside["ActualObjectSize"], outside["RangeRequested"]) == ("3", "bytes=9-")
    assert error_of(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag)["etag"] == etag
    source = {"Bucket": bucket, "Key": "none"}
    assert "Key" not in error_of(s3.copy_object, Bucket=bucket, Key="k2", CopySource=source)


@pytest.mark.parametrize("size", [0, 100, 3 << 20])
@pytest.mark.parametrize(
    ("operation", "wrong", "code"),
    [
        ("put_object", {"Bucket": "no-such-bucket-here"}, "NoSuchBucket"),
        ("put_object", {"Key": "k" * 1025}, "KeyTooLongError"),
        ("upload_part", {"UploadId": "none", "PartNumber": 1}, "NoSuchUpload"),
        ("put_object", {}, "InvalidAccessKeyId"),
    ],
)
def test_a_connection_is_usable_after_a_refused_upload(
    service: Any, bucket: str, operation: str, wrong: dict[str, Any], code: str, size: int
) -> None:
    """botocore waits for 100 Continue, and does not send the body after a final response."""
    unknown = {"aws_access_key_id": "unknown"} if code == "InvalidAccessKeyId" else {}
    client = service.client("s3", Config(max_pool_connections=1), **unknown)
    upload = {"Bucket": bucket, "Key": "k", "Body": b"x" * size, **wrong}
    for _ in range(2):
        assert code_of(getattr(client, operation), **upload) == code
        assert code_of(client.head_object, Bucket=bucket, Key="none") in ("404", "403")


def test_other_connections_are_kept(s3: Any, bucket: str) -> None:
    """A client pays for a new one only where a body may still be on its way."""
    answers = [s3.put_object(Bucket=bucket, Key="k", Body=b"x" * size) for size in (0, 100, 3 << 20)]
    answers += [s3.get_object(Bucket=bucket, Key="k"), s3.list_objects_v2(Bucket=bucket)]
    answers[3]["Body"].read()
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=bucket, Key="none")
    for answer in (*answers, refused.value.response):
        assert "connection" not in answer["ResponseMetadata"]["HTTPHeaders"]

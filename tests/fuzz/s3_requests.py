"""Malformed requests to the object store."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING

from tests.fuzz.case import Case, Kind, Refused, Signature

if TYPE_CHECKING:
    from tests.fuzz.service import Resources

BOMB = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
    + b"]>"
)
ENTITY = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def s3(method: str, path: str, body: bytes = b"", **headers: str) -> Case:
    """A request to the object store."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Case(method=method, path=path, headers=named, body=body, service="s3", refused=Refused.S3)


def signature(rng: random.Random, resources: Resources) -> Case:
    case = rng.choice(
        (
            s3("PUT", f"/{resources.bucket}/new", b"x"),
            s3("DELETE", f"/{resources.bucket}/key"),
            s3("GET", f"/{resources.bucket}/key"),
            s3("PUT", f"/fuzz-{rng.randrange(10**6)}"),
        )
    )
    wrong = [each for each in Signature if each not in (Signature.GOOD, Signature.OTHER_SERVICE)]
    return dataclasses.replace(case, signature=rng.choice(wrong))


def presigned(rng: random.Random, resources: Resources) -> Case:
    """Presigned URLs that are incomplete or made up; expired and altered ones are in the tests of signatures."""
    four = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "local-tuning-service/20260101/us-east-1/s3/aws4_request",
        "X-Amz-Date": "20260101T000000Z",
        "X-Amz-Expires": "60",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0" * 64,
    }
    two = {"AWSAccessKeyId": "local-tuning-service", "Signature": "AAAA", "Expires": "99999999999"}
    query = dict(rng.choice((four, two)))
    name = rng.choice(list(query))
    value = rng.choice(("", "x", "-1", "999999999999", "000000001" + "9" * 5000, "%00", "%C3%A9", None))
    if value is None:
        del query[name]
    else:
        query[name] = value
    text = "&".join(f"{key}={value}" for key, value in query.items())
    case = s3(rng.choice(("GET", "PUT", "DELETE")), f"/{resources.bucket}/key?{text}")
    return dataclasses.replace(case, signature=Signature.NONE)


def digests(rng: random.Random, resources: Resources) -> Case:
    wrong = rng.choice(
        (
            {"Content_MD5": "x"},
            {"Content_MD5": "AAAAAAAAAAAAAAAAAAAAAA=="},
            {"x_amz_checksum_crc32": "AAAAAA=="},
            {"x_amz_checksum_crc32": "no base64"},
            {"x_amz_checksum_sha256": "AA=="},
            {"x_amz_checksum_md9": "AA=="},
            {"x_amz_sdk_checksum_algorithm": "ROT13"},
        )
    )
    return s3("PUT", f"/{resources.bucket}/{rng.choice(('key', 'new'))}", rng.randbytes(40), **wrong)


def other_body(rng: random.Random, resources: Resources) -> Case:
    case = s3("PUT", f"/{resources.bucket}/{rng.choice(('key', 'new'))}", b"signed")
    return dataclasses.replace(case, sent_body=rng.choice((b"other!", b"", b"signed and more", b"sign")))


def chunks(rng: random.Random, resources: Resources) -> Case:
    """aws-chunked bodies that are not whole."""
    body = rng.choice(
        (
            b"",
            b"5\r\nhello",
            b"5\r\nhello\r\n",
            b"zz\r\nhello\r\n0\r\n\r\n",
            b"5\r\nhello world\r\n0\r\n\r\n",
            b"4\r\nhell\r\n0\r\n\r\n",
            b"5\r\nhello\r\n0\r\n\r\nmore",
            b"ffffffffffffffff\r\nhello",
            b"-5\r\nhello\r\n0\r\n\r\n",
            b"x" * 40_000,
        )
    )
    headers = {
        "Content_Encoding": "aws-chunked",
        "X_Amz_Content_SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X_Amz_Decoded_Content_Length": rng.choice(("5", "5", "5", "-1", "x", "")),
    }
    return s3("PUT", f"/{resources.bucket}/{rng.choice(('key', 'new'))}", body, **headers)


def names(rng: random.Random, resources: Resources) -> Case:
    paths = (
        ("PUT", f"/{resources.bucket}/" + "k" * 1025),
        ("PUT", "/UPPER_CASE"),
        ("PUT", "/ab"),
        ("PUT", "/1.2.3.4"),
        ("PUT", "/a..b"),
        ("PUT", "/" + "b" * 64),
        ("PUT", "/..%2f..%2fetc"),
        ("PUT", "/-dash-"),
        ("PUT", "/%00bucket"),
        ("PUT", f"/{resources.bucket}/%FF%FE"),
        ("GET", f"/{resources.bucket}/%C3%28"),
        ("GET", f"/{resources.bucket}/none-{rng.randrange(10**6)}"),
        ("GET", "/no-such-bucket"),
        ("GET", "/no-such-bucket/../../etc/passwd"),
        ("DELETE", "/no-such-bucket"),
        ("DELETE", f"/{resources.bucket}"),
        ("HEAD", "/no-such-bucket"),
        ("HEAD", f"/{resources.bucket}/none"),
    )
    method, path = rng.choice(paths)
    return s3(method, path)


ROOTS = (
    *("Delete", "Tagging", "CompleteMultipartUpload", "CreateBucketConfiguration", "VersioningConfiguration"),
    *("DeleteResult", "ListBucketResult", "ListAllMyBucketsResult", "InitiateMultipartUploadResult", "Error"),
    *(
        "AccessControlPolicy",
        "SelectObjectContentRequest",
        "RestoreRequest",
        "LegalHold",
        "Retention",
        "html",
    ),
)
"""Roots of S3's requests and responses."""
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037")


def xml(rng: random.Random, resources: Resources) -> Case:
    at = f"/{resources.bucket}"
    targets = (
        ("POST", f"{at}?delete", b"Delete"),
        ("PUT", f"{at}/key?tagging", b"Tagging"),
        ("POST", f"{at}/big?uploadId={resources.upload}", b"CompleteMultipartUpload"),
    )
    method, path, root = rng.choice(targets)
    bodies = (
        b"<",
        b"",
        b"{}",
        b"\xff\xfe<",
        b"<%b>" % root,
        b"<%b><Nothing/></%b>" % (root, root),
        b"<Other/>",
        BOMB + b"<%b>&i;</%b>" % (root, root),
        ENTITY + b"<%b><Object><Key>&x;</Key></Object></%b>" % (root, root),
        b"<a>" * 20_000,
        b"<%b>" % root + b"<a>" * 100_000,
        (BOMB + b"<%b>&i;</%b>" % (root, root)).decode().encode(rng.choice(ENCODINGS)),
        (ENTITY + b"<%b><Object><Key>&x;</Key></Object></%b>" % (root, root))
        .decode()
        .encode(rng.choice(ENCODINGS)),
        b"<%b><Object><Key>%b</Key></Object></%b>" % (root, b"k" * 100_000, root),
        b"<%b><Part><PartNumber>x</PartNumber><ETag>e</ETag></Part></%b>" % (root, root),
        b"<%b><Part><PartNumber>1</PartNumber><ETag>no</ETag></Part></%b>" % (root, root),
        b"<%b><TagSet><Tag><Key></Key></Tag></TagSet></%b>" % (root, root),
        b"<%b><Object><Key></Key></Object></%b>" % (root, root),
    )
    return s3(method, path, rng.choice(bodies), Content_Type="application/xml")


def _documents(resources: Resources) -> tuple[tuple[str, str, str, str], ...]:
    """Return method, path, root and content of requests that the service would do as they are."""
    at = f"/{resources.bucket}"
    return (
        ("POST", f"{at}?delete", "Delete", "<Object><Key>key</Key></Object>"),
        ("PUT", f"{at}/key?tagging", "Tagging", "<TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>"),
        (
            "POST",
            f"{at}/big?uploadId={resources.upload}",
            "CompleteMultipartUpload",
            '<Part><PartNumber>1</PartNumber><ETag>"a3ea1b4b5ec8cdbc7a5a0e0a9a8a5d05"</ETag></Part>',
        ),
    )


def encodings(rng: random.Random, resources: Resources) -> Case:
    """Sound documents in another encoding than UTF-8: what a second reader sees in them must not be done."""
    method, path, root, content = rng.choice(_documents(resources))
    encoding = rng.choice((*ENCODINGS, "cp500", "cp1140", "iso-8859-1"))
    declared = rng.choice((encoding, "utf-8", "us-ascii", "x-unknown", None))
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    note = "<!-- \xe9 -->" if encoding == "iso-8859-1" else ""  # all else of it would be UTF-8, too
    text = f"{head}{note}<{root}>{content}</{root}>"
    if encoding == "utf-7":
        text = text.replace("<", "+ADw-")  # Python leaves it as it is
    return s3(method, path, text.encode(encoding), Content_Type="application/xml")


def roots(rng: random.Random, resources: Resources) -> Case:
    """Documents whose root is not that of the request."""
    method, path, root, content = rng.choice(_documents(resources))
    others = [each for each in ROOTS if each != root]
    other = rng.choice((*others, root.lower(), root.upper(), f"{root}Result", f"x{root}"))
    wrapped = rng.choice((content, f"<{root}>{content}</{root}>"))
    return s3(method, path, f"<{other}>{wrapped}</{other}>".encode(), Content_Type="application/xml")


def parameters(rng: random.Random, resources: Resources) -> Case:
    at = f"/{resources.bucket}"
    requests = (
        ("GET", f"{at}?list-type=2&max-keys=-1"),
        ("GET", f"{at}?list-type=2&max-keys=x"),
        ("GET", f"{at}?list-type=2&max-keys=99999999999999999999"),
        ("GET", f"{at}?list-type=2&encoding-type=rot13"),
        ("GET", f"{at}?list-type=2&continuation-token=x"),
        ("GET", f"{at}?uploads&max-uploads=-1"),
        ("GET", f"{at}?versioning&tagging"),
        ("DELETE", f"{at}?acl"),
        ("PUT", f"{at}/key?acl&tagging"),
        ("GET", f"{at}/key?uploadId=none"),
        ("PUT", f"{at}/big?partNumber=0&uploadId={resources.upload}"),
        ("PUT", f"{at}/big?partNumber=10001&uploadId={resources.upload}"),
        ("PUT", f"{at}/big?partNumber=x&uploadId={resources.upload}"),
        ("PUT", f"{at}/other?partNumber=1&uploadId={resources.upload}"),
        ("PUT", f"{at}/big?partNumber=1&uploadId=..%2f..%2fx"),
        ("DELETE", f"{at}/big?uploadId=none"),
        ("POST", f"{at}/big?uploadId=none"),
        ("POST", f"{at}/key"),
        ("POST", f"{at}"),
    )
    method, path = rng.choice(requests)
    return s3(method, path, b"x" if method == "PUT" else b"")


def copies(rng: random.Random, resources: Resources) -> Case:
    sources = (
        "",
        "/",
        "x",
        "/no-such-bucket/key",
        f"/{resources.bucket}/none",
        "%FF/%FF",
        "/../../etc/passwd",
        "arn:x",
        "//",
    )
    return s3("PUT", f"/{resources.bucket}/copy", x_amz_copy_source=rng.choice(sources))


def method(rng: random.Random, resources: Resources) -> Case:
    chosen = rng.choice(("PATCH", "OPTIONS", "TRACE", "BREW", "MOVE"))
    return s3(chosen, rng.choice(("/", f"/{resources.bucket}", f"/{resources.bucket}/key")))


KINDS: dict[str, Kind] = {
    "S3: signature missing, bad, old, ...": signature,
    "S3: presigned URL": presigned,
    "S3: digest or checksum": digests,
    "S3: another body than signed": other_body,
    "S3: aws-chunked body": chunks,
    "S3: bucket or key": names,
    "S3: XML body": xml,
    "S3: XML in another encoding": encodings,
    "S3: another XML root": roots,
    "S3: query": parameters,
    "S3: copy source": copies,
    "S3: method": method,
}

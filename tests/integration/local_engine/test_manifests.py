"""Manifests that are none: the job fails by them, in words that name the manifest and what is wrong."""

from __future__ import annotations

import json
import random

import pytest

from tests.integration.local_engine.jobs import channel, create

pytestmark = pytest.mark.integration

PREFIX = '{"prefix": "s3://bucket/data/"}'
DEEP = 100_000
MANIFESTS = {
    "empty": (b"", "it is no JSON"),
    "no JSON": (b"a, b", "it is no JSON"),
    "not UTF-8": (f'[{PREFIX}, "\xe9"]'.encode("latin-1"), "it is not UTF-8: byte 35"),
    "too deep": (b"[" * DEEP, "it is nested too deeply"),
    "deep, and whole": (f"[{PREFIX}, {'[' * DEEP}{']' * DEEP}]".encode(), "it is nested too deeply"),
    "a digit for each day": (f"[{PREFIX}, {'9' * 10_000}]".encode(), "is too large"),
    "an infinite number": (f"[{PREFIX}, 1e999]".encode(), "the number '1e999' is too large"),
    "Python's JSON": (f"[{PREFIX}, NaN]".encode(), "it is no JSON: NaN"),
    "an object": (PREFIX.encode(), "it is an object; a manifest is a JSON list"),
    "an empty list": (b"[]", "it is a list that is empty; a manifest is a JSON list"),
    "names alone": (b'["a"]', 'its first element is a text without a "prefix"'),
    "no prefix": (b'[{"Prefix": "s3://bucket/data/"}, "a"]', 'first element is an object without a "prefix"'),
    "two prefixes": (
        b'[{"prefix": "s3://bucket/data/", "prefix": "s3://other/"}, "a"]',
        '"prefix" is given twice',
    ),
    "a numeric prefix": (b'[{"prefix": 1}, "a"]', '"prefix": it is a number, not an S3 URI'),
    "a local prefix": (b'[{"prefix": "/data/"}, "a"]', "'/data/' is not an S3 URI"),
    "half a character": (b'[{"prefix": "s3://bucket/\\ud800"}, "a"]', "is not an S3 URI"),
    "a number": (f"[{PREFIX}, 1]".encode(), "element 2 is a number, not a text"),
    "another object": (f'[{PREFIX}, "a", {PREFIX}]'.encode(), "element 3 is an object, not a text"),
    "an empty name": (f'[{PREFIX}, ""]'.encode(), "element 2, '', is no name of an object"),
    "half a name": (f'[{PREFIX}, "\\ud800"]'.encode(), "element 2, '\\ud800', is no name of an object"),
    "a name with an end": (
        f'[{PREFIX}, "a\\u0000"]'.encode(),
        "element 2, 'a\\x00', is no name of an object",
    ),
}
LINES = {
    "no JSON": (b"{", "it is no JSON"),
    "not UTF-8": (b'{"label": "\xe9"}', "it is not UTF-8: byte 11"),
    "too deep": (b'{"label": ' + b"[" * DEEP, "it is nested too deeply"),
    "a list": (b"[1]", "it is a list; a line of an augmented manifest is a JSON object"),
    "missing": (b'{"other": 1}', "the attribute 'source-ref' is missing"),
    "twice": (
        b'{"source-ref": "s3://bucket/data/a", "label": 1, "label": 2}',
        "the attribute 'label' is given twice",
    ),
    "a number for an object": (
        b'{"source-ref": 1}',
        "the attribute 'source-ref': it is a number, not an S3 URI",
    ),
    "no URI": (b'{"source-ref": "data/a"}', "the attribute 'source-ref': 'data/a' is not an S3 URI"),
    "no such object": (b'{"source-ref": "s3://bucket/data/none"}', "NoSuchKey"),
    "Python's JSON": (b'{"source-ref": "s3://bucket/data/a", "label": Infinity}', "it is no JSON: Infinity"),
    "half a character": (b'{"source-ref": "s3://bucket/data/a", "label": "\\udfff"}', "'label' is no text"),
}


@pytest.fixture
def filled(service):
    service.objects.put("bucket", "data/a", b"a")
    service.script(
        "import time\nif (base / 'input/data/train_0').exists():\n"
        "    (base / 'input/data/train_0').read_bytes()\n    time.sleep(600)"
    )
    return service


def failure(service, name, manifest, **members):
    """The reason why a job failed that was given this manifest."""
    service.objects.put("bucket", "list.manifest", manifest)
    train = channel("train", members.pop("kind", "ManifestFile"), "s3://bucket/list.manifest", **members)
    if train["DataSource"]["S3DataSource"]["S3DataType"] == "AugmentedManifestFile":
        train["DataSource"]["S3DataSource"]["AttributeNames"] = ["source-ref", "label"]
    create(service, name, InputDataConfig=[train])
    job = service.training_job(name)
    assert job["TrainingJobStatus"] == "Failed"
    assert len(job["FailureReason"]) <= 1024
    job["FailureReason"].encode()
    return job["FailureReason"]


@pytest.mark.parametrize("mode", ["File", "Pipe"])
def test_a_manifest_that_is_none(filled, mode):
    for number, (case, (manifest, said)) in enumerate(MANIFESTS.items()):
        reason = failure(filled, f"job-{number}", manifest, InputMode=mode)
        assert reason.startswith("ClientError: Data download failed:s3://bucket/list.manifest is"), case
        assert said in reason, case


def test_a_line_of_an_augmented_manifest_that_is_none(filled):
    good = b'{"source-ref": "s3://bucket/data/a", "label": {"of": [1, 2.5, null]}}\n\n'
    for number, (case, (line, said)) in enumerate(LINES.items()):
        reason = failure(filled, f"job-{number}", good + line, kind="AugmentedManifestFile", InputMode="Pipe")
        assert reason.startswith("ClientError: Data download failed:"), case
        assert "s3://bucket/list.manifest line 3: " in reason or "(s3://bucket/data/none)" in reason, case
        assert reason.endswith("(channel 'train')"), case
        assert said in reason, case


def test_an_object_that_is_not_compressed_is_named(filled):
    reason = failure(filled, "job", f'[{PREFIX}, "a"]'.encode(), InputMode="Pipe", CompressionType="Gzip")
    assert reason.startswith("ClientError: Data download failed:Not a gzipped file")
    assert "(s3://bucket/data/a)" in reason


def test_a_long_name_is_shortened(filled):
    manifest = json.dumps([{"prefix": "s3://bucket/data/"}, "a" * 100_000]).encode()
    assert failure(filled, "job", manifest).startswith("ClientError: Data download failed:")
    assert "InternalServerError" not in failure(filled, "pipe", manifest, InputMode="Pipe")


def test_any_bytes(filled):
    """Whatever is in a manifest, it is the client's doing."""
    chance = random.Random(20261128)
    good = json.dumps([{"prefix": "s3://bucket/data/"}, "none", "b/c"]).encode()
    for number in range(60):
        bad = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(bad))
            bad[place : place + chance.randrange(3)] = chance.choice(
                [
                    bytes([chance.randrange(256)]),
                    b'"',
                    b"{",
                    b"[",
                    b"\\ud800",
                    b"\\u0000",
                    b"1e999",
                    b",",
                    b"../",
                ]
            )
        reason = failure(filled, f"job-{number}", bytes(bad))
        assert reason.startswith("ClientError: Data download failed:"), (bytes(bad), reason)

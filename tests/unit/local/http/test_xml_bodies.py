"""XML that is meant to stop the service, in S3's requests and in those that moto parses."""

from __future__ import annotations

import gzip
import threading
from typing import Any

import pytest

from airflow_hpt_provider.local.http import xml_body
from airflow_hpt_provider.local.http.xml_body import XmlRefused, looks_like_xml, root_of
from airflow_hpt_provider.local.s3.wire import checking

ENTITIES = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
TEXT = f"{ENTITIES}<Delete><Object><Key>&b;</Key></Object></Delete>"
DECLARED = f'<?xml version="1.0" encoding="UTF-16"?>{TEXT}'

HOSTILE = {
    "document type": TEXT.encode(),
    "empty document type": b"<!DOCTYPE Delete><Delete><Object><Key>k</Key></Object></Delete>",
    "external": b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Delete><Object><Key>k</Key></Object></Delete>',
    "UTF-16 with a mark": DECLARED.encode("utf-16"),
    "UTF-16 LE": DECLARED.encode("utf-16-le"),
    "UTF-16 BE": DECLARED.encode("utf-16-be"),
    "sound UTF-16 with a mark": "<Delete><Object><Key>k</Key></Object></Delete>".encode("utf-16"),
    "sound UTF-16 LE": "<Delete><Object><Key>k</Key></Object></Delete>".encode("utf-16-le"),
    "sound UTF-16 BE": "<Delete><Object><Key>k</Key></Object></Delete>".encode("utf-16-be"),
    "UTF-32": DECLARED.encode("utf-32"),
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>' + TEXT.encode("utf-7"),
    "EBCDIC": DECLARED.replace("UTF-16", "cp037").encode("cp037"),
    "mark and document type": b"\xef\xbb\xbf" + TEXT.encode(),
    "deep": b"<Delete>" + b"<a>" * 1_000_000,
    "deep and whole": b"<Delete>" + b"<a>" * 40 + b"</a>" * 40 + b"</Delete>",
    "long text": b"<Delete><Object><Key>" + b"k" * 100_000 + b"</Key></Object></Delete>",
    "long CDATA": b"<Delete><Object><Key><![CDATA[" + b"k" * 100_000 + b"]]></Key></Object></Delete>",
    "many elements": b"<Delete>" + b"<a/>" * 400_000 + b"</Delete>",
    "many attributes": b"<Delete %b/>" % b" ".join(b"a%d=''" % n for n in range(1000)),
}
FINE = b"<Delete><Object><Key>k</Key></Object></Delete>"


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_parser_refuses_it(kind: str) -> None:
    with pytest.raises(XmlRefused):
        root_of(HOSTILE[kind])


@pytest.mark.parametrize("kind", HOSTILE)
async def test_s3_refuses_it(kind: str, client: Any, store: Any) -> None:
    store.create_bucket("bucket")
    store.put("bucket", "k", b"1")
    reply = await client.send("POST", "/bucket?delete", HOSTILE[kind], service="s3")
    assert reply.status == 400
    assert b"<Code>MalformedXML</Code>" in reply.body
    assert store.exists("bucket", "k")


@pytest.mark.parametrize("kind", HOSTILE)
async def test_moto_never_parses_it(kind: str, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def collect(*_: Any) -> None:
        raise AssertionError("moto was given the request")

    monkeypatch.setattr("airflow_hpt_provider.local.moto_backend.MotoBackend._collect", collect)
    for body, headers in (
        (HOSTILE[kind], {}),
        (gzip.compress(HOSTILE[kind], 1), {"Content-Encoding": "gzip"}),
    ):
        if kind == "EBCDIC":
            continue  # moto's parser reads it as UTF-8, so it is not XML for moto either
        reply = await client.send("POST", "/2013-04-01/hostedzone", body, headers, service="route53")
        assert reply.status == 400
        assert b"MalformedXML" in reply.body


async def test_a_compressed_body_has_the_same_limit(client: Any) -> None:
    bomb = gzip.compress(bytes(17 << 20), 9)
    assert len(bomb) < 20_000
    reply = await client.send("POST", "/", bomb, {"Content-Encoding": "gzip"}, service="iam")
    assert reply.status == 413
    for body, encoding, status in ((b"no gzip", "gzip", 400), (b"", "br", 415), (bomb[:100], "gzip", 400)):
        reply = await client.send("POST", "/", body, {"Content-Encoding": encoding}, service="iam")
        assert reply.status == status


async def test_it_is_parsed_off_the_event_loop(
    client: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create_bucket("bucket")
    threads = []

    def recorded(body: bytes) -> str:
        threads.append(threading.current_thread())
        return root_of(body)

    monkeypatch.setattr(checking, "root_of", recorded)
    monkeypatch.setattr("airflow_hpt_provider.local.moto_backend.root_of", recorded)
    assert (await client.send("POST", "/bucket?delete", FINE, service="s3")).status == 200
    await client.send("POST", "/2013-04-01/hostedzone", FINE, service="route53")
    assert len(threads) == 2
    assert threading.current_thread() not in threads


def test_bounds_leave_room_for_the_longest_requests() -> None:
    checksums = b"".join(b"<Checksum%d>%b</Checksum%d>" % (n, b"a" * 88, n) for n in range(10))
    part = b"<Part><PartNumber>1</PartNumber><ETag>e</ETag>%b</Part>" % checksums
    assert root_of(b"<CompleteMultipartUpload>%b</CompleteMultipartUpload>" % (part * 10_000))
    key = b"&amp;" * 1024
    assert root_of(b"<Delete>%b</Delete>" % (b"<Object><Key>%b</Key></Object>" % key * 1000)) == "Delete"
    assert (
        root_of(b'<?xml version="1.0"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>')
        == "Delete"
    )


def test_what_is_no_xml_is_left_to_moto() -> None:
    assert not looks_like_xml(b"Action=ListRoles&Version=2010-05-08")
    assert not looks_like_xml(b'{"a": "<"}')
    assert not looks_like_xml(b"")
    assert looks_like_xml(b"\r\n <a/>")
    assert xml_body.MAX_DEPTH < 100


async def test_keys_are_checked_after_parsing(client: Any, store: Any) -> None:
    store.create_bucket("bucket")
    store.put("bucket", "k", b"1")
    long = "%C3%BC" * 513
    for method in ("GET", "HEAD", "DELETE", "PUT"):
        reply = await client.send(method, f"/bucket/{long}", service="s3")
        assert reply.status == 400, method
        assert method == "HEAD" or b"KeyTooLongError" in reply.body
    body = f"<Delete><Object><Key>{'ü' * 513}</Key></Object><Object><Key>k</Key></Object></Delete>"
    reply = await client.send("POST", "/bucket?delete", body.encode(), service="s3")
    assert reply.status == 200
    assert b"<Code>KeyTooLongError</Code>" in reply.body
    assert b"<Deleted><Key>k</Key></Deleted>" in reply.body
    assert not store.exists("bucket", "k")

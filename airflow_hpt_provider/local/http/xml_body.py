"""Bounds on XML that clients send, checked by the parser while it reads."""

from __future__ import annotations

import codecs
from typing import Any
from xml.parsers import expat

MAX_DEPTH = 32
"""Nested elements; S3's deepest request has 10."""
MAX_ELEMENTS = 300_000
"""S3's longest request names 10,000 parts with 13 elements each."""
MAX_ATTRIBUTES = 16
MAX_TEXT = 64 << 10
"""Characters of one text between two tags; the longest key has 1,024 bytes."""

_ENCODING = "utf-8"
"""Overrides what the document declares, as moto's parser does: a second reader cannot see another document."""


class XmlRefused(ValueError):  # noqa: N818 - it names what happened
    """The text is not well-formed XML in UTF-8, has a document type, or exceeds a bound."""


def looks_like_xml(body: bytes) -> bool:
    """Return whether a body begins as an XML document does, in any encoding."""
    return body.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"<"


def root_of(body: bytes) -> str:
    """Read a document within bounds, and return its root element's name without the namespace.

    A document type can define entities that grow without limit or name files, so the parser stops at one.

    Raises:
        XmlRefused: see there.
    """
    if b"\0" in body or body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # The parser would take UTF-16, whichever encoding it is given.
        raise XmlRefused("it is not in UTF-8")
    bounds = _Bounds()
    parser = expat.ParserCreate(_ENCODING, " ")
    parser.StartDoctypeDeclHandler = bounds.refuse
    parser.EntityDeclHandler = bounds.refuse
    parser.StartElementHandler = bounds.start
    parser.EndElementHandler = bounds.end
    parser.CharacterDataHandler = bounds.text
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise XmlRefused(str(error)) from None
    return bounds.root.rpartition(" ")[2]


class _Bounds:
    """Expat's handlers."""

    def __init__(self) -> None:
        self.root = ""
        self._depth = 0
        self._elements = 0
        self._text = 0

    def refuse(self, *_: Any) -> None:
        raise XmlRefused("A request must not have a document type.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self._depth += 1
        self._elements += 1
        self._text = 0
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES:
            raise XmlRefused(
                f"A request must have at most {MAX_ELEMENTS} elements, {MAX_DEPTH} levels and {MAX_ATTRIBUTES} "
                "attributes of an element."
            )

    def end(self, _: str) -> None:
        self._depth -= 1
        self._text = 0

    def text(self, text: str) -> None:
        self._text += len(text)
        if self._text > MAX_TEXT:
            raise XmlRefused(f"A request must have at most {MAX_TEXT} characters between two tags.")

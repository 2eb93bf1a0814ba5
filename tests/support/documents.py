"""Small files of many types, and files that are not what they say."""

import io
import struct
import zipfile

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 17
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 20
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 60
CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 60


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file; the same bytes whenever it is made."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def office(part: str = "word/document.xml", **more: bytes) -> bytes:
    """An Office Open XML file."""
    return packed({"[Content_Types].xml": b"<Types/>", part: b"<document/>", **more})


def open_document(media: str) -> bytes:
    """An OpenDocument file."""
    return packed({"mimetype": media.encode(), "content.xml": b"<office/>"})


def overlapping(count: int = 200) -> bytes:
    """A ZIP file whose entries all point to the same bytes, as in "A better zip bomb"."""
    single = packed({"a": b"\x00" * 100_000})
    start = single.index(b"PK\x01\x02")
    end = single.index(b"PK\x05\x06")
    local, entry = single[:start], single[start:end]
    entries = b"".join(entry[:-1] + bytes([48 + n % 70]) for n in range(count))
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entries), len(local), 0)
    return local + entries + closing


def claiming(size: int) -> bytes:
    """A ZIP file whose table of contents says that one entry unpacks to `size` bytes."""
    single = bytearray(packed({"a": b"\x00" * 1000}))
    at = single.index(b"PK\x01\x02")
    struct.pack_into("<L", single, at + 24, size)
    return bytes(single)

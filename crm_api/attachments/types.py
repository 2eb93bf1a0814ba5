"""What a file really is: told by its first bytes, compared with what its name says.

The table holds the types that business sends around. What is not in it is refused, and so is a file whose content is
not what its name promises: a program called offer.pdf is the oldest trick there is. The signatures are those of the
formats' own specifications (PDF 32000-1 § 7.5.2, PNG § 5.2, JFIF, GIF89a, RIFF/WebP, ISO base media file format § 4.3,
ISO/IEC 21320 for the packages of Office Open XML and OpenDocument, [MS-CFB] § 2.2).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from crm_api.attachments import archives
from crm_api.core.errors import Invalid

FIELD = "file"
HEAD = 4096  # bytes that tell a type
_SAMPLE = 262_144  # bytes of a text that are looked at, from its beginning and from its end

Fits = Callable[[bytes], bool]


def _starts(*signatures: bytes) -> Fits:
    return lambda head: head.startswith(signatures)


def _riff(form: bytes) -> Fits:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _brand(*brands: bytes) -> Fits:
    """ISO base media: the brand stands behind `ftyp`."""
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


def _pdf(head: bytes) -> bool:
    # Readers take a header within the first kilobyte; one at the very start leaves no room for a second format.
    return head.startswith(b"%PDF-")


_ZIP = _starts(b"PK\x03\x04", b"PK\x05\x06")
_CFB = _starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_MP4 = _brand(b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"MSNV", b"M4V ")


@dataclass(frozen=True, slots=True)
class Type:
    """One type that is taken in: its media type, and what its first bytes look like."""

    media: str
    fits: Fits | None = None
    package: str | None = None  # the part that makes a ZIP file this type; "" for any ZIP file

    @property
    def is_text(self) -> bool:
        """Known by what is not in it: text has no signature."""
        return self.fits is None


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
TYPES: dict[str, Type] = {
    "pdf": Type("application/pdf", _pdf),
    "png": Type("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "jpg": Type("image/jpeg", _starts(b"\xff\xd8\xff")),
    "jpeg": Type("image/jpeg", _starts(b"\xff\xd8\xff")),
    "gif": Type("image/gif", _starts(b"GIF87a", b"GIF89a")),
    "webp": Type("image/webp", _riff(b"WEBP")),
    "heic": Type("image/heic", _brand(b"heic", b"heix", b"mif1", b"msf1")),
    "tif": Type("image/tiff", _starts(b"II*\x00", b"MM\x00*")),
    "tiff": Type("image/tiff", _starts(b"II*\x00", b"MM\x00*")),
    "mp3": Type("audio/mpeg", _starts(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    "m4a": Type("audio/mp4", _brand(b"M4A ", b"mp42", b"isom")),
    "wav": Type("audio/wav", _riff(b"WAVE")),
    "mp4": Type("video/mp4", _MP4),
    "docx": Type(f"{_OOXML}wordprocessingml.document", _ZIP, "word/document.xml"),
    "xlsx": Type(f"{_OOXML}spreadsheetml.sheet", _ZIP, "xl/workbook.xml"),
    "pptx": Type(f"{_OOXML}presentationml.presentation", _ZIP, "ppt/presentation.xml"),
    "odt": Type(f"{_ODF}text", _ZIP, "mimetype"),
    "ods": Type(f"{_ODF}spreadsheet", _ZIP, "mimetype"),
    "odp": Type(f"{_ODF}presentation", _ZIP, "mimetype"),
    "zip": Type("application/zip", _ZIP, ""),
    "doc": Type("application/msword", _CFB),
    "xls": Type("application/vnd.ms-excel", _CFB),
    "ppt": Type("application/vnd.ms-powerpoint", _CFB),
    "msg": Type("application/vnd.ms-outlook", _CFB),
    "txt": Type("text/plain"),
    "md": Type("text/markdown"),
    "csv": Type("text/csv"),
    "eml": Type("message/rfc822"),
    "ics": Type("text/calendar"),
    "vcf": Type("text/vcard"),
}
ENDINGS = ", ".join(sorted(TYPES))

# Refused as text whatever the name: what a shell, a browser or an operating system would run.
_RUNNABLE = re.compile(
    rb"\s*(?:#!|MZ|\x7fELF|<!doctype\s+html|<(?:html|head|body|script|iframe|svg|object|embed|meta|base)\b|<\?xml|<\?php)",
    re.IGNORECASE,
)
_NO_TEXT = re.compile(
    rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]"
)  # control characters that no text has; ESC and BEL occur
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def ending_of(name: str) -> str:
    """The ending of a file's name, in lower case, without its dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def inspect(source: BinaryIO, name: str) -> str:
    """The media type of a file, from its content; leaves the file at its beginning.

    Raises Invalid for a type that is not taken in, for content that is not what the name says, and for a ZIP file
    that would unpack into far more than it is.
    """
    kind = TYPES.get(ending_of(name))
    if kind is None:
        raise Invalid.field(FIELD, f"files of this type are not taken in; these are: {ENDINGS}")
    source.seek(0)
    head = source.read(HEAD)
    if not head:
        raise Invalid.field(FIELD, "the file is empty")
    if not (_is_text(source, head) if kind.fits is None else kind.fits(head)):
        raise Invalid.field(FIELD, f"the content is not that of a .{ending_of(name)} file")
    if kind.package is not None:
        archives.check(source, part=kind.package, media=kind.media)
    source.seek(0)
    return kind.media


def _is_text(source: BinaryIO, head: bytes) -> bool:
    """Whether this is text, of whatever language and age, and nothing that something would run or has a signature."""
    if any(other.fits is not None and other.fits(head) for other in TYPES.values()):
        return False
    wide = head.startswith(_UTF16)
    plain = head.decode("utf-16", "ignore").encode() if wide else head.removeprefix(b"\xef\xbb\xbf")
    if _RUNNABLE.match(plain):
        return False
    source.seek(0)
    beginning = source.read(_SAMPLE)
    source.seek(0, 2)
    source.seek(max(0, source.tell() - _SAMPLE))
    return wide or not (_NO_TEXT.search(beginning) or _NO_TEXT.search(source.read(_SAMPLE)))

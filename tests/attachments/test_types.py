"""What is taken in as what, and what is refused."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.attachments import naming, types
from crm_api.core.errors import Invalid
from tests.support import documents
from tests.support.documents import (
    CFB,
    JPEG,
    PDF,
    PNG,
    PROGRAM,
    claiming,
    office,
    open_document,
    overlapping,
    packed,
)

ODT = "application/vnd.oasis.opendocument.text"
GOOD = [
    ("offer.pdf", PDF, "application/pdf"),
    ("OFFER.PDF", PDF, "application/pdf"),
    ("photo.png", PNG, "image/png"),
    ("photo.jpg", JPEG, "image/jpeg"),
    ("photo.jpeg", JPEG, "image/jpeg"),
    ("anim.gif", b"GIF89a" + b"\0" * 10, "image/gif"),
    ("photo.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
    ("memo.m4a", b"\0\0\0\x18ftypM4A \0\0\0\0", "audio/mp4"),
    ("clip.mp4", b"\0\0\0\x18ftypisom\0\0\0\0", "video/mp4"),
    ("memo.wav", b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
    ("memo.mp3", b"ID3\x04" + b"\0" * 10, "audio/mpeg"),
    ("scan.tiff", b"II*\0" + b"\0" * 10, "image/tiff"),
    ("letter.docx", office(), types.TYPES["docx"].media),
    ("prices.xlsx", office("xl/workbook.xml"), types.TYPES["xlsx"].media),
    ("talk.pptx", office("ppt/presentation.xml"), types.TYPES["pptx"].media),
    ("letter.odt", open_document(ODT), ODT),
    ("files.zip", packed({"a.txt": b"hello"}), "application/zip"),
    ("old.doc", CFB, "application/msword"),
    ("old.xls", CFB, "application/vnd.ms-excel"),
    ("mail.msg", CFB, "application/vnd.ms-outlook"),
    ("notes.txt", "Grüße aus Köln\n".encode(), "text/plain"),
    ("old.txt", "Grüße aus Köln\r\n".encode("cp1252"), "text/plain"),
    ("wide.txt", "Grüße".encode("utf-16"), "text/plain"),
    ("table.csv", b"\xef\xbb\xbfname;city\r\nAda;London\r\n", "text/csv"),
    ("mail.eml", b"From: ada@example.org\r\nSubject: Hi\r\n\r\nHello", "message/rfc822"),
    ("meeting.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar"),
    ("card.vcf", b"BEGIN:VCARD\r\nEND:VCARD\r\n", "text/vcard"),
    ("read.md", b"# Offer\n", "text/markdown"),
]
BAD = [
    ("offer.pdf", PROGRAM, "a program called PDF"),
    ("photo.png", JPEG, "another picture"),
    ("photo.jpg", b"<svg onload=alert(1)>", "a script called picture"),
    ("notes.txt", PDF, "a PDF called text"),
    ("notes.txt", PROGRAM, "a program called text"),
    ("notes.txt", b"#!/bin/sh\nrm -rf /\n", "a shell script"),
    ("notes.txt", b"  <!DOCTYPE html><script>alert(1)</script>", "a page"),
    ("table.csv", "<html>".encode("utf-16"), "a page in wide letters"),
    ("card.vcf", b"\x00\x01\x02\x03", "bytes"),
    ("table.csv", b"a;b\n" * 200_000 + b"\x00\x01", "bytes behind a text"),
    ("letter.docx", packed({"a.txt": b"x"}), "a ZIP file called document"),
    ("letter.docx", office("xl/workbook.xml"), "a table called letter"),
    ("letter.docx", PDF, "a PDF called document"),
    ("letter.docx", office(**{"word/vbaProject.bin": b"x"}), "macros in a document without"),
    ("letter.odt", open_document("application/x-other"), "another document"),
    ("letter.docx", office()[:-30], "half a file"),
    ("files.zip", packed({"inner.zip": packed({"a": b"x"})}), "an archive in an archive"),
    ("virus.exe", PROGRAM, "a program"),
    ("page.html", b"<p>Hello</p>", "a page"),
    ("image.svg", b"<svg/>", "a picture that runs"),
    ("macro.docm", office(), "a document with macros"),
    ("noending", PDF, "no type at all"),
    (".pdf.exe", PROGRAM, "two endings"),
    ("empty.txt", b"", "nothing"),
]


@pytest.mark.parametrize(("name", "content", "media"), GOOD, ids=[name for name, *_ in GOOD])
def test_a_file_is_what_its_content_and_its_name_agree_on(name: str, content: bytes, media: str) -> None:
    assert types.inspect(io.BytesIO(content), name) == media


@pytest.mark.parametrize(("name", "content", "what"), BAD, ids=[what for *_, what in BAD])
def test_a_disguise_is_refused_naming_the_file(name: str, content: bytes, what: str) -> None:
    with pytest.raises(Invalid) as refusal:
        types.inspect(io.BytesIO(content), name)
    assert refusal.value.errors[0].field == "file"


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.docx"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (packed({"a": b"\x00" * 30_000_000}), "unpack"),
        (claiming(4_000_000_000), "unpack"),
        (overlapping(50), "overlap"),
        (packed(dict.fromkeys((f"{n}.txt" for n in range(10_001)), b"x")), "at most 10,000 files"),
    ],
    ids=["thousandfold", "four gigabytes", "shared bytes", "many files"],
)
def test_a_zip_bomb_is_refused_without_unpacking_it(name: str, content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        types.inspect(io.BytesIO(content), name)


def test_a_well_packed_spreadsheet_is_no_bomb() -> None:
    table = office("xl/workbook.xml", **{"xl/worksheets/sheet1.xml": b"<c><v>0</v></c>" * 500_000})

    assert types.inspect(io.BytesIO(table), "zeros.xlsx") == types.TYPES["xlsx"].media


@given(st.binary(max_size=2000), st.sampled_from(sorted(types.TYPES)))
def test_whatever_bytes_come_are_taken_or_refused_and_nothing_else(content: bytes, ending: str) -> None:
    try:
        media = types.inspect(io.BytesIO(content), f"file.{ending}")
    except Invalid:
        return
    assert media == types.TYPES[ending].media


@given(st.binary(max_size=300), st.integers(0, 400), st.sampled_from(["zip", "docx", "odt"]))
def test_a_damaged_archive_is_refused_and_never_a_fault(noise: bytes, at: int, ending: str) -> None:
    whole = documents.office()
    spoiled = whole[:at] + noise + whole[at + len(noise) :]
    with contextlib.suppress(Invalid):
        types.inspect(io.BytesIO(spoiled), f"file.{ending}")


@pytest.mark.parametrize(
    ("given_", "plain"),
    [
        ("offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/etc/shadow", "shadow"),
        ("..", "file"),
        ("", "file"),
        (None, "file"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "abSet-Cookie: x.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("  spaced   name .pdf", "spaced name .pdf"),
        ("Angebot für Köln.pdf", "Angebot für Köln.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        (".htaccess", "htaccess"),
    ],
)
def test_a_name_is_only_ever_a_name(given_: str | None, plain: str) -> None:
    assert naming.plain(given_) == plain


@given(st.text(max_size=400))
def test_no_name_leads_anywhere_or_breaks_a_header(name: str) -> None:
    plain = naming.plain(name)

    assert 1 <= len(plain) <= 200
    assert plain not in (".", "..")
    assert not set(plain) & set("/\\\r\n\x00")
    assert naming.plain(plain) == plain
    header = naming.disposition(plain)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2

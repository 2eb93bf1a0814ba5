"""ZIP files, and the office files that are ZIP files, judged by their table of contents: nothing is unpacked.

A few kilobytes can unpack into petabytes (D. Fifield, "A better zip bomb", WOOT 2019). Three signs give such a file
away before anybody opens it: what it says it unpacks to, how often the same bytes are used, and archives in archives.
"""

import zipfile
from typing import BinaryIO

from crm_api.core.errors import Invalid

FIELD = "file"
MOST_ENTRIES = 10_000
MOST_BYTES = 1_000_000_000  # unpacked, in all
SMALL = 10_000_000  # bytes unpacked up to which no ratio is asked for: an empty spreadsheet packs 200 to 1
MOST_RATIO = 100  # text packs 10 to 1, a table of zeros 50 to 1; deflate ends at 1032 to 1
_ARCHIVES = (".zip", ".jar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".zst", ".cab", ".iso")
_MACROS = "vbaproject.bin"


def check(source: BinaryIO, *, part: str, media: str) -> None:
    """Raise Invalid for a damaged file, one without the `part` that makes it what it says it is, or a bomb."""
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            _refuse_bombs(entries, _length(source))
            _refuse_disguise(archive, entries, part, media)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise Invalid.field(FIELD, "the file is damaged: its table of contents cannot be read") from error


def _length(source: BinaryIO) -> int:
    source.seek(0, 2)
    return source.tell()


def _refuse_bombs(entries: list[zipfile.ZipInfo], length: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES:
        raise Invalid.field(FIELD, f"an archive of at most {MOST_ENTRIES:,} files")
    if unpacked > MOST_BYTES or (unpacked > SMALL and unpacked > MOST_RATIO * length):
        raise Invalid.field(FIELD, "the file would unpack into far more than it is")
    # Entries that share bytes are the better bomb: more is packed than there is room for.
    if sum(entry.compress_size for entry in entries) > length:
        raise Invalid.field(FIELD, "the files in this archive overlap")
    starts = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    ends = [start + size for start, size in starts]
    if any(end > start for end, (start, _) in zip(ends, starts[1:], strict=False)):
        raise Invalid.field(FIELD, "the files in this archive overlap")


def _refuse_disguise(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], part: str, media: str) -> None:
    names = {entry.filename for entry in entries}
    inside = sorted(name for name in names if name.lower().endswith(_ARCHIVES))
    if inside:
        raise Invalid.field(FIELD, "there is an archive inside; attach what is in it by itself")
    if part and any(name.lower().endswith(_MACROS) for name in names):
        raise Invalid.field(FIELD, "the document has macros, and its name says that it has none")
    if part and part not in names:
        raise Invalid.field(FIELD, "the content is not that of a document its name says it is")
    if part == "mimetype":
        with archive.open(part) as stated:
            if stated.read(len(media) + 1).strip() != media.encode():
                raise Invalid.field(FIELD, "the content is not that of a document its name says it is")

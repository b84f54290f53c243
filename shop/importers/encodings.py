"""Which encoding a file has. Every byte is read once; nothing is guessed from a sample."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

READ_BYTES = 1 << 20
ENCODINGS = ("utf-8", "gb18030")
ZIP = b"PK\x03\x04"
BOMB_RATIO, BOMB_BYTES = 200, 100_000_000
UTF8_PAIR = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")


class UnusableFileError(ValueError):
    """The file cannot be read at all. The message is one sentence for the person who sent it."""


def is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def encoding_of(path: Path) -> str:
    """Read the bytes once and take the first encoding that fits all of them; never guess."""
    _refuse_archive(path)
    problems: dict[str, str] = {}
    head = b""
    try:
        for encoding in ENCODINGS:
            head, problem = _decodes(path, encoding)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if not problem:
                break
            problems[encoding] = problem
    except (EOFError, OSError, zlib.error) as error:
        raise UnusableFileError(f"{path.name} is damaged: {error}.") from error
    if not head:
        raise UnusableFileError(f"{path.name} is empty.")
    if head.count(b"\0") > len(head) // 8:
        raise UnusableFileError(f"{path.name} is no text file.")
    if len(problems) < len(ENCODINGS):
        return encoding
    if _is_windows_1252(path):
        return "cp1252"
    raise UnusableFileError(
        f"{path.name} is neither UTF-8, GB18030 nor Windows-1252 ({problems['utf-8']}); "
        "name its encoding, for example --encoding big5."
    )


def _refuse_archive(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) == ZIP:
            raise UnusableFileError(
                f"{path.name} is a zip archive or a workbook; save the sheet as CSV and import that."
            )


def _unpacked(path: Path) -> Iterator[bytes]:
    """The file's bytes, unpacked, in blocks. Raises UnusableFileError for what is packed to harm."""
    packed, seen = path.stat().st_size, 0
    with gzip.open(path, "rb") if is_gzip(path) else path.open("rb") as file:
        while block := file.read(READ_BYTES):
            seen += len(block)
            if seen > BOMB_BYTES and seen > BOMB_RATIO * packed:
                raise UnusableFileError(
                    f"{path.name} unpacks to more than {BOMB_RATIO} times its size: no table does."
                )
            yield block


def lines_of(path: Path) -> int:
    """How many rows to expect, for a progress bar: the ends of lines, quoted ones among them."""
    return sum(block.count(b"\n") for block in _unpacked(path))


def _is_windows_1252(path: Path) -> bool:
    """Every byte has a meaning there and none of them is a piece of UTF-8 (then it is damaged)."""
    if _decodes(path, "cp1252")[1]:
        return False
    return not any(UTF8_PAIR.search(block) for block in _unpacked(path))


def _decodes(path: Path, encoding: str) -> tuple[bytes, str]:
    """The first bytes, and where the encoding breaks ("" if it never does)."""
    decoder = codecs.getincrementaldecoder(encoding)()
    head, seen = b"", 0
    for block in _unpacked(path):
        head = head or block[:4096]
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return head, f"byte {seen + error.start + 1:,}"
        seen += len(block)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return head, "its last byte"
    return head, ""

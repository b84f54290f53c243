"""Read a CSV of `text,label` that somebody brings; say in one sentence what is wrong with it."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path

_TEXT_NAMES = ("text", "utterance", "query", "review", "sentence", "body")
_LABEL_NAMES = ("label", "intent", "rating", "score", "sentiment")
_POLARITY_WORDS = {"negative": "0", "positive": "1", "neg": "0", "pos": "1"}
_LONGEST_FIELD = 1_000_000


class UnusableFileError(Exception):
    """The file cannot be evaluated; the message is one clear sentence."""


@dataclass(frozen=True)
class LabelledText:
    """Rows in the order of the file; rows without text or label are counted, not kept."""

    texts: list[str]
    labels: list[str]
    skipped: int


def read_labelled_text(path: str) -> LabelledText:
    """Raises UnusableFileError when there is no file, no header, no row or no UTF-8."""
    csv.field_size_limit(_LONGEST_FIELD)
    name = Path(path).name
    reader = csv.reader(io.StringIO(_decoded(path), newline=""), delimiter=_delimiter(path))
    try:
        return _rows_of(reader, name)
    except csv.Error as error:
        raise UnusableFileError(f"{name} is no readable CSV: {error}.") from error


def polarity_labels(data: LabelledText, path: str) -> tuple[list[float], bool]:
    """The labels as numbers, and whether they are ratings (−1 … 1) rather than 0 and 1.

    Raises UnusableFileError for anything else.
    """
    numbers = []
    for line, label in enumerate(data.labels, start=1):
        try:
            numbers.append(float(_POLARITY_WORDS.get(label.lower(), label)))
        except ValueError as error:
            raise UnusableFileError(
                f"{Path(path).name}: label {label!r} in data row {line} is no number; "
                "use 0 or 1, or a rating from -1 to 1."
            ) from error
        if not -1 <= numbers[-1] <= 1:
            raise UnusableFileError(
                f"{Path(path).name}: label {label} in data row {line} lies outside -1 to 1."
            )
    return numbers, not set(numbers) <= {0.0, 1.0}


def _decoded(path: str) -> str:
    try:
        raw = Path(path).read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except OSError as error:
        reason = error.strerror or "it is not what its name says"
        raise UnusableFileError(f"{path} cannot be read: {reason}.") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnusableFileError(f"{Path(path).name} is not text in UTF-8 (or GB 18030).")


def _delimiter(path: str) -> str:
    head = _decoded(path).split("\n", 1)[0]
    return max(",\t;", key=head.count)


def _rows_of(reader: csv.reader, name: str) -> LabelledText:  # type: ignore[valid-type]
    header = [cell.strip().lower() for cell in next(reader, [])]
    text_at, label_at = _column(header, _TEXT_NAMES, name), _column(header, _LABEL_NAMES, name)
    texts, labels, skipped = [], [], 0
    for row in reader:
        if not row:
            continue
        text = row[text_at].strip() if len(row) > text_at else ""
        label = row[label_at].strip() if len(row) > label_at else ""
        if text and label:
            texts.append(text)
            labels.append(label)
        else:
            skipped += 1
    if not texts:
        raise UnusableFileError(f"{name} has no row with both a text and a label.")
    return LabelledText(texts, labels, skipped)


def _column(header: list[str], names: tuple[str, ...], file: str) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    raise UnusableFileError(
        f"{file} has no column {names[0]!r}: its header must hold text,label "
        f"(found {','.join(header)[:80] or 'nothing'})."
    )

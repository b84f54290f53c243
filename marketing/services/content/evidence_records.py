"""Add documents and their revisions: by a person, a program or a file, each the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from marketing.models import Evidence, EvidenceState
from marketing.services.content.evidence import EvidenceError, lock_revisions


@dataclass(frozen=True)
class Document:
    """What a document says of itself. file: its content, file_name what it was called."""

    title: str
    excerpt: str
    valid_from: date
    valid_until: date | None = None
    url: str = ""
    keeps_uses: bool = False
    file_name: str = ""
    file: bytes = b""


PLAIN = [one.name for one in fields(Document) if not one.name.startswith("file")]


def create_evidence(document: Document, *, code: str = "", by: Any = None) -> Evidence:
    """The first revision, waiting for approval. The same code and content again is that one.

    Raises EvidenceError for another document under this code, and for what is no document.
    """

    def write() -> Evidence:
        if there := next(iter(lock_revisions(code)), None):
            return _same(there, document)
        named = {"code": code} if code else {}
        return saved(_filled(Evidence(added_by=by, **named), document))

    return _written(write)


def revise_evidence(evidence: Evidence, document: Document, *, by: Any = None) -> Evidence:
    """One that waits is changed; of any other a new revision is made that waits for approval.

    What is published rests on the revision before until the new one is approved. The same content
    again changes nothing. Raises EvidenceError for what is no document.
    """

    def write() -> Evidence:
        newest = lock_revisions(evidence.code)[-1]
        if _is_same(newest, document):
            return newest
        if newest.state == EvidenceState.PENDING:
            return saved(_filled(newest, document))
        return _next(newest, document, by)

    return _written(write)


def open_revision(evidence: Evidence, *, by: Any = None) -> Evidence:
    """The revision that waits for approval; where none waits, a copy of the newest to be changed."""

    def write() -> Evidence:
        newest = lock_revisions(evidence.code)[-1]
        if newest.state == EvidenceState.PENDING:
            return newest
        return _next(newest, replace(document_of(newest), keeps_uses=False), by)

    return _written(write)


def document_of(evidence: Evidence) -> Document:
    """What it says now, without its file."""
    return Document(**{name: getattr(evidence, name) for name in PLAIN})


def saved(row: Evidence) -> Evidence:
    """Checked as the form of the back office checks it. Raises EvidenceError with `column`."""
    try:
        row.full_clean(exclude=["added_by", "decided_by"], validate_constraints=False)
    except ValidationError as error:
        column = next(iter(error.message_dict))
        raise EvidenceError(" ".join(error.message_dict[column]), column) from error
    row.save()
    return row


def _next(newest: Evidence, document: Document, by: Any) -> Evidence:
    made = Evidence(code=newest.code, revision=newest.revision + 1, added_by=by)
    if not document.file and not document.url and newest.file:
        made.file = newest.file.name  # the same file, never written again
    return saved(_filled(made, document))


def _written(write: Callable[[], Evidence]) -> Evidence:
    """Who writes the same code at the same time is seen on the second try."""
    try:
        with transaction.atomic():
            return write()
    except IntegrityError:
        with transaction.atomic():
            return write()


def _same(there: Evidence, document: Document) -> Evidence:
    if not _is_same(there, document):
        raise EvidenceError(
            _("There is another document with this code; a newer one is its revision.")
        )
    return there


def _is_same(there: Evidence, document: Document) -> bool:
    if any(getattr(there, name) != getattr(document, name) for name in PLAIN):
        return False
    return not document.file or _content(there) == document.file


def _content(there: Evidence) -> bytes:
    name = there.file.name if there.file else None
    if not name or not there.file.storage.exists(name):
        return b""
    with there.file.open("rb") as file:
        return file.read()


def _filled(row: Evidence, document: Document) -> Evidence:
    for name in PLAIN:
        setattr(row, name, getattr(document, name))
    if document.file:
        row.file = ContentFile(document.file, document.file_name)
    return row

"""The documents that rows of a file name: what a row changes of them, or why it may not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.utils import timezone

from marketing.models import Evidence, EvidenceState, EvidenceUse
from marketing.models.evidence import FILE_TYPES, evidence_storage
from marketing.services.content import evidence as service
from marketing.services.content.evidence_records import saved

PENDING, APPROVED, WITHDRAWN = (str(state) for state in EvidenceState)
ONWARDS = {PENDING: 0, APPROVED: 1, WITHDRAWN: 2}
FILE = re.compile(rf"\d{{4}}/\d{{2}}/[^/\\]+\.({'|'.join(FILE_TYPES)})", re.IGNORECASE)
SAID = ("title", "url", "file", "excerpt", "valid_from", "valid_until", "keeps_uses")
NEEDED = ("title", "excerpt", "valid_from")
NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
Row = dict[str, Any]


class RefusedRowError(Exception):
    """A row that cannot be taken; its arguments are the column and the reason."""


class Shelf:
    """Every revision of the documents that a chunk names, as they stand now."""

    def __init__(self, codes: Iterable[str]):
        self.rows: dict[str, dict[int, Evidence]] = {code: {} for code in codes}
        for row in Evidence.objects.filter(code__in=list(self.rows)):
            self.rows[row.code][row.revision] = row
        self.uses: dict[tuple[Any, ...], str] = {}
        self._read_uses([one for rows in self.rows.values() for one in rows.values()])
        self.documents = self.sentences = 0  # written

    def take(self, row: Row) -> str:
        """Write what the row says and tell what came of it. Raises RefusedRowError, and then
        nothing of the row is written."""
        document = self.rows[row["code"]].get(row["revision"])
        sentence = " ".join((row["sentence"] or "").split())
        if document:
            self._refuse_other_kind(document, sentence, row)
            came = self._change(document, row)
        else:
            self._add(row)
            came = NEW
        if sentence and self._attach(self.rows[row["code"]][row["revision"]], sentence, row):
            return NEW if came == UNCHANGED else came
        return came

    def _add(self, row: Row) -> None:
        """It waits, and is approved by the service, which withdraws the revision before it."""
        for name in NEEDED:
            if row[name] is None:
                raise RefusedRowError(name, "is missing")
        state = row["state"] or PENDING
        made = Evidence(
            code=row["code"],
            revision=row["revision"],
            created_at=row["added_at"] or timezone.now(),
            state=WITHDRAWN if state == WITHDRAWN else PENDING,
            decided_at=row["decided_at"] or timezone.now() if state == WITHDRAWN else None,
        )
        if state != WITHDRAWN and any(one.state == PENDING for one in self._others(made)):
            raise RefusedRowError("state", "cannot be: another revision waits for approval")
        if state == APPROVED:
            self._refuse_late(made)
        self._write(made, {name: row[name] for name in SAID})
        self.rows[made.code][made.revision] = made
        self._move(made, row)

    def _change(self, there: Evidence, row: Row) -> str:
        state = row["state"] or PENDING
        if not row["_first"] and ONWARDS[state] > ONWARDS[there.state]:
            raise RefusedRowError("state", "is not what an earlier row says")
        other = {name: row[name] for name in SAID if self._differs(there, name, row[name])}
        if other and not row["_first"]:
            raise RefusedRowError(next(iter(other)), "is not what an earlier row says")
        if other and there.state != PENDING:
            reason = "differs from what was decided on: give it the next revision"
            raise RefusedRowError(next(iter(other)), reason)
        if there.state == PENDING and state == APPROVED:
            self._refuse_late(there)
        if other:
            self._write(there, other)
        return CHANGED if self._move(there, row) or other else UNCHANGED

    def _move(self, there: Evidence, row: Row) -> bool:
        """Only onwards: an older file takes nothing back."""
        before, state = there.state, row["state"] or PENDING
        if before == PENDING and state == APPROVED:
            service.approve_evidence(there, None, decided_at=row["decided_at"])
        elif state == WITHDRAWN != before:
            service.withdraw_evidence(there, None, decided_at=row["decided_at"])
        else:
            return False
        for one in [there, *self._others(there)]:
            one.refresh_from_db(fields=["state"])
        self._read_uses([there])  # approved, it may have those of the revision before
        return True

    def _write(self, there: Evidence, said: dict[str, Any]) -> None:
        if said.get("file"):
            _refuse_strange(said["file"])
        for name, value in said.items():
            if value is not None:
                setattr(there, name, value)
        try:
            saved(there)
        except service.EvidenceError as error:
            if there.pk:
                there.refresh_from_db()  # the rows after it are held against what is stored
            column = error.args[1] if error.args[1] in SAID else "url"
            raise RefusedRowError(column, f"cannot be: {error}") from error
        self.documents += 1

    def _attach(self, document: Evidence, sentence: str, row: Row) -> bool:
        key = (document.pk, sentence, row["language"], row["product_id"])
        if key in self.uses:
            return False
        self.uses[key] = row["kind"]
        EvidenceUse.objects.create(
            evidence=document,
            sentence=sentence,
            kind=row["kind"],
            language=row["language"],
            product_id=row["product_id"],
            attached_at=row["attached_at"] or timezone.now(),
        )
        self.sentences += 1
        return True

    def _refuse_other_kind(self, document: Evidence, sentence: str, row: Row) -> None:
        key = (document.pk, sentence, row["language"], row["product_id"])
        if sentence and self.uses.get(key, row["kind"]) != row["kind"]:
            raise RefusedRowError("kind", "is not what is stored of this sentence")

    def _refuse_late(self, document: Evidence) -> None:
        later = (one for one in self._others(document) if one.revision > document.revision)
        if any(one.state == APPROVED for one in later):
            raise RefusedRowError("state", "cannot be: a later revision is approved already")

    def _others(self, document: Evidence) -> list[Evidence]:
        of_it = self.rows[document.code].values()
        return [one for one in of_it if one.revision != document.revision]

    def _read_uses(self, documents: list[Evidence]) -> None:
        for use in EvidenceUse.objects.filter(evidence__in=[one.pk for one in documents]):
            key = (use.evidence_id, use.sentence, use.language, use.product_id)
            self.uses[key] = use.kind

    @staticmethod
    def _differs(there: Evidence, name: str, value: Any) -> bool:
        """What is empty leaves what is there."""
        stored = there.file.name if name == "file" else getattr(there, name)
        return value is not None and value != stored


def _refuse_strange(name: str) -> None:
    """A file is named, never brought: only one that a person put below the folder."""
    try:
        is_there = bool(FILE.fullmatch(name)) and evidence_storage().exists(name)
    except (SuspiciousFileOperation, OSError, ValueError):
        is_there = False
    if not is_there:
        raise RefusedRowError("file", "is no file below VAR_DIR/evidence")

"""The work of an erasure: steps that may die at any line and be run again.

1. The door: her identifiers are kept as hashes, and nobody writes for her any more.
2. Models whose file names her stop at once; all that learned from her days are due.
3. Every holding of the registry, some rows a transaction, counted in the same transaction.
4. Texts and files that name her.
5. Her row: what came in between is taken too, and the database itself checks that nothing points at her.
6. The proof: every table and every file is searched.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.jobs import GiveUpError, Progress
from privacy.models import Erasure, ErasureState, ErasureStep
from privacy.registry.base import Holding, Subject
from privacy.registry.holdings import HOLDINGS
from privacy.services import stored_files, trained
from privacy.services.erasures import ErasureError, refuse_impossible
from privacy.services.proof import prove
from privacy.services.rid_texts import rid_texts
from privacy.services.subjects import read_subject, remember, subject_of, working_of
from privacy.services.words import Words, words_of
from shop.models import Consent, Customer, LatestState, Purpose
from shop.services.erased import stand_alone

CHUNK = 500
Still = Callable[[], None]
DOOR, MODELS, ROWS, TEXTS, FILES, HER_ROW, PROOF = (
    gettext_noop("the door"),
    gettext_noop("models"),
    gettext_noop("rows"),
    gettext_noop("texts"),
    gettext_noop("files"),
    gettext_noop("her row"),
    gettext_noop("the proof"),
)
STEPS = (DOOR, MODELS, ROWS, TEXTS, FILES, HER_ROW, PROOF)


class BusyError(Exception):
    """Somebody writes for her at this very moment; the job tries again after a pause."""


def erase_person(progress: Progress, erasure_id: int) -> dict:
    """Run what is still to be done. Twice, or after dying anywhere, ends the same.

    Raises GiveUpError where an order has come in between: then nothing was removed.
    """
    erasure = Erasure.objects.get(pk=erasure_id)
    if erasure.state != ErasureState.RUNNING:
        return {"state": erasure.state}
    try:
        erasure = _step(
            erasure, DOOR, partial(_close_the_door, still=progress.still_mine), progress
        )
    except ErasureError as reason:
        _give_back(erasure, progress.still_mine)
        raise GiveUpError(str(reason)) from reason
    subject = subject_of(erasure.working)
    words = words_of(subject)
    work: dict[str, Callable[[Erasure, ErasureStep], None]] = {
        MODELS: partial(_models, words=words, still=progress.still_mine),
        ROWS: partial(_rows, subject=subject, still=progress.still_mine),
        TEXTS: partial(_texts, words=words, still=progress.still_mine),
        FILES: partial(_files, words=words),
        HER_ROW: partial(_her_row, subject=subject, still=progress.still_mine),
        PROOF: partial(_proof, words=words, still=progress.still_mine),
    }
    for name in STEPS[1:]:
        erasure = _step(erasure, name, work[name], progress)
    return {"state": erasure.state, "found": len(erasure.found)}


def _step(
    erasure: Erasure,
    name: str,
    work: Callable[[Erasure, ErasureStep], None],
    progress: Progress,
) -> Erasure:
    position = STEPS.index(name)
    progress(position, len(STEPS), name)
    step, _new = ErasureStep.objects.get_or_create(
        erasure=erasure, name=name, defaults={"position": position}
    )
    if step.ended_at is None:
        work(erasure, step)
        ErasureStep.objects.filter(pk=step.pk, ended_at=None).update(ended_at=timezone.now())
        erasure.refresh_from_db()
    return erasure


def _close_the_door(erasure: Erasure, step: ErasureStep, *, still: Still) -> None:
    with transaction.atomic():
        still()
        stand_alone()
        mine = Erasure.objects.select_for_update().get(pk=erasure.pk)
        if mine.working:
            return
        customer = mine.customer
        assert customer is not None  # only the work itself takes her away, and it begins here
        refuse_impossible(customer)
        subject = read_subject(customer)
        remember(subject)
        mine.working = working_of(subject, customer.created_at)
        mine.save(update_fields=["working"])


def _give_back(erasure: Erasure, still: Still) -> None:
    with transaction.atomic():
        still()
        ErasureStep.objects.filter(erasure=erasure).delete()
        Erasure.objects.filter(pk=erasure.pk, working={}).update(
            state=ErasureState.REFUSED, customer=None
        )


def _models(erasure: Erasure, step: ErasureStep, *, words: Words, still: Still) -> None:
    still()
    trained.withdraw_and_mark(erasure, words)
    with transaction.atomic():
        still()
        counts = {"decisions.ModelRun": erasure.models.count()}
        ErasureStep.objects.filter(pk=step.pk).update(counts=counts)


def _rows(erasure: Erasure, step: ErasureStep, *, subject: Subject, still: Still) -> None:
    for holding in HOLDINGS:
        while _some_rows(holding, erasure, step, subject, still):
            pass


def _some_rows(
    holding: Holding, erasure: Erasure, step: ErasureStep, subject: Subject, still: Still
) -> bool:
    """One transaction of one holding; whether anything was left to do."""
    with transaction.atomic():
        still()
        keys = list(holding.rows(subject).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return False
        done = holding.act(keys, partial(_pseudonym, erasure))
        if not done:
            raise RuntimeError(f"{holding.model}: nothing became of {len(keys)} rows")
        _count(step, holding.model, done)
    return True


def _count(step: ErasureStep, what: str, rows: int) -> None:
    """Belongs in the transaction of the rows: neither is there without the other."""
    fresh = ErasureStep.objects.select_for_update().get(pk=step.pk)
    fresh.counts[what] = fresh.counts.get(what, 0) + rows
    fresh.save(update_fields=["counts"])


def _pseudonym(erasure: Erasure) -> int:
    """Whom her orders belong to from now on: no name, no address, and no to every purpose."""
    mine = Erasure.objects.select_for_update(of=("self",)).get(pk=erasure.pk)
    if mine.pseudonym_id is None:
        since = trained.first_seen(mine).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        mine.pseudonym = Customer.objects.create(
            code=f"erased-{secrets.token_hex(8)}", is_pseudonym=True, created_at=since
        )
        mine.save(update_fields=["pseudonym"])
        Consent.objects.bulk_create(
            Consent(
                customer=mine.pseudonym, purpose=purpose, granted=False, source="erased",
                recorded_at=since,
            )
            for purpose in Purpose.values
        )  # fmt: skip
    assert mine.pseudonym_id is not None
    return mine.pseudonym_id


def _texts(erasure: Erasure, step: ErasureStep, *, words: Words, still: Still) -> None:
    fresh = Erasure.objects.select_related("pseudonym").get(pk=erasure.pk)
    instead = fresh.pseudonym.code if fresh.pseudonym else f"erased-{erasure.pk}"
    rid_texts(words, instead, still, partial(_count, step))


def _files(erasure: Erasure, step: ErasureStep, *, words: Words) -> None:
    gone = stored_files.remove_copies(words)
    with transaction.atomic():
        _count(step, "files", gone)


def _her_row(erasure: Erasure, step: ErasureStep, *, subject: Subject, still: Still) -> None:
    """What was written since is taken as well, while nobody can write for her. Then she is gone.

    Raises BusyError: whoever holds her row may be waiting for the lock that we hold.
    """
    with transaction.atomic():
        still()
        stand_alone()
        LatestState.objects.select_for_update().filter(
            pk=1
        ).first()  # the night copies no event now
        if not _hold(subject.customer_id):
            return
        for holding in HOLDINGS:
            while keys := list(
                holding.rows(subject).order_by("pk").values_list("pk", flat=True)[:CHUNK]
            ):
                _count(step, holding.model, holding.act(keys, partial(_pseudonym, erasure)))
        Erasure.objects.filter(customer_id=subject.customer_id).update(customer=None)
        # Not the collector, which would look for rows by itself: the foreign keys check what is left.
        Customer.objects.filter(pk=subject.customer_id)._raw_delete("default")
        _count(step, "shop.Customer", 1)


def _hold(customer_id: int) -> bool:
    can_skip = connection.features.has_select_for_update_nowait
    try:
        with transaction.atomic():
            row = Customer.objects.select_for_update(nowait=can_skip).filter(pk=customer_id)
            return row.first() is not None
    except DatabaseError as error:
        raise BusyError(str(customer_id)) from error


def _proof(erasure: Erasure, step: ErasureStep, *, words: Words, still: Still) -> None:
    searched, found = prove(words)
    with transaction.atomic():
        still()
        Erasure.objects.filter(pk=erasure.pk, state=ErasureState.RUNNING).update(
            searched=searched,
            found=found,
            state=ErasureState.FOUND if found else ErasureState.PROVEN,
            finished_at=timezone.now(),
            working={},
        )

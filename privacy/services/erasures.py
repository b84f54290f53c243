"""Ask for an erasure, decide on it, start its work. Every verb: twice equals once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from decisions.services.jobs import enqueue
from privacy.models import OPEN_STATES, Erasure, ErasureState, Ground
from privacy.registry.base import Subject
from privacy.services.obstacles import obstacles_to
from privacy.services.proof import prove
from privacy.services.words import words_of
from shop.models import Customer, IdentifierKind
from shop.services.erased import digest_of

JOB = "erase_person"


class ErasureError(Exception):
    """Why that cannot be done; meant for the person who asked."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def ask(customer: Customer, *, by: Any = None, ground: str = Ground.HER_WISH) -> Erasure:
    """Write the wish down; nothing is removed yet. An open one of the same person is given back.

    Raises ErasureError for a pseudonym, and while an order is under way.
    """
    refuse_impossible(customer)
    digest = digest_of(IdentifierKind.CODE, customer.code)
    open_ones = Erasure.objects.filter(subject_digest=digest, state__in=OPEN_STATES)
    if known := open_ones.first():
        return known
    try:
        with transaction.atomic():
            return Erasure.objects.create(
                customer=customer, subject_digest=digest, asked_by=by, ground=ground
            )
    except IntegrityError:  # one_open_erasure_of_a_person: a rival asked at this moment
        return open_ones.get()


def refuse_impossible(customer: Customer) -> None:
    if customer.is_pseudonym:
        raise ErasureError(_("This is a pseudonym: nobody is behind it any more."))
    if found := obstacles_to(customer):
        raise ErasureError(format_lazy("{} {}", found[0].order, found[0].text))


def approve(erasure: Erasure, *, by: Any = None) -> Erasure:
    """Start the work. Raises ErasureError where another person must decide, or it is decided."""
    four_eyes = settings.DECISIONS_FOUR_EYES and by is not None and erasure.asked_by_id == by.pk
    if four_eyes:
        raise ErasureError(_("Another person than the one who asked must decide."))
    with transaction.atomic():
        mine = Erasure.objects.filter(pk=erasure.pk, state=ErasureState.ASKED)
        if mine.update(state=ErasureState.RUNNING, decided_by=by, decided_at=timezone.now()):
            job = enqueue(
                JOB, {"erasure_id": erasure.pk}, key=f"{JOB}:{erasure.pk}", requested_by=by
            )
            Erasure.objects.filter(pk=erasure.pk).update(job=job)
    erasure.refresh_from_db()
    if erasure.state == ErasureState.REFUSED:
        raise ErasureError(_("This erasure was refused."))
    return erasure


def refuse(erasure: Erasure, *, by: Any = None) -> Erasure:
    """Nothing is removed. Raises ErasureError once the work has begun."""
    mine = Erasure.objects.filter(pk=erasure.pk, state=ErasureState.ASKED)
    mine.update(state=ErasureState.REFUSED, decided_by=by, decided_at=timezone.now(), customer=None)
    erasure.refresh_from_db()
    if erasure.state != ErasureState.REFUSED:
        raise ErasureError(_("The work has begun: what is removed cannot come back."))
    return erasure


def search_again(erasure: Erasure, subject: Subject) -> Erasure:
    """The proof once more, by what a person types anew: after something was removed by hand, or a backup
    was restored. Raises ErasureError for another person, and before the work is over."""
    if erasure.subject_digest != digest_of(IdentifierKind.CODE, subject.code):
        raise ErasureError(_("This is the erasure of another person."))
    if erasure.state not in (ErasureState.PROVEN, ErasureState.FOUND):
        raise ErasureError(_("The work is not over."))
    searched, found = prove(words_of(subject))
    state = ErasureState.FOUND if found else ErasureState.PROVEN
    Erasure.objects.filter(pk=erasure.pk).update(searched=searched, found=found, state=state)
    erasure.refresh_from_db()
    return erasure


def erasures_of(code: str) -> list[Erasure]:
    """By the code she had, newest first, 50 at most."""
    digest = digest_of(IdentifierKind.CODE, code)
    return list(Erasure.objects.filter(subject_digest=digest).order_by("-pk")[:50])

"""Rulings on wordings: asked for by one person, approved by a person, withdrawn with the copy that
rests on them.

A ruling leaves no row in the ledger of claims, since it claims nothing: what rests on it is whatever
says the sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from language.claims import wording_of
from language.statements import sentences_of
from marketing.models import Campaign, CopyState, CopyVariant, RulingState, WordingRuling
from marketing.models.campaigns import COPY_LANGUAGES
from marketing.services.campaigns import campaigns
from marketing.services.content import descriptions
from marketing.services.journeys import journey_review
from marketing.texts.wordings import MOST_SENTENCE, objection, one_sentence

MOST_REASON = 300
MOST_BYTES = 2000  # what an index of PostgreSQL takes, with room to spare
# How long the clock still looks for copy that was approved in the very moment of a withdrawal.
LOOKED_AFTER = timedelta(days=2)


class WordingError(Exception):
    """Why no ruling is asked for or made like that; meant for the marketer."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def ask(sentence: str, *, language: str, reason: str, by: Any) -> WordingRuling:
    """A person says that the sentence states nothing; another one decides. The same sentence again, in
    whatever case, is the ruling that waits or stands already. Raises WordingError."""
    reason = " ".join(reason.split())
    said, words = one_sentence(sentence)
    if not said or len(said) > MOST_SENTENCE or len(words.encode()) > MOST_BYTES:
        raise WordingError(_("Give one sentence of at most 500 characters."))
    if language not in dict(COPY_LANGUAGES):
        raise WordingError(_("Say in which language it is: en or zh."))
    if not reason or len(reason) > MOST_REASON:
        raise WordingError(_("Say in at most 300 characters why it states nothing."))
    if why_not := objection(said):
        raise WordingError(why_not)
    standing = WordingRuling.objects.exclude(state=RulingState.WITHDRAWN)
    ruling, _created = standing.get_or_create(
        language=language,
        words=words,
        defaults={"sentence": said, "reason": reason, "asked_by": by},
    )
    return ruling


def approve(ruling: WordingRuling, by: Any) -> bool:
    """False when it is not waiting any more. Whoever approves answers for it by name.

    Raises WordingError where the shop wants a second person, and where the lists have learned a word
    against the sentence since it was asked for.
    """
    if settings.DECISIONS_FOUR_EYES and by is not None and ruling.asked_by_id == by.pk:
        raise WordingError(_("Another person than the one who asked must decide."))
    if why_not := objection(ruling.sentence):
        raise WordingError(why_not)
    waiting = WordingRuling.objects.filter(pk=ruling.pk, state=RulingState.PENDING)
    return bool(
        waiting.update(state=RulingState.APPROVED, decided_by=by, decided_at=timezone.now())
    )


def withdraw(ruling: WordingRuling, by: Any) -> bool:
    """It clears nothing any more: live copy that says the sentence is judged without it, and pulled, in
    the same transaction. Of one that waits: it is declined. False when it was withdrawn already."""
    at = timezone.now()
    with transaction.atomic():
        known = WordingRuling.objects.filter(pk=ruling.pk).exclude(state=RulingState.WITHDRAWN)
        changed = known.update(state=RulingState.WITHDRAWN, decided_by=by, decided_at=at)
        if changed:
            _pull_copy([ruling], at)
            journey_review.pull_forbidden(at)
    return bool(changed)


def pull_withdrawn(at: datetime | None = None) -> int:
    """The clock: campaigns and descriptions that were approved in the very moment of a withdrawal.
    Journeys are read anew by a clock of their own."""
    at = at or timezone.now()
    rulings = list(
        WordingRuling.objects.filter(state=RulingState.WITHDRAWN, decided_at__gte=at - LOOKED_AFTER)
    )
    if not rulings:
        return 0
    with transaction.atomic():
        return _pull_copy(rulings, at)


def _pull_copy(rulings: Collection[WordingRuling], at: datetime) -> int:
    wordings = {(ruling.language, ruling.words) for ruling in rulings}
    languages = {ruling.language for ruling in rulings}
    sent = CopyVariant.objects.filter(
        state=CopyState.CHOSEN,
        language__in=languages,
        campaign__state__in=campaigns.MAY_GO_LIVE,
    )
    live = {
        copy.campaign_id for copy in sent if _says(copy.parts.values(), copy.language, wordings)
    }
    paused = campaigns.pull(Campaign.objects.filter(pk__in=live), at)
    resting = [
        one
        for one in descriptions.approved_descriptions().filter(brief__language__in=languages)
        if _says(one.parts.values(), one.brief.language, wordings)
        and descriptions.is_shown(one, at)
    ]
    return paused + descriptions.renew(resting, at)


def _says(texts: Iterable[str], language: str, wordings: set[tuple[str, str]]) -> bool:
    return any(
        (language, wording_of(text, span)) in wordings
        for text in texts
        for span in sentences_of(text)
    )

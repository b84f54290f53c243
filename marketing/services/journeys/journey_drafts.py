"""The draft of a journey: changed step by step, saved as a version only once nothing is wrong."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from marketing.models import Journey, JourneyVersion
from marketing.services.journeys.journeys import JourneyError, save_version


def draft_of(journey: Journey) -> dict[str, Any]:
    """What is being edited: the draft, else the newest version."""
    if journey.draft is not None:
        return journey.draft
    newest = journey.versions.first()
    return newest.definition if newest else {"trigger": {"on": "joined"}, "exits": [], "steps": []}


def write_draft(journey: Journey, definition: dict[str, Any], *, revision: int) -> Journey:
    """Keep a change. Raises JourneyError when somebody else changed the draft since `revision`."""
    mine = Journey.objects.filter(pk=journey.pk, draft_revision=revision)
    if not mine.update(draft=definition, draft_revision=F("draft_revision") + 1):
        raise JourneyError(
            _("Somebody else changed this draft in the meantime. This is how it stands now.")
        )
    journey.refresh_from_db()
    return journey


def drop_draft(journey: Journey, *, revision: int) -> None:
    """Back to the newest version. Raises JourneyError as above."""
    mine = Journey.objects.filter(pk=journey.pk, draft_revision=revision)
    if not mine.update(draft=None, draft_revision=F("draft_revision") + 1):
        raise JourneyError(
            _("Somebody else changed this draft in the meantime. This is how it stands now.")
        )
    journey.refresh_from_db()


def save_draft(journey: Journey, *, revision: int, author: Any = None) -> JourneyVersion:
    """The draft becomes the next version; nothing goes live. Raises JourneyError for what is wrong."""
    version = save_version(journey, draft_of(journey), author=author)
    drop_draft(journey, revision=revision)
    return version


def bring_back(journey: Journey, number: int, *, revision: int) -> Journey:
    """An earlier version as the draft: saved, it is the newest one again."""
    version = journey.versions.filter(number=number).first()
    if version is None:
        raise JourneyError(_("There is no version %(number)s.") % {"number": number})
    return write_draft(journey, version.definition, revision=revision)

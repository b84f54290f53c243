"""Make, change and delete segments. What the night and campaigns rest on stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from marketing.models import Segment


class SegmentError(Exception):
    """Why a segment cannot be made, changed or deleted; meant for the marketer."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def create_segment(code: str, said: dict[str, Any]) -> Segment:
    """The same code and wish again is the same segment. Raises SegmentError for another's code."""
    segment, made = Segment.objects.get_or_create(code=code, defaults=said)
    if not made and any(getattr(segment, name) != value for name, value in said.items()):
        raise SegmentError(_("There is another segment %(code)s.") % {"code": code})
    return segment


def change_segment(segment: Segment, said: dict[str, Any]) -> Segment:
    """Raises SegmentError for the rule of a built-in segment: the night's campaigns rest on it."""
    with transaction.atomic():
        row = Segment.objects.select_for_update().filter(pk=segment.pk).first()
        if row is None:
            raise SegmentError(_("This segment is not there any more."))
        if row.is_builtin and said.get("rule", row.rule) != row.rule:
            raise SegmentError(
                _("The rule of a built-in segment stays; make a segment of your own.")
            )
        for name, value in said.items():
            setattr(row, name, value)
        row.save(update_fields=list(said) or None)
    return row


def may_delete(segment: Segment) -> bool:
    return not (segment.is_builtin or segment.campaigns.exists() or segment.audiences.exists())


def delete_segment(segment: Segment) -> None:
    """Members and changes with it. Raises SegmentError while something rests on it."""
    with transaction.atomic():
        row = Segment.objects.select_for_update().filter(pk=segment.pk).first()
        if row is None:
            return
        try:
            if may_delete(row):
                row.delete()
                return
        except ProtectedError:
            pass  # a brief, say
        raise SegmentError(
            _("It is built in, or a campaign, brief or frozen list was made of it: it stays.")
        )

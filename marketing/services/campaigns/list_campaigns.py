"""A campaign for the members of a kept list."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from marketing.models import Audience, Campaign
from marketing.services.audiences.frozen import AudienceError, hold_kept


def draft_for(audience: Audience, fields: dict[str, Any], *, key: str) -> Campaign:
    """A draft; the same key again is the same draft, whatever became of it.

    Raises AudienceError when no campaign can be made for the list any more.
    """
    key = f"list:{hashlib.sha256(key.encode()).hexdigest()[:40]}"
    with transaction.atomic():
        row = hold_kept(audience.pk)
        known = Campaign.objects.filter(key=key, frozen_audience=row).first()
        if known:
            return known
        if not row.is_usable:
            raise AudienceError(_("No campaign can be made for this list any more."))
        return Campaign.objects.create(key=key, frozen_audience=row, segment=row.segment, **fields)

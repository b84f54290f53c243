"""Freeze who is meant, and draw who gets nothing."""

from __future__ import annotations

import hashlib

from django.db import transaction

from decisions.services.experiments import in_global_holdout, in_share
from marketing.models import Audience, AudienceMember, Campaign
from marketing.rules import customers_of, reachable

ROWS_PER_TRANSACTION = 500


class NobodyReachableError(Exception):
    """The segment holds nobody who may be written to."""


def freeze_audience(campaign: Campaign) -> Audience:
    """A new list of everybody reachable in the segment, in chunks, the holdout drawn by hash.

    Both arms are reachable people, so what differs between them is the message. Who is kept out of
    everything (EXPERIMENT_HOLDOUT_RATE) is in neither: she never got the messages before, either. A worker that
    dies in between leaves an incomplete list that no campaign points at.
    Raises NobodyReachableError.
    """
    audience = Audience.objects.create(
        segment=campaign.segment, rule=campaign.segment.rule, channel=campaign.channel
    )
    customers = reachable(customers_of(campaign.segment.rule), campaign.channel)
    digest, count, held = hashlib.sha256(), 0, 0
    last = 0
    while chunk := list(
        customers.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "code")[:ROWS_PER_TRANSACTION]
    ):
        last = chunk[-1][0]
        members = [
            _member(audience, campaign, pk, code)
            for pk, code in chunk
            if not in_global_holdout(f"customer:{pk}")
        ]
        with transaction.atomic():
            AudienceMember.objects.bulk_create(members)
        count += len(members)
        held += sum(member.is_holdout for member in members)
        digest.update("".join(f"{m.customer_id}:{m.is_holdout:d}\n" for m in members).encode())
    if count - held < 1:
        audience.delete()
        raise NobodyReachableError
    audience.customer_count, audience.holdout_count = count, held
    audience.members_sha256, audience.is_complete = digest.hexdigest(), True
    audience.save()
    return audience


def _member(audience: Audience, campaign: Campaign, customer_id: int, code: str) -> AudienceMember:
    held = in_share(f"campaign:{campaign.pk}", code, campaign.holdout_rate)
    return AudienceMember(audience=audience, customer_id=customer_id, is_holdout=held)

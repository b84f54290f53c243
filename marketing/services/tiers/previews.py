"""What terms would change before they are saved: who enters, moves and leaves, and what it may cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from marketing.frames.tiers import candidates, measured
from marketing.ml.tiers import Standing, next_standing
from marketing.models import TierMembership, TierProgramme
from marketing.services.audiences.counting import counting
from marketing.services.tiers.looks import CHUNK
from marketing.services.tiers.programmes import SAID, Terms, refuse_nonsense
from shop.models import CouponOffer, OfferState
from shop.services.events.event_rows import among


@dataclass
class TierPreview:
    """coupons, cost_minor: of those who rise into it; the most that the coupons may take off, as far
    as the offer's uses and budget reach. offer_live: None where the tier gives none."""

    code: str
    name: str
    now: int = 0
    then: int = 0
    risen: int = 0
    coupons: int = 0
    cost_minor: int = 0
    offer_live: bool | None = None


@dataclass
class Preview:
    """entered, left: of the programme. in_grace: would begin or go on to be below what keeps it."""

    entered: int = 0
    left: int = 0
    rose: int = 0
    fell: int = 0
    unknown: int = 0
    in_grace: int = 0
    tiers: list[TierPreview] = field(default_factory=list)

    @property
    def cost_minor(self) -> int:
        return sum(one.cost_minor for one in self.tiers)


def preview(terms: Terms, at: datetime, programme: TierProgramme | None = None) -> Preview:
    """Nothing is written. Raises TierError, and TookTooLongError after MARKETING_COUNT_SECONDS."""
    refuse_nonsense(terms)
    ladder = terms.ladder
    ranks = {one.code: n for n, one in enumerate(terms.tiers, start=1)}
    asked = TierProgramme(
        pk=programme.pk if programme else None, **{name: getattr(terms, name) for name in SAID}
    )
    before: Counter[int] = Counter()
    then: Counter[int] = Counter()
    risen: Counter[int] = Counter()
    found = Preview()
    with counting(settings.MARKETING_COUNT_SECONDS):
        last = 0
        people = candidates(asked, at).order_by("pk").values_list("pk", flat=True)
        while chunk := list(people.filter(pk__gt=last)[:CHUNK]):
            last = chunk[-1]
            standing = _standing(programme, chunk, ranks)
            for pk, figure in measured(asked, chunk, at).items():
                was = standing.get(pk, Standing())
                new = next_standing(ladder, was, figure.value, at)
                found.unknown += figure.value is None
                _count(found, was, new)
                before[was.rank] += 1
                then[new.rank] += 1
                risen[new.rank] += new.rank > was.rank
    found.tiers = [
        _tier(TierPreview(one.code, one.name, before[n], then[n], risen[n]), one.offer_code)
        for n, one in enumerate(terms.tiers, start=1)
    ]
    return found


def _standing(
    programme: TierProgramme | None, customers: list[int], ranks: dict[str, int]
) -> dict[int, Standing]:
    """By the ranks that the terms would give the tiers."""
    if programme is None:
        return {}
    rows = TierMembership.objects.filter(programme=programme, customer__in=among(customers))
    return {
        who: Standing(ranks.get(code, 0), below)
        for who, code, below in rows.values_list("customer_id", "tier__code", "below_since")
    }


def _count(found: Preview, was: Standing, new: Standing) -> None:
    found.entered += bool(new.rank) and not was.rank
    found.left += bool(was.rank) and not new.rank
    found.rose += 0 < was.rank < new.rank
    found.fell += 0 < new.rank < was.rank
    found.in_grace += new.below_since is not None


def _tier(one: TierPreview, offer_code: str) -> TierPreview:
    if not offer_code:
        return one
    offer = CouponOffer.objects.filter(code=offer_code, state=OfferState.LIVE).first()
    one.offer_live = offer is not None
    if offer:
        one.coupons = min(one.risen, offer.left_coupons)
        one.cost_minor = one.coupons * offer.most_minor
    return one

"""Send a campaign: whom it claims and when each is due. How a message leaves is in hand_over.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.models import Job
from decisions.services import jobs
from marketing.delivery.messages import Text
from marketing.delivery.quiet_hours import first_hour
from marketing.models import (
    Audience,
    AudienceMember,
    Campaign,
    CampaignState,
    Channel,
    Goal,
    Send,
    SendState,
    SkipReason,
)
from marketing.models.campaigns import FIRST_ARM, PausedBy
from marketing.services.campaigns import campaigns, copy_waves, stock_cap
from marketing.services.campaigns.copy_facts import forbidden
from marketing.services.content import claim_ledger
from marketing.services.effects.results import send_counts
from marketing.services.sending.channel_health import ChannelClosedError, closed_until
from marketing.services.sending.coupons import with_coupons
from marketing.services.sending.guards import Asked
from marketing.services.sending.hand_over import (
    BATCH,
    belt,
    log_missing,
    settle_interrupted,
)
from marketing.services.sending.recommended import with_recommended
from marketing.services.sending.unsent_coupons import return_unsent
from marketing.texts.facts import campaign_facts

STOPS_AT_AN_ORDER = frozenset({Goal.WIN_BACK, Goal.SECOND_ORDER})
CLAIMED_AT_ONCE = 500
ROUND = 250  # messages between two looks at facts and stock


class CampaignMessages:
    """A campaign as a source of words: the chosen copy of the recipient's variant, in her language."""

    def __init__(self, campaign: Campaign, at: datetime):
        self.campaign, self.channel = campaign, campaign.channel
        items = campaign.items.values_list("variant__sku", flat=True)
        self.featured = list(items)  # what is spoken of is not recommended as well
        self.texts = {
            (copy.arm, copy.language): Text(
                copy.subject,
                copy.body,
                copy.language,
                campaign_facts(campaign, copy.language, at),
                copy_id=copy.pk,
                link_url=campaign.link_url,
                preheader=copy.preheader,
            )
            for copy in campaigns.chosen_copies(campaign)
        }

    def asked(self, sends: Sequence[Send]) -> Asked:
        since = self.campaign.audience.frozen_at if self.campaign.audience else None
        # Who has ordered since needs no coupon to order.
        stops = self.campaign.goal in STOPS_AT_AN_ORDER or self.campaign.coupon_offer_id
        if since is None or not stops:
            return Asked(self.channel, {})
        return Asked(self.channel, {send.customer_id: since for send in sends})

    def words(self, sends: Sequence[Send], at: datetime) -> Mapping[int, Text | SkipReason | None]:
        stopped = self._stopped(sends)
        found = {
            send.pk: SkipReason.PULLED if send.arm in stopped else self._text_of(send)
            for send in sends
        }
        return self._with_own(sends, found, at)

    def _with_own(
        self, sends: Sequence[Send], found: Mapping[int, Text | SkipReason], at: datetime
    ) -> dict[int, Text | SkipReason | None]:
        """With what is the recipient's own: her coupon, her products. Whose variant was stopped gets
        neither."""
        # Products first: who can be shown none gets no letter, and a coupon is issued to nobody in vain.
        words = with_recommended(sends, found, at, about=dict.fromkeys(found, self.featured))
        if self.campaign.coupon_offer is not None:
            written = {pk: text for pk, text in words.items() if isinstance(text, Text)}
            meant = [send for send in sends if send.pk in written]
            offer = self.campaign.coupon_offer
            words |= with_coupons(offer, meant, written, occasion=self.occasion, at=at)
        return words

    def _stopped(self, sends: Sequence[Send]) -> set[str]:
        """Asked for each batch: somebody may have stopped a variant since the round began."""
        if not any(send.arm for send in sends):
            return set()
        rows = self.campaign.arms.exclude(stopped_at=None)
        return set(rows.values_list("name", flat=True))

    def _text_of(self, send: Send) -> Text | SkipReason:
        arm = send.arm or FIRST_ARM
        own = self.texts.get((arm, self.campaign.language), SkipReason.PULLED)
        return self.texts.get((arm, send.customer.language), own)

    @property
    def occasion(self) -> str:
        return f"campaign:{self.campaign.pk}"

    def label(self, send: Send) -> dict[str, Any]:
        return label_of(send)


def label_of(send: Send) -> dict[str, Any]:
    """The exposure in the event log: which variant she was sent, and what chance she had of it."""
    said: dict[str, Any] = {"campaign": send.campaign_id}
    if send.arm:
        said |= {"variant": send.arm, "propensity": send.arm_propensity}
    return said


def send_campaign(progress: Any, campaign_id: int) -> dict:
    """Send what is due and not sent yet. Run again after a crash it goes on where it was.

    Ends with the campaign still sending when the rest is due later: the clock calls again.
    """
    campaign = _begin(Campaign.objects.get(pk=campaign_id))
    if campaign.state != CampaignState.SENDING:
        return send_counts(campaign)
    settle_interrupted(campaign.sends.all())
    copy_waves.open_due(campaign, timezone.now())
    try:
        is_through = _send_due(progress, campaign)
    except ChannelClosedError:
        is_through = False  # its monitor says why, and the clock calls again when it is open
    if not is_through:
        return send_counts(campaign)
    log_missing(campaign.sends.all(), label_of)
    is_left = _waiting(campaign).exists() or _is_left(campaign)
    if not is_left and copy_waves.is_complete(campaign):
        campaigns.move(campaign, CampaignState.SENT, finished_at=timezone.now())
    return send_counts(campaign)


def _send_due(progress: Any, campaign: Campaign) -> bool:
    """Everything that may leave now; False when it was stopped. Facts are read anew every round."""
    total = Audience.objects.get(campaigns=campaign).recipient_count
    done = campaign.sends.exclude(state=SendState.CLAIMED).count()
    with belt(settings.MESSAGE_CONNECTIONS) as moving:
        place = _place_of(campaign)
        while batch := _next_batch(campaign, place):  # while the last ones are on their way
            at = timezone.now()
            if not _may_go_on(campaign, len(batch), at):
                return False
            progress.still_mine()
            moving.renew(CampaignMessages(campaign, at))
            for start in range(0, len(batch), BATCH):
                progress(done, total, gettext_noop("sending"))
                moving.hand_over(batch[start : start + BATCH], at=timezone.now())
                done += BATCH
    return True


def continue_campaigns(at: datetime | None = None) -> int:
    """The clock: ask for campaigns whose next recipients are due, and whose stock is back; coupons of
    messages that never left go back."""
    at = at or timezone.now()
    stock_cap.resume_restocked(at)
    return_unsent()
    asked = 0
    closed = {channel for channel in Channel.values if closed_until(channel, at)}
    open_ones = Campaign.objects.filter(state=CampaignState.SENDING).exclude(channel__in=closed)
    for campaign in open_ones.order_by("pk")[:100]:
        due = _due_now(campaign, at).exists() or _is_left(campaign)
        wave_at = copy_waves.next_at(campaign)
        due = due or (wave_at is not None and wave_at <= at)
        if not due and (wave_at or _waiting(campaign).exists()):
            continue  # everybody who is left is due later
        payload = {"campaign_id": campaign.pk}
        if Job.objects.unfinished().filter(kind="send_campaign", payload=payload).exists():
            continue
        key = f"send_campaign:{campaign.pk}:{int(at.timestamp() // 60)}"
        jobs.enqueue("send_campaign", payload, key=key)
        asked += 1
    return asked


def _begin(campaign: Campaign) -> Campaign:
    if campaign.state == CampaignState.APPROVED:
        started = campaign.started_at or timezone.now()
        campaigns.move(campaign, CampaignState.SENDING, started_at=started)
    return campaign


@dataclass
class _Place:
    """Everybody on the list up to this member has a row: she need not be looked at again. is_ranked:
    the list knows what the message brings with each, and goes from most to least."""

    is_ranked: bool
    member_id: int = 0
    expected_minor: float | None = None

    def rest(self, members: QuerySet[AudienceMember]) -> QuerySet[AudienceMember]:
        if not self.is_ranked:
            return members.filter(pk__gt=self.member_id).order_by("pk")
        rest = members.filter(expected_minor__isnull=False)
        if self.expected_minor is not None:
            alike = Q(expected_minor=self.expected_minor, pk__gt=self.member_id)
            rest = rest.filter(Q(expected_minor__lt=self.expected_minor) | alike)
        return rest.order_by("-expected_minor", "pk")


def _place_of(campaign: Campaign) -> _Place:
    ranked = AudienceMember.objects.filter(audience=campaign.audience, expected_minor__isnull=False)
    return _Place(ranked.exists())


def _next_batch(campaign: Campaign, place: _Place) -> list[int]:
    """Claimed sends that are due, as many as the pace allows; claims more when none is left."""
    most = _pace(campaign)
    if most < 1:
        return []
    if found := _due(campaign, most):
        return found
    while _claim(campaign, place):
        if found := _due(campaign, most):
            return found
    return []


def _due(campaign: Campaign, most: int) -> list[int]:
    found = _due_now(campaign, timezone.now())
    return list(found.order_by("pk").values_list("pk", flat=True)[:most])


def _waiting(campaign: Campaign) -> QuerySet[Send]:
    return campaign.sends.filter(state=SendState.CLAIMED)


def _due_now(campaign: Campaign, at: datetime) -> QuerySet[Send]:
    return _waiting(campaign).filter(Q(due_at=None) | Q(due_at__lte=at))


def _is_left(campaign: Campaign) -> bool:
    """Whether a recipient of the frozen list has no row yet. Counted, not joined: by the statistics of
    before the list was written PostgreSQL would compare each of it with each row."""
    return campaign.sends.count() < _recipients(campaign).count()


def _recipients(campaign: Campaign) -> QuerySet[AudienceMember]:
    """Of the frozen list, in the waves that are open."""
    return AudienceMember.objects.filter(
        audience=campaign.audience,
        is_holdout=False,
        is_left_out=False,
        wave__lte=copy_waves.open_wave(campaign),
    )


def _claim(campaign: Campaign, place: _Place) -> int:
    """Rows for the next customers of the list, each with the hour at which she is due; who has hers
    from an earlier attempt keeps it. Of those who are due, rows are taken in the order in which they
    were made."""
    fields = (
        "pk", "expected_minor", "customer_id", "customer__time_zone", "arm", "arm_propensity",
    )  # fmt: skip
    chosen = list(place.rest(_recipients(campaign)).values_list(*fields)[:CLAIMED_AT_ONCE])
    Send.objects.bulk_create(
        [
            Send(
                campaign=campaign,
                customer_id=pk,
                channel=campaign.channel,
                due_at=_due_at(campaign, zone),
                arm=arm,
                arm_propensity=chance,
            )
            for _member, _expected, pk, zone, arm, chance in chosen
        ],
        ignore_conflicts=True,
    )
    if chosen:
        place.member_id, place.expected_minor = chosen[-1][:2]
    elif place.is_ranked:  # then those of whom nothing is expected
        place.is_ranked, place.member_id = False, 0
        return _claim(campaign, place)
    return len(chosen)


def _due_at(campaign: Campaign, zone: str) -> datetime | None:
    if campaign.send_on is None and campaign.send_from is None:
        return None
    began = campaign.started_at or timezone.now()
    return first_hour(began, campaign.send_on, campaign.send_from, zone)


def _pace(campaign: Campaign) -> int:
    """How many may leave in this round: of all, or what is left of this minute."""
    if campaign.per_minute is None:
        return ROUND
    last_minute = timezone.now() - timedelta(minutes=1)
    gone = campaign.sends.filter(handed_over_at__gt=last_minute).aggregate(n=Count("pk"))["n"]
    return min(ROUND, campaign.per_minute - gone)


def _is_sending(campaign: Campaign) -> bool:
    """A person may pause it; a batch that is decided then finds nothing that may leave."""
    campaign.refresh_from_db(fields=["state", "approved_facts", "coupon_offer"])
    return campaign.state == CampaignState.SENDING


def _may_go_on(campaign: Campaign, messages: int, at: datetime) -> bool:
    """Nobody paused it, every fact still says what was approved, no rule of today forbids its words,
    and there is enough to sell."""
    if not _is_sending(campaign):
        return False
    if changed := campaigns.changed_fact(campaign, at):
        campaigns.pause(campaign, changed, by=PausedBy.FACTS)
        return False
    if why := forbidden(campaign, at):
        campaigns.pause(campaign, why, by=PausedBy.RULES)
        return False
    claim_ledger.verified(campaign, at)
    if short := stock_cap.short_stock(campaign, messages, at):
        campaigns.pause(campaign, short, by=PausedBy.STOCK)
        return False
    return True

"""One row per customer and message of a campaign or journey: the database, not the code, promises
that nobody gets it twice."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketing.definitions.journey_sends import PLAIN
from marketing.models.campaigns import PURPOSE_OF_CHANNEL, Channel
from marketing.models.journeys import Enrolment


class SendState(models.TextChoices):
    CLAIMED = "claimed", _("about to be sent")
    SENDING = "sending", _("being handed over")
    SENT = "sent", _("sent")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("refused by the mail server")
    UNKNOWN = "unknown", _("unknown: interrupted while it was handed over, not repeated")


class SkipReason(models.TextChoices):
    NO_ADDRESS = "no_address", _("no address")
    NO_CONSENT = "no_consent", _("no consent")
    SUPPRESSED = "suppressed", _("suppressed")
    FREQUENCY_CAP = "frequency_cap", _("written to often enough")
    BOUGHT = "bought", _("ordered in the meantime")
    COMPLAINT = "complaint", _("has an open complaint")
    REFUND_DUE = "refund_due", _("waits for a refund")
    OPEN_RETURN = "open_return", _("asks to give something back")
    URGENT_TICKET = "urgent_ticket", _("waits for an urgent answer")
    LATE_PARCEL = "late_parcel", _("waits for a parcel that is late or missed")
    SOLD_OUT = "sold_out", _("sold out")
    NOTHING_TRUE = "nothing_true", _("a fact that the text needs is gone")
    TOO_LATE = "too_late", _("its time has passed")
    TAKEN_BACK = "taken_back", _("taken back before it left")
    HELD_OUT = "held_out", _("held out at this step")
    PULLED = "pulled", _("its text may not be sent any more")
    NO_COUPON = "no_coupon", _("no coupon is left for her, or she had hers")
    NO_DISCOUNT = "no_discount", _("no discount for her, and nothing to say without it")
    NOTHING_TO_SHOW = "no_products", _("no product is left to recommend to her")
    NOT_TAKEN = "not_taken", _("not taken by the server yet")


class Discount(models.TextChoices):
    """Whether a step that gives its discount only where it pays gave it, and why."""

    PAYS = "pays", _("given: it pays with her")
    EXPLORED = "explored", _("given to explore, drawn at random")
    UNASKED = "unasked", _("given: no model says with whom it pays, and the journey wants it so")
    NO_EFFECT = "no_effect", _("withheld: nothing shows that it would move her")
    BUYS_ANYWAY = "buys_anyway", _("withheld: she is likely to order without it")
    TOO_DEAR = "too_dear", _("withheld: it costs more than it surely brings with her")
    NO_MODEL = "no_model", _("withheld: no model says with whom it pays")
    NO_OFFER = "no_offer", _("withheld: its offer is not in force")


GIVEN = frozenset({Discount.PAYS, Discount.EXPLORED, Discount.UNASKED})
WITHHELD = frozenset(Discount) - GIVEN


class Refusal(models.TextChoices):
    """What the other side's last "no" was about."""

    GONE = "gone", _("no such mailbox")
    DOUBTFUL = "doubtful", _("no such mailbox, in words without a code")
    FULL = "full", _("the mailbox is full")
    US = "us", _("messages of ours are refused")
    LATER = "later", _("not now")
    OTHER = "other", _("this message is refused")


class Send(models.Model):
    campaign = models.ForeignKey(
        "marketing.Campaign", null=True, blank=True, on_delete=models.PROTECT, related_name="sends"
    )
    enrolment = models.ForeignKey(
        "marketing.Enrolment", null=True, blank=True, on_delete=models.CASCADE, related_name="sends"
    )
    step = models.CharField(max_length=40, blank=True, help_text=_("Of the journey."))
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.EMAIL)
    customer = models.ForeignKey("shop.Customer", on_delete=models.CASCADE, related_name="sends")
    copy = models.ForeignKey(
        "marketing.CopyVariant",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sends",
    )
    language = models.CharField(max_length=2, blank=True, help_text=_("What it was written in."))
    link_url = models.URLField(blank=True, help_text=_("Where its link leads."))
    recommendation = models.UUIDField(
        null=True, blank=True, help_text=_("Receipt of the products that were chosen for her.")
    )
    state = models.CharField(max_length=8, choices=SendState, default=SendState.CLAIMED)
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("Not before; empty: at once."))
    reason = models.CharField(max_length=14, choices=SkipReason, blank=True)
    error = models.CharField(max_length=200, blank=True)
    refusal = models.CharField(
        max_length=8, choices=Refusal, blank=True, help_text=_("What the last answer was about.")
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often it was refused; what may be taken later is tried again.")
    )
    cost_minor = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("What handing it over cost, in minor units.")
    )
    coupon = models.ForeignKey(
        "shop.Coupon", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text=_("Whose code it shows."),
    )  # fmt: skip
    claimed_at = models.DateTimeField(default=timezone.now)
    was_wished = models.BooleanField(
        default=False, help_text=_("She asked for this very message: no cap counts it.")
    )
    propensity = models.FloatField(
        null=True,
        blank=True,
        help_text=_("The chance of getting it, where the step holds a share out; else empty."),
    )
    arm = models.CharField(
        max_length=1, blank=True,
        help_text=_("The variant of the campaign or step; empty: it has one."),
    )  # fmt: skip
    arm_propensity = models.FloatField(
        null=True, blank=True, help_text=_("The chance of that variant when it was drawn.")
    )
    discount = models.CharField(
        max_length=11, choices=Discount, blank=True,
        help_text=_("Where a step gives its discount only where it pays: whether to her, and why."),
    )  # fmt: skip
    discount_propensity = models.FloatField(
        null=True, blank=True, help_text=_("Her chance of the discount when that was decided.")
    )
    discount_from = models.JSONField(
        null=True, blank=True,
        help_text=_("What that rests on: model run, and money in minor units."),
    )  # fmt: skip
    handed_over_at = models.DateTimeField(
        null=True, blank=True, help_text=_("What frequency caps count.")
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True, help_text=_("The provider's word."))
    bounced_at = models.DateTimeField(null=True, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text=_("First time."))
    clicked_at = models.DateTimeField(null=True, blank=True, help_text=_("First time."))
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    scanned_at = models.DateTimeField(
        null=True, blank=True, help_text=_("First time that a program, not she, followed a link.")
    )
    way_out_seen_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the page for leaving was last looked at.")
    )

    class Meta:
        verbose_name = _("send")
        verbose_name_plural = _("sends")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer"], name="once_per_campaign"),
            models.UniqueConstraint(fields=["enrolment", "step"], name="once_per_journey_step"),
            models.CheckConstraint(
                condition=Q(campaign__isnull=True) ^ Q(enrolment__isnull=True),
                name="send_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(propensity__isnull=True) | Q(propensity__gt=0, propensity__lte=1),
                name="send_propensity_is_a_chance",
            ),
            models.CheckConstraint(
                condition=Q(discount="", discount_propensity__isnull=True)
                | ~Q(discount="")
                & Q(discount_propensity__isnull=False)
                & Q(discount_propensity__gte=0, discount_propensity__lte=1),
                name="send_discount_has_a_chance",
            ),
            models.CheckConstraint(
                condition=~Q(state="skipped") | ~Q(reason=""), name="skip_has_a_reason"
            ),
        ]
        indexes = [
            # The send monitor counts by state; a second attempt looks for what is unfinished.
            models.Index(fields=["campaign", "state"], name="send_campaign_state"),
            # Frequency cap: what a customer got lately. Her own page: newest first.
            models.Index(fields=["customer", "handed_over_at"], name="send_customer_time"),
            # The clock: what waits for its hour, of campaigns and journeys.
            models.Index(
                fields=["due_at"], condition=Q(state="claimed"), name="send_waiting_for_its_hour"
            ),
            # Throttle: what a campaign handed over in the last minute.
            models.Index(fields=["campaign", "handed_over_at"], name="send_campaign_pace"),
            # The clock: coupons of messages that never left, which go back.
            models.Index(
                fields=["coupon"],
                condition=Q(coupon__isnull=False, state__in=["failed", "skipped"]),
                name="send_coupon_to_return",
            ),
            # Stock: how many messages of journeys spoke of a SKU lately.
            models.Index(
                fields=["link_url", "sent_at"],
                condition=Q(enrolment__isnull=False, sent_at__isnull=False),
                name="send_journey_link",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id or self.step} → {self.customer_id}"

    @property
    def road(self) -> Enrolment:
        """Whose step it is. Raises ValueError for a message of a campaign, which has none."""
        if self.enrolment is None:
            raise ValueError("a message of a campaign has no enrolment")
        return self.enrolment

    @property
    def copy_name(self) -> str:
        """Which copy of its step it is: a variant, `plain` without the discount, or the only one."""
        return PLAIN if self.discount in WITHHELD else self.arm

    @property
    def purpose(self) -> str:
        return PURPOSE_OF_CHANNEL[Channel(self.channel)]

    @property
    def leads_to(self) -> str:
        return self.link_url or (self.campaign.link_url if self.campaign else "")


class Suppression(models.Model):
    """Never write to her on this channel again, whatever she agreed to."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("the address does not exist")
        COMPLAINED = "complained", _("complained")
        BY_HAND = "by_hand", _("entered by a person")

    customer = models.ForeignKey(
        "shop.Customer", on_delete=models.CASCADE, related_name="suppressions"
    )
    channel = models.CharField(max_length=8, default="email")
    reason = models.CharField(max_length=10, choices=Reason)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "channel"], name="suppressed_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.channel}"

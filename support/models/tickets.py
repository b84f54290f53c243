"""What customers ask, message by message, and how far each question is."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from decisions.text import render


class TicketState(models.TextChoices):
    OPEN = "open", _("open")
    PENDING = "pending", _("waiting for the customer")
    SOLVED = "solved", _("solved")
    CLOSED = "closed", _("closed")


# Every way of a ticket stands here; services/tickets.py moves along it and nowhere else.
TRANSITIONS: dict[str, frozenset[str]] = {
    TicketState.OPEN: frozenset({TicketState.PENDING, TicketState.SOLVED, TicketState.CLOSED}),
    TicketState.PENDING: frozenset({TicketState.OPEN, TicketState.SOLVED, TicketState.CLOSED}),
    TicketState.SOLVED: frozenset({TicketState.OPEN, TicketState.CLOSED}),
    TicketState.CLOSED: frozenset(),
}


class Channel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    CHAT = "chat", _("chat")
    WEB = "web", _("contact form")
    PHONE = "phone", _("telephone")


class Intent(models.TextChoices):
    WHERE_IS_MY_ORDER = "where_is_my_order", _("where is my order")
    RETURN_REFUND = "return_refund", _("return or refund")
    DAMAGED = "damaged", _("damaged or wrong")
    CANCEL = "cancel", _("cancel the order")
    CHANGE_ADDRESS = "change_address", _("change the address")
    PRODUCT_QUESTION = "product_question", _("question about a product")
    RESTOCK = "restock", _("back in stock")
    INVOICE = "invoice", _("invoice")
    PAYMENT = "payment", _("payment")
    COMPLAINT = "complaint", _("complaint")
    PRAISE = "praise", _("praise")
    OTHER = "other", _("something else")


class IntentSource(models.TextChoices):
    MODEL = "model", _("model")
    AGENT = "agent", _("agent")
    IMPORT = "import", _("import")


class Urgency(models.IntegerChoices):
    LOW = 1, _("low")
    NORMAL = 2, _("normal")
    HIGH = 3, _("high")
    URGENT = 4, _("urgent")


# Hours to the first answer. A starting point that the shop may change, not a measured optimum.
FIRST_RESPONSE_HOURS = {Urgency.URGENT: 2, Urgency.HIGH: 8, Urgency.NORMAL: 24, Urgency.LOW: 48}


class TicketQuerySet(models.QuerySet["Ticket"]):
    def waiting_for_us(self) -> TicketQuerySet:
        return self.filter(state=TicketState.OPEN)

    def untriaged(self) -> TicketQuerySet:
        return self.filter(triaged_at__isnull=True)

    def overdue(self, at: datetime) -> TicketQuerySet:
        return self.waiting_for_us().filter(first_response_at__isnull=True, sla_due_at__lt=at)


class Ticket(models.Model):
    number = models.CharField(max_length=64, unique=True)
    public_id = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text=_("What a storefront sees.")
    )
    idempotency_key = models.CharField(max_length=200, unique=True, null=True, blank=True)
    customer = models.ForeignKey(
        "shop.Customer", null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    order = models.ForeignKey(
        "shop.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    email = models.EmailField(blank=True, help_text=_("Where to answer a person without account."))
    subject = models.CharField(max_length=300, blank=True)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.EMAIL)
    state = models.CharField(max_length=8, choices=TicketState, default=TicketState.OPEN)
    language = models.CharField(max_length=8, blank=True, help_text=_("en, zh or other."))
    intent = models.CharField(max_length=40, choices=Intent, blank=True)
    intent_confidence = models.FloatField(null=True, blank=True, help_text=_("0 to 1."))
    intent_source = models.CharField(max_length=8, choices=IntentSource, blank=True)
    model_run = models.ForeignKey(
        "decisions.ModelRun", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    sentiment = models.FloatField(null=True, blank=True, help_text=_("−1 to 1."))
    urgency = models.PositiveSmallIntegerField(choices=Urgency, null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tickets",
    )
    opened_at = models.DateTimeField(default=timezone.now)
    triaged_at = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    sla_due_at = models.DateTimeField(null=True, blank=True)
    solved_at = models.DateTimeField(null=True, blank=True)
    csat = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("What the customer said of it, 1 (bad) to 5 (good).")
    )
    csat_at = models.DateTimeField(null=True, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sentiment__isnull=True) | Q(sentiment__gte=-1, sentiment__lte=1),
                name="ticket_sentiment_range",
            ),
            models.CheckConstraint(
                condition=Q(intent_confidence__isnull=True)
                | Q(intent_confidence__gte=0, intent_confidence__lte=1),
                name="ticket_confidence_range",
            ),
            models.CheckConstraint(
                condition=Q(csat__isnull=True) | Q(csat__gte=1, csat__lte=5),
                name="ticket_csat_range",
            ),
        ]
        indexes = [
            # The inbox: what waits, soonest promise first. Solved rows are nearly all rows.
            models.Index(
                fields=["sla_due_at"],
                condition=Q(state__in=["open", "pending"]),
                name="ticket_inbox",
            ),
            # The night triages what no worker has looked at.
            models.Index(
                fields=["opened_at"], condition=Q(triaged_at__isnull=True), name="ticket_untriaged"
            ),
            # A customer's tickets beside the conversation, newest first.
            models.Index(fields=["customer", "-opened_at"], name="ticket_customer"),
            # The admin's default list.
            models.Index(fields=["-opened_at", "-id"], name="ticket_newest"),
        ]

    def __str__(self) -> str:
        return self.number

    def can_become(self, state: str) -> bool:
        return state in TRANSITIONS[TicketState(self.state)]

    def is_late(self, at: datetime) -> bool:
        """Past its promise and nobody has answered."""
        return bool(self.sla_due_at and not self.first_response_at and at > self.sla_due_at)

    @property
    def address(self) -> str:
        """Where a reply by e-mail goes; empty when there is nowhere."""
        return self.email or (self.customer.email if self.customer else "")

    @property
    def intent_is_sure(self) -> bool:
        """A person named it, or the model is surer of it than of all others together."""
        if self.intent_source in (IntentSource.AGENT, IntentSource.IMPORT):
            return True
        return (self.intent_confidence or 0.0) > 0.5

    @property
    def promised_within(self) -> timedelta:
        return timedelta(hours=FIRST_RESPONSE_HOURS[Urgency(self.urgency or Urgency.NORMAL)])


class MessageKind(models.TextChoices):
    INBOUND = "inbound", _("from the customer")
    OUTBOUND = "outbound", _("to the customer")
    NOTE = "note", _("internal note")


class Message(models.Model):
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same message."))
    kind = models.CharField(max_length=8, choices=MessageKind)
    body = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    written_at = models.DateTimeField(default=timezone.now)
    emailed_at = models.DateTimeField(null=True, blank=True, help_text=_("Handed to the mailer."))

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["written_at", "id"]
        indexes = [
            # The conversation in order.
            models.Index(fields=["ticket", "written_at"], name="message_conversation"),
        ]

    def __str__(self) -> str:
        return self.body[:60]


class HandoffCause(models.TextChoices):
    NO_RECORD = "no_record", _("no record answers it")
    UNSURE = "unsure", _("the question is not clear")
    ANGRY = "angry", _("the customer is upset")
    ASKED_FOR_PERSON = "asked_for_person", _("the customer asked for a person")
    LANGUAGE = "language", _("a language we do not draft in")
    RISK = "risk", _("safety or law")
    AGENT = "agent", _("an agent passed it on")


class Handoff(models.Model):
    """A typed action: this question needs a person, with the cause and what is known so far."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="handoffs")
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same hand-off."))
    cause = models.CharField(max_length=20, choices=HandoffCause)
    summary = models.JSONField(help_text=_("msgid and params."))
    to_role = models.CharField(max_length=40, default="support agent")
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("hand-off")
        verbose_name_plural = _("hand-offs")
        ordering = ["-created_at"]
        indexes = [
            # The banner of a conversation: what is still in a person's hands.
            models.Index(
                fields=["ticket"], condition=Q(resolved_at__isnull=True), name="handoff_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.get_cause_display()}"

    @property
    def summary_text(self) -> str:
        return render(self.summary)

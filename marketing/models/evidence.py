"""What proves a sentence: a field of the catalogue, or a document that a person vouches for."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage
from django.core.validators import FileExtensionValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketing.models.campaigns import COPY_LANGUAGES

MAX_FILE_BYTES = 5 * 1024 * 1024
FILE_TYPES = ["pdf", "png", "jpg", "jpeg", "txt"]


class EvidenceStorage(FileSystemStorage):
    """Below VAR_DIR, not below the pictures that the program serves to everybody."""

    @property
    def base_location(self) -> str:  # type: ignore[override]
        return str(Path(settings.VAR_DIR) / "evidence")

    @property
    def location(self) -> str:  # type: ignore[override]
        return self.base_location


def evidence_storage() -> EvidenceStorage:
    return EvidenceStorage(base_url=None)


def new_code() -> str:
    return f"EV-{secrets.token_hex(4).upper()}"


class ClaimKind(models.TextChoices):
    PRICE = "price", _("price")
    DISCOUNT = "discount", _("discount")
    SPECIFICATION = "specification", _("specification")
    STOCK = "stock", _("stock or urgency")
    DELIVERY = "delivery", _("delivery")
    RATING = "rating", _("rating")
    COMPARISON = "comparison", _("comparison")
    HEALTH = "health", _("health")
    COUPON = "coupon", _("coupon")


class EvidenceState(models.TextChoices):
    PENDING = "pending", _("waiting for approval")
    APPROVED = "approved", _("approved")
    WITHDRAWN = "withdrawn", _("withdrawn")


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def valid(self, at: datetime) -> EvidenceQuerySet:
        day = timezone.localdate(at)
        return self.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=day),
            state=EvidenceState.APPROVED,
            valid_from__lte=day,
        )


class Evidence(models.Model):
    """A document: a test report, a certificate, a survey, a contract.

    What was approved never changes: a newer edition of it is a row of its own, the next revision.
    """

    code = models.CharField(
        max_length=64,
        default=new_code,
        validators=[RegexValidator(r"\A[^\s/]+\Z", _("No spaces and no slashes."))],
        help_text=_("What the shop calls it, in files and programs too. Revisions share it."),
    )
    revision = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    keeps_uses = models.BooleanField(
        _("proves the same"),
        default=False,
        help_text=_(
            "It proves every sentence that the revision before it proves. Off: approving it pulls "
            "their copy."
        ),
    )
    title = models.CharField(max_length=200)
    file = models.FileField(
        upload_to="%Y/%m",
        storage=evidence_storage,
        blank=True,
        validators=[FileExtensionValidator(FILE_TYPES)],
    )
    url = models.URLField(blank=True)
    excerpt = models.TextField(
        max_length=4000, help_text=_("The words of the document that prove it.")
    )
    valid_from = models.DateField()
    valid_until = models.DateField(
        null=True, blank=True, help_text=_("The last day. Empty: no end.")
    )
    state = models.CharField(max_length=10, choices=EvidenceState, default=EvidenceState.PENDING)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence document")
        verbose_name_plural = _("evidence documents")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(file="") | ~Q(url=""), name="evidence_has_file_or_url"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="evidence_ends_after_it_begins",
            ),
            models.UniqueConstraint(fields=["code", "revision"], name="evidence_revision_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(state="approved"), name="evidence_one_approved"
            ),
            models.UniqueConstraint(
                fields=["code"], condition=Q(state="pending"), name="evidence_one_pending"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if not self.file and not self.url:
            raise ValidationError(_("Give a file or an address."))
        if self.file and self._file_bytes() > MAX_FILE_BYTES:
            raise ValidationError({"file": _("The file is larger than 5 MB.")})
        if self.valid_until and self.valid_from and self.valid_until < self.valid_from:
            raise ValidationError({"valid_until": _("It ends before it begins.")})

    def _file_bytes(self) -> int:
        """Of a file that is lost, 0: it was measured when it came in."""
        try:
            return self.file.size
        except FileNotFoundError:
            return 0

    def is_valid(self, at: datetime) -> bool:
        day = timezone.localdate(at)
        return (
            self.state == EvidenceState.APPROVED
            and self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
        )


class EvidenceUse(models.Model):
    """A person said: this document proves this sentence, of this product or of the shop."""

    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="uses")
    kind = models.CharField(max_length=13, choices=ClaimKind)
    sentence = models.CharField(max_length=500)
    language = models.CharField(max_length=2, choices=COPY_LANGUAGES)
    product = models.ForeignKey(
        "shop.Product", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    attached_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    attached_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("use of evidence")
        verbose_name_plural = _("uses of evidence")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["evidence", "sentence", "language", "product"],
                name="evidence_once_per_product",
            ),
            # NULLs differ from each other: what is true of the shop needs a rule of its own.
            models.UniqueConstraint(
                fields=["evidence", "sentence", "language"],
                condition=Q(product__isnull=True),
                name="evidence_once_per_shop",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence


class LedgerState(models.TextChoices):
    LIVE = "live", _("live")
    PULLED = "pulled", _("pulled")
    ENDED = "ended", _("no longer shown")


class ClaimRecord(models.Model):
    """One factual claim of published copy, and what it rests on: the ledger of claims.

    source: the row that proves it, e.g. price:77, product:KET-1.material, evidence:5; version: what
    that row said or when it was last changed.
    """

    copy = models.ForeignKey(
        "marketing.CopyVariant",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="claims",
    )
    candidate = models.ForeignKey(
        "marketing.Candidate",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="claims",
    )
    journey_version = models.ForeignKey(
        "marketing.JourneyVersion",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="claims",
    )
    step = models.CharField(max_length=40, blank=True, help_text=_("Of the journey."))
    arm = models.CharField(
        max_length=5, blank=True,
        help_text=_("Its variant, or “plain” without the discount; empty: of a single text."),
    )  # fmt: skip
    language = models.CharField(max_length=2, blank=True, help_text=_("Of the journey's text."))
    part = models.CharField(max_length=10)
    kind = models.CharField(max_length=13, choices=ClaimKind)
    sentence = models.CharField(max_length=600, help_text=_("As it is read, slots filled."))
    words = models.CharField(max_length=500, help_text=_("The stretch that states it."))
    source = models.CharField(max_length=160)
    version = models.CharField(max_length=160)
    evidence = models.ForeignKey(
        Evidence, null=True, blank=True, on_delete=models.PROTECT, related_name="claims"
    )
    state = models.CharField(max_length=6, choices=LedgerState, default=LedgerState.LIVE)
    published_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-id"]
        indexes = [
            # What rests on a document that is withdrawn or has expired.
            models.Index(fields=["evidence", "state"], name="claim_evidence_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    copy__isnull=False, candidate__isnull=True, journey_version__isnull=True
                )
                | Q(copy__isnull=True, candidate__isnull=False, journey_version__isnull=True)
                | Q(copy__isnull=True, candidate__isnull=True, journey_version__isnull=False),
                name="claim_of_one_text",
            )
        ]

    def __str__(self) -> str:
        return self.words

"""What the night computed for everybody: read when nothing newer is known of a person."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PublishedList(models.Model):
    """One customer's best products by one run, before any gate or rule. Replaced as a whole."""

    customer = models.OneToOneField(
        "shop.Customer", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    run = models.ForeignKey("decisions.ModelRun", on_delete=models.CASCADE, related_name="+")
    products = models.JSONField(help_text=_("Product keys, best first."))
    because = models.JSONField(
        null=True,
        blank=True,
        help_text=_(
            "For each product the one that speaks most for it: below zero where it was only looked at, 0 where none does."
        ),
    )
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("published list")
        verbose_name_plural = _("published lists")
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"customer {self.customer_id}"


class ListPublication(models.Model):
    """That everybody's lists by a run are written, and up to when. Absent while they are not."""

    run = models.OneToOneField(
        "decisions.ModelRun", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    data_until = models.DateTimeField(help_text=_("Nothing at or after it was read."))
    read_at = models.DateTimeField(help_text=_("When the reading began, by our clock."))
    hide_bought_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_(
            "How long what was bought was left out, where nothing is learnt or said of a product; empty: for ever."
        ),
    )

    class Meta:
        verbose_name = _("publication of lists")
        verbose_name_plural = _("publications of lists")
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"lists of run {self.run_id} up to {self.data_until:%Y-%m-%d %H:%M}"


class ListWriter(models.Model):
    """Who may write lists now: one row, whose token the newest writing holds. An older one, that is
    still at work, finds another's token in front of its next block and writes nothing more. token: empty
    while nobody writes."""

    name = models.CharField(max_length=20, primary_key=True)
    token = models.CharField(max_length=32, blank=True)
    began_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("writer of lists")
        verbose_name_plural = _("writers of lists")
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"{self.name} {self.token}"

"""Evidence of what people wanted and could not get. Counted anew each night, never typed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Evidence(models.Model):
    """What is counted, and what it would have sold; no number where that cannot be learned."""

    out_of_stock_seconds = models.PositiveBigIntegerField(default=0)
    views = models.PositiveIntegerField(default=0, help_text=_("While it was sold out."))
    people = models.PositiveIntegerField(
        default=0, help_text=_("Browsers a day among the views under consent.")
    )
    other_views = models.PositiveIntegerField(
        default=0, help_text=_("Views without consent: counted, nobody told apart.")
    )
    waitlist_entries = models.PositiveIntegerField(default=0)
    waitlist_units = models.PositiveBigIntegerField(default=0)
    searches = models.PositiveIntegerField(
        default=0, help_text=_("Without a result although their words name it.")
    )
    tickets = models.PositiveIntegerField(
        default=0, help_text=_("People a day who asked by a ticket when it is back.")
    )
    estimated_units = models.FloatField(null=True, help_text=_("Empty: not estimated."))
    low_units = models.FloatField(null=True)
    high_units = models.FloatField(null=True)

    class Meta:
        abstract = True

    @property
    def looks(self) -> int:
        """What an estimate counts: a person a day once, a view that is nobody's once."""
        return self.people + self.other_views


class LostDemandDay(Evidence):
    """One SKU on one day of the shop's calendar on which somebody wanted what was not there."""

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="lost_demand_days"
    )
    day = models.DateField()
    as_of = models.DateTimeField(help_text=_("Nothing that arrived later was counted."))

    class Meta:
        verbose_name = _("day of lost demand")
        verbose_name_plural = _("days of lost demand")
        ordering = ["-day", "variant_id"]
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "day"], name="lost_demand_once_a_day")
        ]
        # The night replaces a window of days; the forecast reads one.
        indexes = [models.Index(fields=["day"], name="lost_demand_day")]

    def __str__(self) -> str:
        return f"{self.variant} {self.day:%Y-%m-%d}"


class LostDemand(Evidence):
    """One SKU over the last weeks, with what its looks led to while it could be bought."""

    variant = models.OneToOneField(
        "shop.Variant", primary_key=True, on_delete=models.CASCADE, related_name="lost_demand"
    )
    first_day = models.DateField()
    last_day = models.DateField()
    looks_available = models.PositiveIntegerField(
        default=0, help_text=_("Looks in these weeks while it could be bought.")
    )
    lines_sold = models.PositiveIntegerField(default=0)
    units_sold = models.PositiveBigIntegerField(default=0)
    units_per_look = models.FloatField(
        null=True, help_text=_("Drawn to the shop's rate where looks are few.")
    )
    as_of = models.DateTimeField()

    class Meta:
        verbose_name = _("lost demand")
        verbose_name_plural = _("lost demand")
        ordering = ["-views", "variant_id"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return str(self.variant)


class LostQuery(models.Model):
    """Words that were searched for in the last weeks and found nothing."""

    query = models.CharField(max_length=200, unique=True)
    spellings = models.JSONField(default=list, help_text=_("As they were typed."))
    searches = models.PositiveIntegerField()
    people = models.PositiveIntegerField(help_text=_("Browsers a day, under consent."))
    product = models.ForeignKey(
        "shop.Product", null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text=_("Every word names this one alone."),
    )  # fmt: skip
    category = models.ForeignKey(
        "shop.Category", null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text=_("All products with these words lie in it."),
    )  # fmt: skip
    first_day = models.DateField()
    last_day = models.DateField()
    as_of = models.DateTimeField()

    class Meta:
        verbose_name = _("search without a result")
        verbose_name_plural = _("searches without a result")
        ordering = ["-searches", "query"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return self.query


class SubstituteList(models.Model):
    """What those who find a SKU sold out take instead, best first: learned by the night."""

    variant = models.OneToOneField(
        "shop.Variant", primary_key=True, on_delete=models.CASCADE, related_name="substitutes"
    )
    pairs = models.JSONField(default=list)
    lost_sessions = models.PositiveIntegerField(
        default=0, help_text=_("Visits that looked at it while it was sold out.")
    )
    as_of = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("list of substitutes")
        verbose_name_plural = _("lists of substitutes")
        ordering = ["-lost_sessions", "variant_id"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return str(self.variant)

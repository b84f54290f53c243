"""What the models foresee of a customer, as of a night."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


def _rate(**options) -> models.FloatField:
    return models.FloatField(null=True, blank=True, **options)


def _minor(**options) -> models.BigIntegerField:
    return models.BigIntegerField(null=True, blank=True, **options)


class CustomerPrediction(models.Model):
    """One row per customer with an order, written each night by `refresh_predictions`.

    A figure is empty while no model is live for it: too little history, or the model lost against
    its baseline. Its `_low` and `_high` are the ends of an 80 % interval. Days count from `as_of`.
    """

    customer = models.OneToOneField(
        "shop.Customer", on_delete=models.CASCADE, primary_key=True, related_name="prediction"
    )
    as_of = models.DateTimeField(help_text=_("Nothing later was read."))
    value_run = models.ForeignKey(
        "decisions.ModelRun", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    propensity_run = models.ForeignKey(
        "decisions.ModelRun", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    order_days = models.PositiveIntegerField(help_text=_("Days with an order."))
    silent_days = models.PositiveIntegerField(help_text=_("Whole days since the last order."))
    mean_gap_days = _rate(help_text=_("Between her order days; empty with one."))

    p_alive = _rate(help_text=_("Probability that she is still a customer."))
    p_alive_low, p_alive_high = _rate(), _rate()
    churn_90 = _rate(help_text=_("Probability of no order within 90 days."))
    churn_90_low, churn_90_high = _rate(), _rate()
    churn_before = _rate(
        help_text=_("The same as of 28 days before, by the same model; empty: no order by then.")
    )
    churn_before_low, churn_before_high = _rate(), _rate()
    churn_rise_28 = _rate(help_text=_("By how much it rose since: -1 to 1."))

    orders_30 = _rate(help_text=_("Expected order days within 30 days."))
    orders_30_low, orders_30_high = _rate(), _rate()
    orders_90 = _rate(help_text=_("Expected order days within 90 days."))
    orders_90_low, orders_90_high = _rate(), _rate()
    orders_365 = _rate(help_text=_("Expected order days within 365 days."))
    orders_365_low, orders_365_high = _rate(), _rate()

    spend_30_minor = _minor(help_text=_("Expected spend within 30 days, without taxes."))
    spend_30_low_minor, spend_30_high_minor = _minor(), _minor()
    spend_90_minor = _minor(help_text=_("Expected spend within 90 days, without taxes."))
    spend_90_low_minor, spend_90_high_minor = _minor(), _minor()
    spend_365_minor = _minor(help_text=_("Expected spend within 365 days, without taxes."))
    spend_365_low_minor, spend_365_high_minor = _minor(), _minor()

    margin_rate = _rate(help_text=_("Her margin on spend, drawn to the shop's where she is new."))
    margin_30_minor, margin_90_minor, margin_365_minor = _minor(), _minor(), _minor()

    next_order_on = models.DateField(
        null=True, blank=True, help_text=_("Median day of the next order if she is a customer.")
    )
    next_order_from = models.DateField(null=True, blank=True)
    next_order_until = models.DateField(null=True, blank=True)

    propensity_30 = _rate(help_text=_("Probability of an order within 30 days."))
    propensity_30_low, propensity_30_high = _rate(), _rate()
    reasons = models.JSONField(
        default=list, blank=True, help_text=_("What moved the propensity most, with its effect.")
    )

    class Meta:
        verbose_name = _("customer prediction")
        verbose_name_plural = _("customer predictions")
        ordering = ["customer_id"]
        indexes = [
            # Segments: who is worth most, who is about to leave.
            models.Index(fields=["spend_90_minor"], name="prediction_spend_90"),
            models.Index(fields=["p_alive"], name="prediction_p_alive"),
            # Who is slipping away, the steepest rise first.
            models.Index(
                fields=["-churn_rise_28"],
                condition=models.Q(churn_rise_28__gt=0),
                name="prediction_churn_rise",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.as_of:%Y-%m-%d}"

    def margin_interval(self, days: int) -> tuple[int, int] | None:
        """Ends of the spend's interval times her rate of margin, lower first; None without either."""
        ends = [getattr(self, f"spend_{days}_{end}_minor") for end in ("low", "high")]
        if self.margin_rate is None or None in ends:
            return None
        low, high = sorted(round(end * self.margin_rate) for end in ends)
        return low, high

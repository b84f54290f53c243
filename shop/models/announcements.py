"""What others were told last."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AnnouncedAvailability(models.Model):
    """Whether others believe that a SKU can be sold; the next message is due when that is wrong."""

    variant = models.OneToOneField(
        "shop.Variant", primary_key=True, on_delete=models.CASCADE, related_name="announced"
    )
    is_available = models.BooleanField()
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("announced availability")
        verbose_name_plural = _("announced availabilities")

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.is_available}"

"""Kinds of customers by how they buy, who belongs to each, and what set them apart at each learning."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models.catalogue import in_reader_language


class Persona(models.Model):
    """Stays the same row from one learning to the next as long as most of its members do."""

    code = models.SlugField(max_length=20, unique=True, help_text=_("Never used again."))
    name = models.CharField(
        max_length=100, blank=True, help_text=_("Yours. Empty: the name from the evidence.")
    )
    name_zh = models.CharField(max_length=100, blank=True)
    evident_name = models.CharField(max_length=200, help_text=_("From what set it apart first."))
    evident_name_zh = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text=_("A learning found nobody like this any more.")
    )

    class Meta:
        verbose_name = _("customer persona")
        verbose_name_plural = _("customer personas")
        ordering = ["id"]

    def __str__(self) -> str:
        own = in_reader_language(self.name, self.name_zh)
        return own or in_reader_language(self.evident_name, self.evident_name_zh)


class PersonaSnapshot(models.Model):
    """A persona as one learning found it; the size follows the nights until the next."""

    persona = models.ForeignKey(
        Persona,
        on_delete=models.CASCADE,
        related_name="snapshots",
        verbose_name=_("customer persona"),
    )
    run = models.ForeignKey("decisions.ModelRun", on_delete=models.CASCADE, related_name="+")
    group = models.PositiveSmallIntegerField(help_text=_("Its row in the run's file."))
    as_of = models.DateTimeField(help_text=_("Nothing later was read."))
    evidence = models.JSONField(
        default=list, help_text=_("What sets it apart, each with its interval; most telling first.")
    )
    evident_name = models.CharField(max_length=200)
    evident_name_zh = models.CharField(max_length=200)
    recovery = models.FloatField(
        help_text=_("How much of it comes again in other samples, 0 to 1.")
    )
    kept_share = models.FloatField(
        null=True, blank=True, help_text=_("Members shared with the learning before (Jaccard).")
    )
    shift = models.FloatField(
        null=True, blank=True, help_text=_("How far its middle moved, in mean distances to it.")
    )
    customers = models.PositiveIntegerField(default=0)
    share = models.FloatField(default=0, help_text=_("Of the customers who have a persona."))
    counted_at = models.DateTimeField(null=True, blank=True)
    spent_365_minor = models.BigIntegerField(null=True, blank=True, help_text=_("Mean, no taxes."))
    spent_365_low_minor = models.BigIntegerField(null=True, blank=True)
    spent_365_high_minor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("persona at a learning")
        verbose_name_plural = _("personas at a learning")
        ordering = ["-as_of", "group"]
        constraints = [
            models.UniqueConstraint(fields=["run", "group"], name="one_persona_per_group"),
            models.UniqueConstraint(fields=["run", "persona"], name="persona_once_per_run"),
        ]

    def __str__(self) -> str:
        return f"{self.persona_id} {self.as_of:%Y-%m-%d}"

    @property
    def evident(self) -> str:
        return in_reader_language(self.evident_name, self.evident_name_zh)


class PersonaMember(models.Model):
    """Who belongs where, as of the last night. Who has no row has no persona."""

    customer = models.OneToOneField(
        "shop.Customer", on_delete=models.CASCADE, primary_key=True, related_name="persona_member"
    )
    persona = models.ForeignKey(
        Persona,
        on_delete=models.CASCADE,
        related_name="members",
        verbose_name=_("customer persona"),
    )
    since = models.DateTimeField(help_text=_("When she was first seen in it, without a break."))
    as_of = models.DateTimeField(help_text=_("Nothing later was read."))

    class Meta:
        verbose_name = _("persona member")
        verbose_name_plural = _("persona members")
        ordering = ["customer_id"]
        # Segments and the persona's page ask by persona, newest customers first.
        indexes = [models.Index(fields=["persona", "customer"], name="member_of_persona")]

    def __str__(self) -> str:
        return f"{self.persona_id}: {self.customer_id}"

"""What the law of a market and the shop's own voice ask of a text: rows that a person may edit."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models.catalogue import in_reader_language


class Market(models.TextChoices):
    GB = "GB", _("United Kingdom")
    EU = "EU", _("European Union")
    US = "US", _("United States")
    CN = "CN", _("mainland China")


class Severity(models.TextChoices):
    BLOCK = "block", _("blocks")
    WARN = "warn", _("warns")


class PolicyCheck(models.TextChoices):
    WORDS = "words", _("none of these words")
    PRIOR_PRICE = "prior_price", _("a reduction names the prior price")
    SENDER = "sender", _("the sender is named")
    POSTAL_ADDRESS = "postal_address", _("the message carries a postal address")
    WAY_OUT = "way_out", _("the message carries a way to unsubscribe")


class PolicyRule(models.Model):
    """One rule of one market, with where it stands in the law. Built-in rules are added by code
    when they are missing and never overwritten: what a person edits stays."""

    code = models.CharField(
        max_length=60, unique=True, validators=[RegexValidator(r"^[a-z0-9-]+$")]
    )
    market = models.CharField(max_length=2, choices=Market)
    check_kind = models.CharField(max_length=16, choices=PolicyCheck, default=PolicyCheck.WORDS)
    severity = models.CharField(max_length=5, choices=Severity, default=Severity.BLOCK)
    title = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=300, help_text=_("Law, article; where to read it."))
    source_url = models.URLField(blank=True)
    words = models.TextField(
        blank=True, help_text=_("A word or phrase each line; * stands for up to ten characters.")
    )
    exceptions = models.TextField(
        blank=True, help_text=_("A phrase each line in which such a word means something else.")
    )
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("policy rule")
        verbose_name_plural = _("policy rules")
        ordering = ["market", "code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(check_kind="words") | ~Q(words=""), name="policy_word_rule_has_words"
            )
        ]

    def __str__(self) -> str:
        return in_reader_language(self.title, self.title_zh)

    def clean(self) -> None:
        if self.check_kind == PolicyCheck.WORDS and not self.words.strip():
            raise ValidationError({"words": _("A rule about words needs words.")})
        if any(not re.search(r"\w", line) for line in self.words.splitlines() if line.strip()):
            raise ValidationError({"words": _("Each line needs at least one letter.")})


class BrandVoice(models.Model):
    """How the shop writes: one row, read by every brief."""

    persona = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("Whose voice it is, e.g. a shopkeeper who knows tea."),
    )
    guidance = models.TextField(
        blank=True, max_length=2000, help_text=_("A rule each line, for whoever writes.")
    )
    examples = models.TextField(
        blank=True, max_length=4000, help_text=_("Sentences that sound right, one each line.")
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("brand voice")
        verbose_name_plural = _("brand voice")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="brand_voice_is_one_row")]

    def __str__(self) -> str:
        return str(_("How the shop writes"))


class TermKind(models.TextChoices):
    PREFER = "prefer", _("say this instead")
    NEVER = "never", _("never say this")
    KEEP = "keep", _("never translate this")


class GlossaryTerm(models.Model):
    kind = models.CharField(max_length=6, choices=TermKind)
    term = models.CharField(max_length=100)
    instead_of = models.CharField(
        max_length=300,
        blank=True,
        help_text=_("Words that must give way to it, or its translations; commas between them."),
    )
    language = models.CharField(
        max_length=2,
        blank=True,
        choices=[("en", "English"), ("zh", "中文")],
        help_text=_("Empty: both."),
    )
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("glossary term")
        verbose_name_plural = _("glossary")
        ordering = ["kind", "term"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "term", "language"], name="glossary_term_once")
        ]

    def __str__(self) -> str:
        return self.term

    def clean(self) -> None:
        if self.kind != TermKind.NEVER and not self.others:
            raise ValidationError({"instead_of": _("Name the words that must give way to it.")})

    @property
    def others(self) -> list[str]:
        return [word.strip() for word in re.split("[,，、]", self.instead_of) if word.strip()]

"""What the shop has written down and may be quoted."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .tickets import Intent


class KnowledgeArticle(models.Model):
    code = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    title_zh = models.CharField(max_length=200, blank=True)
    body_zh = models.TextField(blank=True)
    intent = models.CharField(
        max_length=40,
        choices=Intent,
        blank=True,
        help_text=_("Answers this kind of question only; empty: any."),
    )
    is_published = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("knowledge article")
        verbose_name_plural = _("knowledge articles")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(body="") | ~Q(body_zh=""), name="article_has_a_body"
            )
        ]

    def __str__(self) -> str:
        in_chinese = (get_language() or "").startswith("zh")
        return (self.title_zh if in_chinese else "") or self.title or self.code

    def body_in(self, language: str) -> str:
        """The text in that language; empty where nobody wrote it: we do not translate policy."""
        return self.body_zh if language == "zh" else self.body

    def title_in(self, language: str) -> str:
        return (self.title_zh if language == "zh" else self.title) or self.code

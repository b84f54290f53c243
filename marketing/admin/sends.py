"""What was sent, and to whom nothing is. Services write it; a person may suppress."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from marketing.admin.base import ReadOnlyAdmin
from marketing.models import ChannelHealth, GuestNotice, Send, Suppression


@admin.register(Send)
class SendAdmin(ReadOnlyAdmin):
    list_display = [
        "customer", "campaign", "step", "arm", "state", "reason", "discount", "refusal", "sent_at",
        "opened_at", "clicked_at",
    ]  # fmt: skip
    list_filter = ["state", "reason", "discount", "refusal"]
    list_select_related = ["customer", "campaign"]
    search_fields = ["customer__code", "customer__email"]
    date_hierarchy = "claimed_at"


@admin.register(GuestNotice)
class GuestNoticeAdmin(ReadOnlyAdmin):
    """To whom a letter goes stands on the wish, and there only as long as it is open."""

    list_display = ["entry", "variant", "state", "reason", "error", "sent_at", "unsubscribed_at"]
    list_filter = ["state", "reason"]
    list_select_related = ["entry__variant", "entry__product", "variant"]
    search_fields = ["variant__sku"]


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):
    list_display = ["customer", "channel", "reason", "created_at"]
    list_filter = ["reason"]
    list_select_related = ["customer"]
    raw_id_fields = ["customer"]
    search_fields = ["customer__code", "customer__email"]


@admin.register(ChannelHealth)
class ChannelHealthAdmin(ReadOnlyAdmin):
    """Why nothing leaves on a channel. A campaign's monitor opens it again."""

    list_display = ["channel", "closed_until", "refusal", "said", "points", "updated_at"]

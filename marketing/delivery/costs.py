"""What handing a message over costs, by channel; an SMS by its parts."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from language.sms import sms_length
from marketing.models import Channel


def cost_minor(channel: str, parts: int = 1) -> int:
    """In minor units, as the shop has set it now."""
    each = {
        Channel.EMAIL: settings.MARKETING_SEND_COST_MINOR,
        Channel.SMS: settings.MARKETING_SMS_COST_MINOR * parts,
        Channel.PUSH: settings.MARKETING_PUSH_COST_MINOR,
    }
    return each[Channel(channel)]


def possible_costs_minor() -> list[int]:
    """Of one message on any channel, an SMS with as many parts as it may have."""
    parts = range(1, settings.SMS_MAX_PARTS + 1)
    found = {cost_minor(Channel.EMAIL), cost_minor(Channel.PUSH)}
    return sorted(found | {cost_minor(Channel.SMS, count) for count in parts})


def cost_of_message_minor(channel: str, message: Any) -> int:
    """Of this very message, whose words are filled in."""
    if channel != Channel.SMS:
        return cost_minor(channel)
    return cost_minor(channel, sms_length(message.text).parts)

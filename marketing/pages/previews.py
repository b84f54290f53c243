"""A campaign's message as one real recipient will get it: her name, her language, her links."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.utils import timezone

from language.claims import UnknownSlotError
from language.sms import SmsLength, sms_length
from marketing.definitions.readers import meant_by
from marketing.definitions.rules import reachable
from marketing.delivery.messages import Text, composed
from marketing.models import AudienceMember, Campaign, Channel, Send
from marketing.services.campaigns.copy_arms import arm_for
from marketing.services.campaigns.copy_facts import chosen_copies
from marketing.services.sending.recommended import seen_beforehand
from marketing.texts.facts import campaign_facts
from marketing.texts.recommended import RECOMMENDED
from shop.models import Customer

MAY_SEE_PEOPLE = "shop.view_customer"
MASKED = "•••"
NO_SEND = 0  # the links of a preview belong to no message: they lead nowhere


@dataclass(frozen=True)
class Preview:
    """What she would get. html: of an e-mail; body: of the others."""

    customer: str
    language: str
    subject: str = ""
    html: str = ""
    body: str = ""
    sms: SmsLength | None = None


def recipients_of(campaign: Campaign) -> QuerySet[Customer]:
    """The frozen list without its holdout; before that, whoever could be written to now."""
    if campaign.audience_id:
        members = AudienceMember.objects.filter(audience=campaign.audience_id, is_holdout=False)
        rows = Customer.objects.filter(pk__in=members.values("customer"))
    else:
        rows = reachable(meant_by(campaign), campaign.channel)
    return rows.order_by("pk")


def preview_page(
    campaign: Campaign, *, after: int, before: int, may_see: bool, arm: str = ""
) -> dict[str, Any]:
    """The next recipient after one, or the last before one. Without the right, nobody is named."""
    rows = recipients_of(campaign)
    if before:
        customer = rows.filter(pk__lt=before).order_by("-pk").first() or rows.first()
    else:
        customer = rows.filter(pk__gt=after).first() or rows.last()
    if customer is None:
        return {"preview": None, "customer_id": None}
    shown = customer if may_see else masked(customer)
    return {
        "preview": preview_of(campaign, shown, timezone.now(), arm or arm_for(campaign, customer)),
        "names": [one.name for one in campaign.arms.all()],
        "arm": arm,
        "customer_id": customer.pk,
        "has_previous": rows.filter(pk__lt=customer.pk).exists(),
        "has_next": rows.filter(pk__gt=customer.pk).exists(),
        "is_masked": not may_see,
    }


def preview_of(
    campaign: Campaign, customer: Customer, at: datetime, arm: str = ""
) -> Preview | None:
    """arm: the variant to look at; empty: hers. None when no text is chosen, or a slot of it cannot be filled now."""
    arm = arm or arm_for(campaign, customer)
    copies = {copy.language: copy for copy in chosen_copies(campaign) if copy.arm == arm}
    copy = copies.get(customer.language) or copies.get(campaign.language)
    if copy is None:
        return None
    facts = campaign_facts(campaign, copy.language, at)
    text = Text(
        copy.subject,
        copy.body,
        copy.language,
        facts,
        link_url=campaign.link_url,
        preheader=copy.preheader,
    )
    if RECOMMENDED in text.slots and customer.code != MASKED:
        text = replace(text, own={RECOMMENDED: seen_beforehand(customer, copy.language, at)})
    send = Send(pk=NO_SEND, campaign=campaign, customer=customer, channel=campaign.channel)
    try:
        message = composed(send, text)
    except UnknownSlotError:
        return None
    if isinstance(message, EmailMultiAlternatives):
        html = str(message.alternatives[0][0])
        return Preview(str(customer), copy.language, str(message.subject), html=_quiet(html))
    found = Preview(str(customer), copy.language, message.title, body=message.text)
    return (
        replace(found, sms=sms_length(message.text)) if campaign.channel == Channel.SMS else found
    )


def masked(customer: Customer) -> Customer:
    """The same message to somebody whose name and addresses are dots; never saved."""
    return Customer(
        pk=customer.pk,
        code=MASKED,
        name=f"{customer.name[:1]}•••" if customer.name else "",
        email="•••@•••",
        phone="•••",
        language=customer.language,
    )


def _quiet(html: str) -> str:
    """Without the picture that would count this as an opened mail."""
    start = html.find("<img")
    return html if start < 0 else html[:start] + html[html.find(">", start) + 1 :]

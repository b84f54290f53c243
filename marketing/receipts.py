"""The kinds of decision that marketing makes."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from decisions.kinds import DecisionKind, register
from decisions.models import Decision
from marketing.planning import plan_campaign
from marketing.services import campaigns


def campaign_page(decision: Decision) -> str:
    return reverse("admin:marketing_campaign_path", args=[decision.subject.partition(":")[2]])


register(
    DecisionKind(
        name=campaigns.KIND,
        label=_("campaign"),
        compute=plan_campaign,
        approve=campaigns.carry_out,
        refuse=campaigns.put_back,
        edit_url=campaign_page,
        permission="marketing.change_campaign",
    )
)

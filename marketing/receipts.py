"""The kinds of decision that marketing makes."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from decisions.kinds import DecisionKind, register
from decisions.models import Decision
from marketing.models import Audience, Candidate
from marketing.planning import plan_audience, plan_campaign
from marketing.services.audiences import frozen
from marketing.services.campaigns import campaigns
from marketing.services.content import descriptions


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


def brief_page(decision: Decision) -> str:
    pk = decision.subject.partition(":")[2]
    brief = Candidate.objects.filter(pk=pk).values_list("brief_id", flat=True).first()
    return reverse("admin:marketing_brief_page", args=[brief]) if brief else ""


def frozen_page(decision: Decision) -> str:
    pk = decision.subject.partition(":")[2]
    found = Audience.objects.kept().filter(pk=pk).exists()
    return reverse("admin:marketing_audience_page", args=[pk]) if found else ""


# Nothing to approve: who asks for a list has it.
register(
    DecisionKind(
        name=frozen.RECEIPT,
        label=_("frozen list"),
        compute=plan_audience,
        edit_url=frozen_page,
        permission="marketing.add_audience",
    )
)


register(
    DecisionKind(
        name=descriptions.KIND,
        label=_("product description"),
        compute=descriptions.plan_description,
        approve=descriptions.carry_out,
        refuse=descriptions.put_back,
        edit_url=brief_page,
        permission="shop.change_product",
    )
)

"""Kept lists for staff and their programs: freeze one, read it, its members, and campaigns for it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.problems import Problem, describe
from access.api.views import MerchantView
from marketing.api import audience_shapes as shapes
from marketing.api.explorer import segments_of
from marketing.api.serializers import CampaignOut
from marketing.definitions.rules import reachable, sentences
from marketing.models import Audience, AudienceMember, Campaign, Channel
from marketing.pages import frozen as shown
from marketing.services.audiences import frozen
from marketing.services.campaigns.list_campaigns import draft_for
from shop.models import Customer

describe(
    "audience",
    gettext_lazy("The list cannot be frozen, used or taken away like that."),
    gettext_lazy("Read the reason in `detail`."),
)
COPIED = (
    "id", "name", "combined", "rule", "frozen_at", "archived_at", "holdout_rate", "customer_count",
    "holdout_count", "kept_out_count", "members_sha256",
)  # fmt: skip


class Audiences(MerchantView):
    needs = {"GET": "marketing.view_audience", "POST": "marketing.add_audience"}
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[shapes.AudienceFilter], responses=shapes.AudienceOut(many=True))
    def get(self, request: Request) -> Response:
        """Lists that are kept for themselves, newest first."""
        wanted, rows = self.checked(shapes.AudienceFilter, request.query_params), _kept()
        if wanted["is_archived"] is not None:
            rows = rows.filter(archived_at__isnull=not wanted["is_archived"])
        if "segment" in wanted:
            rows = rows.filter(segment__code=wanted["segment"])
        return self.page(rows, _rows)

    @extend_schema(request=shapes.AudienceIn, responses={201: shapes.AudienceDetailOut})
    def post(self, request: Request) -> Response:
        """Freeze whom segments hold or a rule finds. A job writes the members: read the list again
        until its `state` is ready. 409 where who was in it at `as_of` is not known."""
        wanted = self.checked(shapes.AudienceIn, request.data)
        segments = tuple(segments_of(wanted.get("segments", [])))
        rule = frozen.shared_rule(segments) if segments else wanted["rule"]
        ask = frozen.Freeze(wanted["name"], rule, segments, wanted["as_of"], wanted["holdout_rate"])
        try:
            made = frozen.ask_frozen(ask, key=service_key(request), by=request.user)
        except frozen.AudienceError as error:
            raise Problem("audience", str(error)) from error
        return Response(_detail(made.pk), status=201)


class AudienceDetail(MerchantView):
    needs = {"GET": "marketing.view_audience", "DELETE": "marketing.delete_audience"}

    @extend_schema(responses=shapes.AudienceDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One list, and how it stands now: erased, left, reachable per channel."""
        return Response(_detail(pk))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """For good, members and all. 409 where a campaign was made for it: archive it instead."""
        try:
            frozen.delete_kept(_one(pk), request.user)
        except frozen.AudienceError as error:
            raise Problem("audience", str(error)) from error
        return Response(status=204)


class AudienceSteps(MerchantView):
    needs = {"POST": "marketing.change_audience"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.ShelfIn, responses=shapes.AudienceDetailOut)
    def post(self, request: Request, pk: int) -> Response:
        """archived: no new campaign is made for it, those that were begun go on. kept: undone."""
        to, found = self.checked(shapes.ShelfIn, request.data)["to"], _one(pk)
        (frozen.archive if to == "archived" else frozen.restore)(found, request.user)
        return Response(_detail(pk))


class AudienceMembers(MerchantView):
    needs = {"GET": "marketing.view_audience"}

    @extend_schema(parameters=[shapes.MemberFilter], responses=shapes.MemberOut(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Members by their code. Who was erased is not there any more."""
        wanted, found = self.checked(shapes.MemberFilter, request.query_params), _one(pk)
        rows = AudienceMember.objects.filter(audience=_whole(found))
        if "arm" in wanted:
            rows = rows.filter(is_holdout=wanted["arm"] == "holdout")
        may_see = request.user.has_perm(shown.MAY_SEE_PEOPLE)
        return self.page(
            rows.values("pk", *shown.MEMBER_COLUMNS),
            lambda page: shown.member_rows(page, wanted["channel"], may_see=may_see),
        )


class AudienceMembership(MerchantView):
    needs = {"GET": "marketing.view_audience"}

    @extend_schema(responses=shapes.MembershipOut)
    def get(self, request: Request, pk: int, code: str) -> Response:
        """Whether one customer is on the list. A code that nobody has is on none."""
        members = AudienceMember.objects.filter(audience=_whole(_one(pk)), customer__code=code)
        row = members.values("customer_id", "is_holdout", "propensity").first()
        found: dict[str, Any] = {"customer": code, "is_member": row is not None}
        if row is None:
            return Response(found | {"arm": None, "chance": None, "may_be_written_to": []})
        her = Customer.objects.filter(pk=row["customer_id"])
        channels = [one for one in Channel.values if reachable(her, one).exists()]
        return Response(
            found
            | {
                "arm": "holdout" if row["is_holdout"] else "written_to",
                "chance": row["propensity"],
                "may_be_written_to": [] if row["is_holdout"] else channels,
            }
        )


class AudienceCampaigns(MerchantView):
    needs = {"POST": "marketing.add_campaign"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.ListCampaignIn, responses={201: CampaignOut})
    def post(self, request: Request, pk: int) -> Response:
        """A draft for the members of the list; its texts and approval go the way of every campaign."""
        wanted = self.checked(shapes.ListCampaignIn, request.data)
        try:
            made = draft_for(_one(pk), wanted, key=service_key(request))
        except frozen.AudienceError as error:
            raise Problem("audience", str(error)) from error
        names = CampaignOut().fields
        row = {name: getattr(made, name) for name in names if hasattr(made, name)}
        segment = made.segment.code if made.segment else None
        return Response(
            row | {"segment": segment, "frozen_audience": made.frozen_audience_id}, status=201
        )


def _kept() -> QuerySet[Audience]:
    return shown.with_uses(Audience.objects.kept())


def _one(pk: int) -> Audience:
    return get_object_or_404(Audience.objects.kept(), pk=pk)


def _whole(audience: Audience) -> Audience:
    """A list that is still being written has no members to read: half of them would mislead."""
    if not audience.is_complete:
        raise Problem("audience", _("The list is being written: read it until its state is ready."))
    return audience


def _rows(page: list[Audience]) -> list[dict[str, Any]]:
    states, reasons = shown.states_of(page), shown.reasons_of(page)
    return [
        {name: getattr(one, name) for name in COPIED}
        | {
            "state": states[one.pk],
            "reason": reasons.get(one.pk, ""),
            "segment": one.segment.code if one.segment else None,
            "as_of": one.as_of or one.frozen_at,
            "frozen_by": one.frozen_by.get_username() if one.frozen_by else None,
            "campaign_count": getattr(one, "uses", 0),
        }
        for one in page
    ]


def _detail(pk: int) -> dict[str, Any]:
    one = get_object_or_404(_kept(), pk=pk)
    campaigns = Campaign.objects.filter(frozen_audience=one).order_by("-pk")
    return _rows([one])[0] | {
        "sentences": sentences(one.rule),
        "decision": one.decision_id,
        "campaigns": list(campaigns.values_list("pk", flat=True)[: shown.CAMPAIGNS_SHOWN]),
        "standing": _standing(one),
    }


NOT_COUNTED = {"as_of": None, "members": None, "erased": None, "left": None, "why_not_left": ""}


def _standing(audience: Audience) -> dict[str, Any]:
    found = shown.standing_lines(audience) if audience.is_complete else None
    if found is None:
        why = (
            _("A shop of this size is counted by a job.")
            if audience.is_complete
            else _("The list is being written: read it until its state is ready.")
        )
        return {"is_counted": False, "reason": why, "reachable": [], **NOT_COUNTED}
    return {name: found[name] for name in NOT_COUNTED} | {
        "is_counted": True,
        "reason": "",
        "reachable": [
            {"channel": one["channel"], "customers": one["customers"]} for one in found["reachable"]
        ],
    }

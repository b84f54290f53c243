"""Tier programmes: staff and their programs define them, the shop's own site shows a customer hers."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView, StorefrontView
from marketing.api import tier_shapes as shapes
from marketing.frames.tiers import data_ends
from marketing.models import TierMembership, TierMove, TierProgramme
from marketing.services.audiences.counting import TookTooLongError
from marketing.services.tiers import programmes
from marketing.services.tiers.previews import preview
from marketing.services.tiers.programmes import Terms, TierError, TierTerms
from marketing.services.tiers.standing import standings, tiers_at
from shop.models import Customer

describe(
    "tier-refused",
    _("The tier programme cannot be made, changed or counted like that."),
    _("Read the reason in `detail`."),
)
COLUMNS = (
    "code", "name", "name_zh", "state", "figure", "window_days", "grace_days", "starts_on",
    "ends_on", "revision", "checked_at",
)  # fmt: skip
TIER = ("code", "name", "name_zh", "rank", "enter_at", "stay_at", "offer_code")


class Programmes(MerchantView):
    needs = {"GET": "marketing.view_tierprogramme", "POST": "marketing.add_tierprogramme"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=shapes.ProgrammeOut(many=True))
    def get(self, request: Request) -> Response:
        """Tier programmes, newest first."""
        return self.page(TierProgramme.objects.all(), lambda page: [_row(one) for one in page])

    @extend_schema(request=shapes.ProgrammeIn, responses={201: shapes.ProgrammeDetailOut})
    def post(self, request: Request) -> Response:
        """A draft; nobody is in it before it is started. 409 for terms that make no sense."""
        said = self.checked(shapes.ProgrammeIn, request.data)
        code = said.pop("code")
        try:
            made = programmes.create_programme(code, _terms(said))
        except TierError as error:
            raise Problem("tier-refused", str(error)) from error
        return Response(_detail(made), status=201)


class ProgrammeDetail(MerchantView):
    needs = {"GET": "marketing.view_tierprogramme", "PUT": "marketing.change_tierprogramme"}

    @extend_schema(responses=shapes.ProgrammeDetailOut)
    def get(self, request: Request, code: str) -> Response:
        """One programme with its tiers and how many are in each."""
        return Response(_detail(get_object_or_404(TierProgramme, code=code)))

    @extend_schema(request=shapes.TermsIn, responses=shapes.ProgrammeDetailOut)
    def put(self, request: Request, code: str) -> Response:
        """Other terms, whole. Members of a live programme follow at a look that begins at once."""
        programme = get_object_or_404(TierProgramme, code=code)
        said = self.checked(shapes.TermsIn, request.data)
        try:
            changed = programmes.change_programme(programme, _terms(said))
        except TierError as error:
            raise Problem("tier-refused", str(error)) from error
        if changed.state == "live" and changed.revision != programme.revision:
            programmes.ask_look(changed)
        return Response(_detail(changed))


class ProgrammePreview(MerchantView):
    needs = {"POST": "marketing.view_tierprogramme"}

    @extend_schema(request=shapes.ProgrammeIn, responses=shapes.TiersPreviewOut)
    def post(self, request: Request) -> Response:
        """What these terms would change and cost at most, for a programme that may not be there yet.
        Nothing is kept. 409 where counting takes longer than MARKETING_COUNT_SECONDS."""
        said = self.checked(shapes.ProgrammeIn, request.data)
        programme = TierProgramme.objects.filter(code=said.pop("code")).first()
        try:
            found = preview(_terms(said), data_ends(timezone.now()), programme)
        except (TierError, TookTooLongError) as error:
            raise Problem("tier-refused", str(error)) from error
        names = ("entered", "rose", "fell", "left", "in_grace", "unknown", "cost_minor")
        of_tier = ("code", "now", "then", "coupons", "cost_minor")
        rows = [{name: getattr(one, name) for name in of_tier} for one in found.tiers]
        return Response({name: getattr(found, name) for name in names} | {"tiers": rows})


class ProgrammeDecision(MerchantView):
    needs = {"POST": "marketing.decide_tierprogramme"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.TierDecisionIn, responses=shapes.ProgrammeDetailOut)
    def post(self, request: Request, code: str) -> Response:
        """Start it, or stop it: then everybody leaves. A look at everybody follows at once."""
        programme = get_object_or_404(TierProgramme, code=code)
        to = self.checked(shapes.TierDecisionIn, request.data)["to"]
        try:
            verb = programmes.start if to == "live" else programmes.stop
            return Response(_detail(verb(programme, by=request.user)))
        except TierError as error:
            raise Problem("tier-refused", str(error)) from error


class ProgrammeMembers(MerchantView):
    needs = {"GET": "marketing.view_tiermembership"}

    @extend_schema(responses=shapes.TierMemberOut(many=True))
    def get(self, request: Request, code: str) -> Response:
        """Who is in a tier of it now, by the last look."""
        programme = get_object_or_404(TierProgramme, code=code)
        rows = TierMembership.objects.filter(programme=programme)
        columns = ("pk", "customer__code", "tier__code", "since", "below_since")
        names = ("customer", "tier", "since", "below_since")
        return self.page(
            rows.values(*columns),
            lambda page: [
                dict(zip(names, (row[c] for c in columns[1:]), strict=True)) for row in page
            ],
        )


class ProgrammeMoves(MerchantView):
    needs = {"GET": "marketing.view_tiermove"}

    @extend_schema(parameters=[shapes.MovesFilter], responses=shapes.TierMoveOut(many=True))
    def get(self, request: Request, code: str) -> Response:
        """The ledger, newest first: who entered, changed and left, by which figure."""
        programme = get_object_or_404(TierProgramme, code=code)
        chosen = self.checked(shapes.MovesFilter, request.query_params)
        rows = TierMove.objects.filter(programme=programme)
        if chosen.get("customer"):
            rows = rows.filter(customer__code=chosen["customer"])
        kept = ("is_rise", "at", "recorded_at", "figure", "value", "trace", "revision")
        paths = {
            "customer": "customer__code", "from_tier": "from_tier__code",
            "to_tier": "to_tier__code", "by": "by__username", **{name: name for name in kept},
        }  # fmt: skip
        return self.page(
            rows.values("pk", *paths.values()),
            lambda page: [{name: row[path] for name, path in paths.items()} for row in page],
        )


class ProgrammePayback(MerchantView):
    needs = {"GET": "marketing.view_tierprogramme"}

    @extend_schema(responses={200: dict[str, Any]})
    def get(self, request: Request, code: str) -> Response:
        """What each tier brought at its threshold, minor units per customer with 95 % intervals, or in
        `refused` why nobody can tell. Empty before the night has counted it (docs/tiers.md)."""
        programme = get_object_or_404(TierProgramme, code=code)
        kept: dict[str, Any] = programme.payback or {"tiers": []}
        return Response(kept | {"counted_at": programme.payback_at})


class CustomerTiers(MerchantView):
    needs = {"GET": "shop.view_customer"}

    @extend_schema(
        parameters=[shapes.AtFilter], responses=shapes.MembershipAtOut(many=True)
    )  # the ledger's own answer
    def get(self, request: Request, code: str) -> Response:
        """Where a customer stood at a time, in every programme that she had been in by then."""
        customer = get_object_or_404(Customer, code=code)
        at = self.checked(shapes.AtFilter, request.query_params).get("at") or timezone.now()
        rows = [
            {"programme": programme.code, "tier": tier.code if tier else None}
            for programme, tier in tiers_at(customer, at).items()
        ]
        return Response({"next": None, "previous": None, "results": rows})


class OwnTiers(StorefrontView):
    @extend_schema(responses=shapes.StandingsOut)
    def get(self, request: Request, customer: str) -> Response:
        """One customer's tiers: what she is in, until when it is kept, what the next one needs, and
        the coupons that she holds of them. Only for the shop's own server: the key is secret."""
        person = get_object_or_404(Customer, code=customer)
        rows = standings(person, timezone.now())
        return Response({"customer": person.code, "programmes": rows})


def _terms(said: dict[str, Any]) -> Terms:
    tiers = tuple(TierTerms(**dict(one)) for one in said.pop("tiers"))
    return Terms(tiers=tiers, **said)


def _row(programme: TierProgramme) -> dict[str, Any]:
    return {name: getattr(programme, name) for name in COLUMNS}


def _detail(programme: TierProgramme) -> dict[str, Any]:
    tiers = programme.tiers.order_by("rank").annotate(members=Count("memberships"))
    rows = [{name: getattr(one, name) for name in (*TIER, "members")} for one in tiers]
    return _row(programme) | {"tiers": rows}

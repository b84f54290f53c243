"""Offers of coupons: made, put in force, stopped; what became of each coupon; a customer's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action, display

from shop.admin.base import (
    CappedPaginator,
    MinorField,
    NewestInline,
    ReadOnlyAdmin,
    ShopAdmin,
    back_to,
    link,
    money,
    number,
    tell_refusals,
)
from shop.models import Coupon, CouponMovement, CouponOffer, OfferState
from shop.money import format_money
from shop.services.coupons import ledger, offers
from shop.services.coupons.ledger import CouponError

OFFER_COLOURS = {"draft": "info", "live": "success", "stopped": "warning"}
COUPON_COLOURS = {"open": "info", "redeemed": "success", "expired": "warning", "revoked": "danger"}


class OfferForm(forms.ModelForm):
    most_minor = MinorField(
        label=_("takes off at most"), min_value=0, max_digits=15,
        help_text=_("The fixed amount; of a percentage the most that one coupon takes off."),
    )  # fmt: skip
    budget_minor = MinorField(
        label=_("budget"), min_value=0, max_digits=15,
        help_text=_("Once what was taken off and may still be reaches this, no more are issued."),
    )  # fmt: skip
    least_order_minor = MinorField(
        label=_("least order"), min_value=0, max_digits=15, initial=0,
        help_text=_("What the goods must cost before the coupon."),
    )  # fmt: skip

    class Meta:
        model = CouponOffer
        fields = ["code", *offers.TERMS, "categories", "products", "variants"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if self.errors:
            return said
        try:
            offers.refuse_nonsense(
                offers.OfferTerms(**{name: said.get(name) for name in offers.TERMS})
            )
        except CouponError as refusal:
            raise ValidationError(str(refusal)) from refusal
        taken = CouponOffer.objects.filter(code=said.get("code", self.instance.code))
        if self.instance.pk is None and taken.exists():
            raise ValidationError({"code": gettext("There is an offer with this code already.")})
        return said


def dialog(title: Any, text: Any) -> dict[str, Any]:
    return {"title": title, "description": text, "form_class": None, "form_submit_text": title}


@admin.register(CouponOffer)
class CouponOfferAdmin(ShopAdmin):
    form = OfferForm
    list_display = ["title", "value_", "state_", "open_", "redeemed", "over", "cost", "left"]
    list_filter = [("state", ChoicesDropdownFilter)]
    search_fields = ["code", "name", "name_zh"]
    autocomplete_fields = ["categories", "products", "variants"]
    actions = None
    actions_detail = ["put_in_force", "stop", "revise"]
    readonly_fields = [
        "state",
        "most",
        "least",
        "budget",
        "open_",
        "redeemed",
        "over",
        "held",
        "cost",
        "left",
    ]
    readonly_fields += ["decided_by", "decided_at", "stopped_by", "stopped_at"]
    fieldsets = [
        (None, {"fields": [("code", "state"), ("name", "name_zh")]}),
        (
            _("What it takes off"),
            {"fields": [("percent", "most_minor", "least_order_minor")]},
        ),
        (
            _("What it is for: nothing named, everything"),
            {"fields": ["categories", "products", "variants"]},
        ),
        (
            _("How long and how many"),
            {"fields": [("valid_days", "last_on"), ("most_uses", "once_per_customer"), "budget_minor"]},
        ),
    ]  # fmt: skip
    figures = (
        _("What became of it"),
        {
            "fields": [
                ("open_", "redeemed", "over"),
                ("held", "cost", "left"),
                ("decided_by", "decided_at"),
                ("stopped_by", "stopped_at"),
            ]
        },
    )

    def get_fieldsets(self, request: HttpRequest, obj: CouponOffer | None = None) -> Any:
        """Money of what cannot be typed any more is shown as money."""
        if obj is None:
            return self.fieldsets
        found = [*self.fieldsets, self.figures]
        return found if self.has_change_permission(request, obj) else _shown(found)

    def get_readonly_fields(self, request: HttpRequest, obj: CouponOffer | None = None) -> Any:
        return [*self.readonly_fields, "code"] if obj else self.readonly_fields

    def has_change_permission(self, request: HttpRequest, obj: CouponOffer | None = None) -> bool:
        """The terms of a decided offer stand."""
        is_open = obj is None or obj.state == OfferState.DRAFT
        return is_open and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: CouponOffer | None = None) -> bool:
        return False  # an offer is stopped, not forgotten

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.currency, obj.created_by = settings.SHOP_CURRENCY, request.user
        super().save_model(request, obj, form, change)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CouponOffer]:
        return super().get_queryset(request).select_related("decided_by", "stopped_by")

    def prepare_page(self, page: list[CouponOffer]) -> None:
        found = dict(_over(page))
        for offer in page:
            offer.shown_over = found.get(offer.pk, 0)  # type: ignore[attr-defined]

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.decide_couponoffer")

    def has_draft_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.add_couponoffer")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        offer = self.get_object(request, object_id)
        state = offer.state if offer else ""
        possible = {
            "put_in_force": state == OfferState.DRAFT,
            "stop": state in (OfferState.DRAFT, OfferState.LIVE),
            "revise": state in (OfferState.LIVE, OfferState.STOPPED),
        }
        return [
            step
            for step in super().get_actions_detail(request, object_id)
            if possible[step.action_name.removeprefix("shop_couponoffer_")]
        ]

    @action(
        description=_("Put in force"), permissions=["decide"], icon="task_alt",
        dialog=dialog(
            _("Put in force"), _("Campaigns may issue coupons of it; its terms then stand.")
        ),
    )  # fmt: skip
    def put_in_force(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, offers.decide_offer)

    @action(
        description=_("Stop"), permissions=["decide"], icon="stop_circle",
        dialog=dialog(_("Stop"), _("No more are issued; what was issued stays valid.")),
    )  # fmt: skip
    def stop(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, offers.stop_offer)

    @action(
        description=_("New revision"), permissions=["draft"], icon="content_copy",
        dialog=dialog(_("New revision"), _("A draft with the same terms, to be changed.")),
    )  # fmt: skip
    def revise(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, offers.revise)

    def _decided(
        self, request: HttpRequest, object_id: str, verb: Callable[..., CouponOffer]
    ) -> HttpResponse:
        offer = CouponOffer.objects.get(pk=object_id)
        try:
            offer = verb(offer, by=request.user)
        except CouponError as refusal:
            messages.error(request, str(refusal))
        return back_to(CouponOffer, offer.pk)

    @display(description=_("offer"), ordering="code", header=True)
    def title(self, offer: CouponOffer) -> list[Any]:
        return [offer.name, offer.label, offer.code[:2].upper()]

    @display(description=_("takes off"))
    def value_(self, offer: CouponOffer) -> str:
        return offer.value

    @display(description=_("state"), ordering="state", label=OFFER_COLOURS)
    def state_(self, offer: CouponOffer) -> tuple[str, Any]:
        return offer.state, offer.get_state_display()

    @display(description=_("takes off at most"))
    def most(self, offer: CouponOffer) -> str:
        return format_money(offer.most_minor, offer.currency)

    @display(description=_("least order"))
    def least(self, offer: CouponOffer) -> str:
        return format_money(offer.least_order_minor, offer.currency)

    @display(description=_("budget"))
    def budget(self, offer: CouponOffer) -> str:
        return format_money(offer.budget_minor, offer.currency)

    @display(description=pgettext_lazy("coupon", "open"), ordering="open_coupons")
    def open_(self, offer: CouponOffer) -> str:
        return number(offer.open_coupons)

    @display(description=pgettext_lazy("coupon", "redeemed"), ordering="redeemed_coupons")
    def redeemed(self, offer: CouponOffer) -> str:
        return number(offer.redeemed_coupons)

    @display(description=_("expired or taken back"))
    def over(self, offer: CouponOffer) -> str:
        known = getattr(offer, "shown_over", None)
        return number(dict(_over([offer])).get(offer.pk, 0) if known is None else known)

    @display(description=_("may still take off"), ordering="held_minor")
    def held(self, offer: CouponOffer) -> str:
        return money(offer.held_minor, offer.currency)

    @display(description=_("taken off"), ordering="spent_minor")
    def cost(self, offer: CouponOffer) -> str:
        return money(offer.spent_minor, offer.currency)

    @display(description=_("can still be issued"))
    def left(self, offer: CouponOffer) -> str:
        return number(offer.left_coupons if offer.state == OfferState.LIVE else None)


SHOWN = {"most_minor": "most", "least_order_minor": "least", "budget_minor": "budget"}


def _shown(fieldsets: Any) -> list[Any]:
    def shown(field: Any) -> Any:
        return tuple(map(shown, field)) if isinstance(field, tuple) else SHOWN.get(field, field)

    return [(title, {"fields": [*map(shown, said["fields"])]}) for title, said in fieldsets]


def _over(page: list[CouponOffer]) -> Any:
    """(offer, how many of its coupons ended unused)."""
    rows = Coupon.objects.filter(offer__in=page, state__in=["expired", "revoked"]).order_by()
    return rows.values_list("offer").annotate(n=Count("pk"))


class CouponMovementInline(NewestInline):
    model = CouponMovement
    newest_by = ("-at", "-pk")
    fields = ["at", "kind", "order", "by", "note"]
    verbose_name_plural = _("ledger")


@admin.register(Coupon)
class CouponAdmin(ReadOnlyAdmin):
    paginator = CappedPaginator
    list_display = ["code", "who", "offer_", "state_", "issued_at", "valid_until", "order_", "off"]
    list_select_related = ["customer", "offer", "order"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("offer", AutocompleteSelectFilter),
        ("customer", AutocompleteSelectFilter),
        ("valid_until", RangeDateTimeFilter),
    ]
    search_fields = ["code", "customer__code", "customer__email__exact"]
    search_help_text = _("Coupon, customer code, or an e-mail address in full.")
    fields = [("code", "state"), ("who", "offer_"), "occasion", ("issued_at", "valid_until")]
    fields += [("order_", "off")]
    readonly_fields = ["who", "offer_", "order_", "off"]
    inlines = [CouponMovementInline]
    actions = ["take_back"]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.change_coupon")

    @action(description=_("Take these coupons back"), permissions=["revoke"])
    def take_back(self, request: HttpRequest, coupons: QuerySet[Coupon]) -> None:
        """A used one stays used; support tells the customer."""
        chosen = coupons.select_related("offer")
        done = sum(ledger.revoke(one, by=request.user) for one in chosen)
        tell_refusals(request, [], done, gettext("coupons taken back"))

    @display(description=_("customer"), ordering="customer__code")
    def who(self, coupon: Coupon) -> str:
        return link(coupon.customer)

    @display(description=_("offer"), ordering="offer__code")
    def offer_(self, coupon: Coupon) -> str:
        return link(coupon.offer, coupon.offer.label)

    @display(description=_("state"), ordering="state", label=COUPON_COLOURS)
    def state_(self, coupon: Coupon) -> tuple[str, Any]:
        return coupon.state, coupon.get_state_display()

    @display(description=_("order"))
    def order_(self, coupon: Coupon) -> str:
        return link(coupon.order)

    @display(description=_("taken off"), ordering="discount_minor")
    def off(self, coupon: Coupon) -> str:
        return money(coupon.discount_minor, coupon.offer.currency)

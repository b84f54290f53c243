"""Who buys, and what they agreed to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action, display

from shop.admin.base import (
    CappedPaginator,
    NewestInline,
    ReadOnlyAdmin,
    ShopAdmin,
    header,
    link,
    money,
    number,
)
from shop.admin.exports import Exported
from shop.models import (
    Consent,
    Coupon,
    Customer,
    CustomerAttribute,
    IdentifierKind,
    Order,
    VisitorLink,
)
from shop.services.customers import ERASED
from shop.services.erased import is_erased


class ConsentInline(NewestInline):
    model = Consent
    verbose_name_plural = _("consent ledger")
    newest_by = ("-recorded_at", "-pk")
    fields = ["purpose", "granted", "source", "recorded_at"]


class AttributeInline(NewestInline):
    model = CustomerAttribute
    verbose_name_plural = _("what she said of herself")
    newest_by = ("-recorded_at", "-pk")
    fields = ["name", "value", "purpose", "source", "recorded_at"]


class OrderInline(NewestInline):
    model = Order
    newest_by = ("-placed_at", "-pk")
    fields = ["number", "state", "total", "placed_at"]
    readonly_fields = ["total"]
    show_change_link = True

    @admin.display(description=_("total"))
    def total(self, order: Order) -> str:
        return money(order.total_minor, order.currency)


class CouponInline(NewestInline):
    model = Coupon
    newest_by = ("-issued_at", "-pk")
    fields = ["code", "offer", "state", "valid_until", "order", "off"]
    readonly_fields = ["off"]
    show_change_link = True

    @admin.display(description=_("taken off"))
    def off(self, coupon: Coupon) -> str:
        return money(coupon.discount_minor)


class CustomerForm(forms.ModelForm):
    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if self.instance.code != code and is_erased(IdentifierKind.CODE, code):
            raise ValidationError(ERASED)
        return code


@admin.register(Customer)
class CustomerAdmin(Exported, ShopAdmin):
    form = CustomerForm
    export_kind = "customers"
    paginator = CappedPaginator
    list_display = ["who", "code", "country", "language", "orders_", "last_order", "created_at"]
    list_filter = [("created_at", RangeDateTimeFilter)]
    search_fields = ["code", "email", "name", "phone"]
    fields = [
        ("code", "name"),
        ("email", "phone"),
        ("country", "language"),
        ("time_zone", "birthday"),
        "created_at",
    ]
    readonly_fields = ["created_at"]
    inlines = [OrderInline, CouponInline, ConsentInline, AttributeInline]
    actions_detail = ["personal_data"]

    def has_personal_data_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("privacy.view_erasure")

    @action(
        description=_("Personal data"), url_path="personal-data", icon="person_off",
        permissions=["personal_data"],
    )  # fmt: skip
    def personal_data(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Where all that is held on her is taken out, or erased: a page of an app above this one."""
        return redirect("admin:privacy_customer", object_id)

    def prepare_page(self, page: list[Customer]) -> None:
        found = Order.objects.filter(customer__in=page).order_by().values_list("customer_id")
        rows = {
            pk: (count, last)
            for pk, count, last in found.annotate(n=Count("pk"), last=Max("placed_at"))
        }
        for customer in page:
            customer.shown_orders, customer.shown_last = rows.get(customer.pk, (0, None))

    def has_delete_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        """Orders, consent and events hang on a customer: no page deletes one."""
        return False

    @display(description=_("customer"), ordering="name", header=True)
    def who(self, customer: Customer) -> list[Any]:
        return header(str(customer), customer.email, "")

    @display(description=_("orders"))
    def orders_(self, customer: Customer) -> str:
        return number(customer.shown_orders)

    @display(description=_("last order"))
    def last_order(self, customer: Customer) -> Any:
        return customer.shown_last


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ["recorded_at", "who", "purpose", "granted", "source"]
    list_select_related = ["customer"]
    list_filter = [
        ("purpose", ChoicesDropdownFilter),
        ("granted", BooleanRadioFilter),
        ("recorded_at", RangeDateTimeFilter),
    ]
    search_fields = ["customer__code", "customer__email"]

    @display(description=_("customer"))
    def who(self, consent: Consent) -> str:
        return link(consent.customer)


@admin.register(VisitorLink)
class VisitorLinkAdmin(ReadOnlyAdmin):
    list_display = ["visitor", "who", "linked_at"]
    search_fields = ["visitor", "customer__code", "customer__email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("customer")

    @display(description=_("customer"))
    def who(self, found: VisitorLink) -> str:
        return link(found.customer)

"""What every list of the back office has in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminURLInputWidget

from access.figures import figure
from access.read_only import ReadOnly
from shop.money import MoneyError, format_money, from_minor, to_minor

NUMBER = "display:block;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"
COUNTED_AT_MOST = 10_000
SHOWN_IN_LINE = 50
# An address without a scheme is a secure one (Django 6 will think so too, and warns until then).
URL_FIELDS = {models.URLField: {"widget": UnfoldAdminURLInputWidget, "assume_scheme": "https"}}


MONEY_LABELS = {"cost_minor": _lazy("unit cost")}


class CappedPaginator(Paginator):
    """Counts no further than 10,000 rows: COUNT(*) over an event log takes longer than the page."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNTED_AT_MOST].count()


class PreparedChangeList(ChangeList):
    """Lets the admin add to a page what it needs from other tables, in one query per table."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.prepare_page(self.result_list)


class MinorField(forms.DecimalField):
    """Money is typed as 12.50 and kept as 1250."""

    widget = UnfoldAdminDecimalFieldWidget

    def prepare_value(self, value: Any) -> Any:
        return from_minor(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        amount = super().clean(value)
        try:
            return None if amount is None else to_minor(amount)
        except MoneyError as error:
            raise ValidationError(str(error)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def minor_field(db_field: models.Field) -> MinorField | None:
    """The form field of an amount in minor units; None for every other column."""
    if not db_field.name.endswith("_minor"):
        return None
    label = capfirst(MONEY_LABELS.get(db_field.name, db_field.verbose_name))
    return MinorField(label=label, required=not db_field.blank, min_value=0, max_digits=15)


class ShopAdmin(ModelAdmin):
    list_per_page = 50
    list_max_show_all = 200
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    show_full_result_count = False
    formfield_overrides = URL_FIELDS

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return minor_field(db_field) or super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PreparedChangeList

    def prepare_page(self, page: list[Any]) -> None:
        """Set on each row what its columns show and its own table does not hold."""


class ReadOnlyAdmin(ReadOnly, ShopAdmin):
    paginator = CappedPaginator


class Inline(TabularInline):
    extra = 0
    tab = True
    formfield_overrides = URL_FIELDS

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return minor_field(db_field) or super().formfield_for_dbfield(db_field, request, **kwargs)


class NewestInline(ReadOnly, Inline):
    """The newest rows of a long list; the list itself has its own page."""

    newest_by: ClassVar[tuple[str, ...]] = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        parent = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        if parent is None:
            return rows.none()
        of_parent = rows.filter(**{self.fk_name or self._parent_field(): parent})
        newest = of_parent.order_by(*self.newest_by).values("pk")[:SHOWN_IN_LINE]
        return rows.filter(pk__in=newest).order_by(*self.newest_by)

    def _parent_field(self) -> str:
        return next(
            field.name
            for field in self.model._meta.fields
            if field.related_model is self.parent_model
        )


def number(value: int | None) -> SafeString | str:
    """A count, right-aligned with tabular figures; an en dash where there is none."""
    if value is None:
        return format_html('<span style="{}">–</span>', NUMBER)
    return format_html('<span style="{}">{}</span>', NUMBER, figure(value))


def money(amount_minor: int | None, currency: str = "") -> SafeString:
    return format_html('<span style="{}">{}</span>', NUMBER, format_money(amount_minor, currency))


def link(to: Any, text: Any = "") -> SafeString | str:
    """To a row's own page in the back office."""
    if to is None:
        return "–"
    address = reverse(f"admin:{to._meta.app_label}_{to._meta.model_name}_change", args=[to.pk])
    return format_html('<a href="{}">{}</a>', address, text or to)


def picture(address: str, text: str) -> dict[str, Any]:
    """The picture of a header cell, or its first letters where there is none."""
    return {"path": address, "height": 32, "width": 32, "squared": True}


def header(title: Any, subtitle: Any, address: str) -> list[Any]:
    initials = str(title)[:2].upper()
    return (
        [title, subtitle, initials, picture(address, initials)]
        if address
        else [
            title,
            subtitle,
            initials,
        ]
    )


def tell_refusals(
    request: HttpRequest, refusals: Iterable[Exception], done: int, what: str
) -> None:
    """Say what was done and why the rest was not."""
    if done:
        messages.success(request, _("%(count)d × %(what)s.") % {"count": done, "what": what})
    for refusal in refusals:
        messages.error(request, str(refusal))


def back_to(model: Any, pk: Any) -> HttpResponse:
    """Ends a dialog: the page behind it is read again."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    return HttpResponse(headers={"HX-Redirect": address})

"""Webhooks in the back office: who hears of what, what arrived, what was given up and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminURLInputWidget,
)

from access.figures import figure
from access.read_only import ReadOnly
from outbox.kinds import TEST, UnknownKindError, all_kinds, kind_of
from outbox.models import Delivery, DeliveryState, Endpoint, Message
from outbox.services import deliveries, endpoints

STATE_COLOURS = {"delivered": "success", "waiting": "info", "dead": "danger"}
COUNTED_AT_MOST = 10_000


class CappedPaginator(Paginator):
    """Counts no further than 10,000 rows: the outbox of a busy shop has millions."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNTED_AT_MOST].count()


def kind_choices() -> list[tuple[str, str]]:
    return [(k.name, f"{k.label} · {k.name}") for k in all_kinds() if k.name != TEST]


def kind_label(name: str) -> str:
    try:
        return str(kind_of(name).label)
    except UnknownKindError:
        return name  # a row that outlives the app that wrote it


class EndpointForm(forms.ModelForm):
    url = forms.URLField(
        label=_("Address"), max_length=500, assume_scheme="https", widget=UnfoldAdminURLInputWidget
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds"),
        choices=kind_choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Choose none to hear of every kind, also of those that come later."),
    )

    class Meta:
        model = Endpoint
        fields = ["url", "description", "kinds"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                endpoints.check_endpoint(said["url"], said["kinds"])
            except endpoints.EndpointError as refusal:
                raise ValidationError({"url": str(refusal)}) from refusal
        return said


class RotationDialog(BaseDialogForm):
    overlap_hours = forms.IntegerField(
        label=_("Hours for which deliveries are signed with the old secret too"),
        min_value=0,
        max_value=24 * 30,
        initial=24,
        widget=UnfoldAdminIntegerFieldWidget,
    )


@admin.register(Endpoint)
class EndpointAdmin(ModelAdmin):
    form = EndpointForm
    list_display = ["what", "hears_of", "state", "waiting", "given_up"]
    search_fields = ["url", "description"]
    warn_unsaved_form = True
    compressed_fields = True
    actions_detail = ["send_test", "send_given_up", "rotate", "switch"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        counts = {
            state: Count("deliveries", filter=Q(deliveries__state=state))
            for state in (DeliveryState.WAITING, DeliveryState.DEAD)
        }
        found = super().get_queryset(request)
        return found.annotate(n_waiting=counts["waiting"], n_dead=counts["dead"])

    def get_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> list[Any]:
        said = ["url", "description", "kinds"]
        return [*said, "state_words", "waiting", "given_up"] if obj else said

    def get_readonly_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> list[str]:
        return ["state_words", "waiting", "given_up"] if obj else []

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if change:
            # Only what the form shows: a rotation or a switch meanwhile stays.
            obj.save(update_fields=["url", "description", "kinds"])
            return
        issued = endpoints.add_endpoint(
            obj.url, kinds=obj.kinds, description=obj.description, by=request.user
        )
        obj.__dict__.update(issued.endpoint.__dict__)
        request.issued = issued

    def response_add(
        self, request: HttpRequest, obj: Endpoint, post_url_continue: Any = None
    ) -> HttpResponse:
        return self._secret_page(request, request.issued)

    def _secret_page(self, request: HttpRequest, issued: endpoints.Issued) -> TemplateResponse:
        """Shown in the answer to this request and nowhere else: not in a message, not in a log."""
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return self._page(request, "outbox/secret.html", issued.endpoint, headers, issued=issued)

    def _page(
        self,
        request: HttpRequest,
        template: str,
        endpoint: Endpoint,
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> TemplateResponse:
        about = {"title": str(endpoint), "endpoint": endpoint, "opts": self.model._meta}
        context = self.admin_site.each_context(request) | about | context
        return TemplateResponse(request, template, context, headers=headers)

    @action(description=_("Rotate secret"), permissions=["change"], icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks, POST rotates and shows the new secret once."""
        endpoint = get_object_or_404(Endpoint, pk=object_id)
        form = RotationDialog(request=request, object_id=object_id, data=request.POST or None)
        if form.is_valid():
            try:
                hours = form.cleaned_data["overlap_hours"]
                issued = endpoints.rotate_secret(endpoint, overlap_hours=hours)
                return self._secret_page(request, issued)
            except endpoints.SecretMovedError as refusal:
                form.add_error(None, str(refusal))
        return self._page(request, "outbox/rotate.html", endpoint, form=form)

    @action(
        description=_("Send a test message"),
        permissions=["change"],
        icon="send",
        dialog={
            "title": _("Send a test message"),
            "description": _("It goes to this webhook only, signed like every other."),
            "form_class": None,
            "form_submit_text": _("Send"),
        },
    )
    def send_test(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        def send(endpoint: Endpoint) -> str:
            endpoints.send_test(endpoint)
            return gettext("The test message is on its way; its delivery tells what came back.")

        return self._done(request, object_id, send)

    @action(
        description=_("Send given up again"),
        permissions=["change"],
        icon="replay",
        dialog={
            "title": _("Send again what was given up"),
            "description": _("Every delivery to this webhook that was given up starts anew."),
            "form_class": None,
            "form_submit_text": _("Send again"),
        },
    )
    def send_given_up(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        def send(endpoint: Endpoint) -> str:
            dead = endpoint.deliveries.filter(state=DeliveryState.DEAD)
            return gettext("%d deliveries are sent again.") % deliveries.send_again(dead)

        return self._done(request, object_id, send)

    @action(
        description=_("Switch on or off"),
        permissions=["change"],
        icon="power_settings_new",
        dialog={
            "title": _("Switch on or off"),
            "description": _(
                "Switched off, what waits is given up and new messages are kept to be sent later"
                " by hand. Switched on, new messages are delivered again."
            ),
            "form_class": None,
            "form_submit_text": _("Switch"),
        },
    )
    def switch(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        def turn(endpoint: Endpoint) -> str:
            if endpoint.is_active:
                endpoints.switch_off(endpoint)
                return gettext("The webhook is off.")
            endpoints.switch_on(endpoint)
            return gettext("The webhook is on.")

        return self._done(request, object_id, turn)

    def _done(
        self, request: HttpRequest, object_id: str, verb: Callable[[Endpoint], str]
    ) -> HttpResponse:
        try:
            messages.success(request, verb(get_object_or_404(Endpoint, pk=object_id)))
        except endpoints.EndpointError as refusal:
            messages.error(request, str(refusal))
        address = reverse("admin:outbox_endpoint_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": address})

    @display(description=_("webhook"), ordering="url", header=True)
    def what(self, endpoint: Endpoint) -> list[str]:
        return [endpoint.description or endpoint.url, endpoint.url if endpoint.description else ""]

    @display(description=_("hears of"))
    def hears_of(self, endpoint: Endpoint) -> str:
        if not endpoint.kinds:
            return gettext("every kind")
        return ", ".join(kind_label(kind) for kind in endpoint.kinds)

    @display(description=_("state"), label={"on": "success", "failing": "warning", "off": "danger"})
    def state(self, endpoint: Endpoint) -> tuple[str, Any]:
        if not endpoint.is_active:
            return "off", _("off")
        return ("failing", _("failing")) if endpoint.failing_since else ("on", _("on"))

    @display(description=_("state"))
    def state_words(self, endpoint: Endpoint) -> str:
        """In words, with the reason: a label of the list is no sentence."""
        parts = [str(self.state(endpoint)[1])]
        if endpoint.off_reason:
            parts.append(gettext(endpoint.off_reason))
        since = endpoint.off_at or endpoint.failing_since
        if since:
            shown = date_format(timezone.localtime(since), "DATETIME_FORMAT")
            parts.append(gettext("since %s") % shown)
        return " · ".join(parts)

    @display(description=_("waiting"), ordering="n_waiting")
    def waiting(self, endpoint: Endpoint) -> str:
        return _counted(endpoint, endpoint.n_waiting, DeliveryState.WAITING)

    @display(description=_("given up"), ordering="n_dead")
    def given_up(self, endpoint: Endpoint) -> str:
        return _counted(endpoint, endpoint.n_dead, DeliveryState.DEAD)


def _counted(endpoint: Endpoint, count: int, state: str) -> str:
    """A number that opens the list of what it counts."""
    address = reverse("admin:outbox_delivery_changelist")
    query = f"?endpoint__id__exact={endpoint.pk}&state__exact={state}"
    return format_html('<a href="{}{}">{}</a>', address, query, figure(count))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ModelAdmin):
    paginator = CappedPaginator
    show_full_result_count = False
    list_display = ["kind", "to", "state_", "attempt", "answer", "when", "created_at"]
    list_select_related = ["message", "endpoint"]
    list_filter = [("state", ChoicesDropdownFilter), ("endpoint", RelatedDropdownFilter)]
    list_filter_submit = True
    search_fields = ["message__key", "message__kind"]
    actions = ["send_chosen_again"]
    actions_detail = ["send_again"]
    fields = ["kind", "to", "state_words", "attempt", "answer", "when", "event_id", "payload", "created_at"]  # fmt: skip
    readonly_fields = ["kind", "to", "state_words", "answer", "when", "event_id", "payload"]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.given_up)
        return [path("given-up/", page, name="outbox_delivery_dead"), *super().get_urls()]

    def given_up(self, request: HttpRequest) -> HttpResponse:
        """The dead letters: an address that can be written down."""
        address = reverse("admin:outbox_delivery_changelist")
        return HttpResponseRedirect(f"{address}?state__exact={DeliveryState.DEAD}")

    def has_replay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("outbox.change_delivery")

    @admin.action(description=_("Send again"), permissions=["replay"])
    def send_chosen_again(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        try:
            count = deliveries.send_again(Delivery.objects.filter(pk__in=chosen.values("pk")))
            messages.success(request, gettext("%d deliveries are sent again.") % count)
        except endpoints.EndpointOffError as refusal:
            messages.error(request, str(refusal))

    @action(
        description=_("Send again"),
        permissions=["replay"],
        icon="replay",
        dialog={
            "title": _("Send again"),
            "description": _("The receiver sees the same event id and can tell that it knows it."),
            "form_class": None,
            "form_submit_text": _("Send again"),
        },
    )
    def send_again(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self.send_chosen_again(request, Delivery.objects.filter(pk=object_id))
        address = reverse("admin:outbox_delivery_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": address})

    @display(description=_("message"), ordering="message__kind")
    def kind(self, delivery: Delivery) -> str:
        return kind_label(delivery.message.kind)

    @display(description=_("webhook"), ordering="endpoint")
    def to(self, delivery: Delivery) -> str:
        return str(delivery.endpoint)

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def state_(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description=_("state"))
    def state_words(self, delivery: Delivery) -> str:
        return delivery.get_state_display()

    @display(description=_("last answer"))
    def answer(self, delivery: Delivery) -> str:
        said = gettext(delivery.last_error) if delivery.last_error else ""
        parts = [str(delivery.last_status) if delivery.last_status else "", said]
        return " · ".join(part for part in parts if part) or "–"

    @display(description=_("delivered or next attempt"))
    def when(self, delivery: Delivery) -> Any:
        if delivery.state == DeliveryState.WAITING:
            return delivery.next_attempt_at
        return delivery.delivered_at

    @display(description=_("event id"))
    def event_id(self, delivery: Delivery) -> str:
        return str(delivery.message_id)

    @display(description=_("payload"))
    def payload(self, delivery: Delivery) -> str:
        text = json.dumps(delivery.message.payload, ensure_ascii=False, indent=2)
        return format_html(
            '<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{}</pre>', text
        )


@admin.register(Message)
class MessageAdmin(ReadOnly, ModelAdmin):
    paginator = CappedPaginator
    show_full_result_count = False
    list_display = ["sequence", "kind", "key", "created_at"]
    search_fields = ["key", "kind"]
    fields = ["id", "sequence", "kind", "key", "payload", "created_at"]

"""The campaign as a path, and its copy. Writes call services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import display

from decisions.kinds import CannotCarryOutError
from decisions.services.receipts import DecisionClosedError
from marketing.admin import desk
from marketing.admin import effects as effect_views
from marketing.admin.base import ReadOnlyAdmin
from marketing.admin.wordings import MAY_ASK
from marketing.models import Campaign, CampaignItem, CampaignPlan, CopyVariant, SendState
from marketing.pages import campaigns as pages
from marketing.pages import previews, send_monitor
from marketing.services.audiences.frozen import hold_kept
from marketing.services.campaigns.expected_units import publish_expected
from marketing.services.content.copies import CopyError
from shop.models import CouponOffer, OfferState

STATE_COLOURS = {
    "draft": "info",
    "proposed": "warning",
    "approved": "info",
    "sending": "info",
    "paused": "danger",
    "sent": "success",
}


class ItemInline(TabularInline):
    model = CampaignItem
    extra = 1
    max_num = 3
    raw_id_fields = ["variant"]
    fields = ["position", "variant"]


class PlanInline(StackedInline):
    model = CampaignPlan
    can_delete = True
    fields = [("starts_on", "ends_on"), ("guess_low_units", "guess_units", "guess_high_units")]
    verbose_name_plural = gettext_lazy("Expected sales, for purchasing")


class CampaignForm(forms.ModelForm):
    """For a segment, or for the members of a kept list; the list then says which segment it was."""

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        chosen = said.get("frozen_audience")
        if chosen is None:
            if not said.get("segment") and "segment" not in self.errors:
                self.add_error("segment", _("Choose a segment or a frozen list."))
        elif "frozen_audience" in self.changed_data and not chosen.is_usable:
            self.add_error("frozen_audience", _("No campaign can be made for this list any more."))
        else:
            said["segment"] = chosen.segment
        return said


@admin.register(Campaign)
class CampaignAdmin(ModelAdmin):
    list_display = ["title", "goal", "readers", "state_label", "recipients", "sent", "created_at"]
    list_display_links = None
    list_filter = ["state", "goal"]
    search_fields = ["name", "name_zh"]
    list_select_related = ["segment", "audience", "frozen_audience"]
    form = CampaignForm
    autocomplete_fields = ["frozen_audience"]
    inlines = [ItemInline, PlanInline]
    actions = None
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("name", "name_zh"),
                    ("goal", "segment"),
                    "frozen_audience",
                    ("channel", "tone", "language"),
                    "market",
                    "link_url",
                ]
            },
        ),
        (gettext_lazy("Coupon"), {"fields": ["coupon_offer"]}),
        (gettext_lazy("When"), {"fields": [("send_on", "send_from", "per_minute")]}),
        (gettext_lazy("Copy"), {"fields": ["brief", "persona"]}),
        (
            gettext_lazy("Measuring"),
            {"fields": [("holdout_rate", "attribution_window_days", "exclusion_group")]},
        ),
        (
            gettext_lazy("Whom it pays with"),
            {"fields": [("only_where_it_pays", "exploration_rate")]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        sent = Count("sends", filter=Q(sends__state=SendState.SENT))
        return super().get_queryset(request).annotate(sent_count=sent)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "link_url":
            kwargs["assume_scheme"] = "https"
        if db_field.name == "coupon_offer":
            kwargs["queryset"] = CouponOffer.objects.filter(state=OfferState.LIVE)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=gettext_lazy("campaign"), ordering="name")
    def title(self, campaign: Campaign) -> str:
        return desk.link(reverse("admin:marketing_campaign_path", args=[campaign.pk]), campaign)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, campaign: Campaign) -> tuple[str, str]:
        return campaign.state, campaign.get_state_display()

    @admin.display(description=gettext_lazy("for"), ordering="segment")
    def readers(self, campaign: Campaign) -> str:
        return campaign.meant

    @admin.display(description=gettext_lazy("recipients"))
    def recipients(self, campaign: Campaign) -> str:
        return str(campaign.audience.recipient_count) if campaign.audience else "–"

    @admin.display(description=gettext_lazy("sent"), ordering="sent_count")
    def sent(self, campaign: Campaign) -> int:
        return campaign.sent_count

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "marketing_campaign"
        return [
            path("<int:pk>/path/", view(require_GET(self.path_page)), name=f"{name}_path"),
            path("<int:pk>/preview/", view(require_GET(self.preview)), name=f"{name}_preview"),
            path("<int:pk>/path/do/", view(require_POST(self.do)), name=f"{name}_do"),
            path("uplift/", view(require_GET(self.uplift)), name="marketing_uplift"),
            path("<int:pk>/sends/", view(require_GET(self.monitor)), name=f"{name}_monitor"),
            *effect_views.urls(self.admin_site),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return False  # a campaign is cancelled, not forgotten

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        if obj.frozen_audience_id:
            hold_kept(obj.frozen_audience_id)  # nobody deletes the list meanwhile
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        publish_expected(form.instance)

    def response_add(self, request, obj, post_url_continue=None) -> HttpResponse:
        return redirect("admin:marketing_campaign_path", obj.pk)

    def response_change(self, request, obj) -> HttpResponse:
        return redirect("admin:marketing_campaign_path", obj.pk)

    def path_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        campaign = get_object_or_404(
            Campaign.objects.select_related(
                "segment", "audience", "decision", "frozen_audience__segment"
            ),
            pk=pk,
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(campaign),
            "may_change": request.user.has_perm("marketing.change_campaign"),
            "may_brief": request.user.has_perm("marketing.add_brief"),
            "may_rule": request.user.has_perm(MAY_ASK),
            "back": reverse("admin:marketing_campaign_path", args=[pk]),
            **pages.campaign_page(campaign),
        }
        return TemplateResponse(request, "marketing/campaign.html", context)

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """As one real recipient gets it; who may not see customers sees nobody's name."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        campaign = get_object_or_404(Campaign.objects.select_related("segment", "audience"), pk=pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(campaign),
            "campaign": campaign,
            "list_url": reverse("admin:marketing_campaign_path", args=[pk]),
            **previews.preview_page(
                campaign,
                after=_number(request, "after"),
                before=_number(request, "before"),
                arm=request.GET.get("variant", "")[:1],
                may_see=request.user.has_perm(previews.MAY_SEE_PEOPLE),
            ),
        }
        return TemplateResponse(request, "marketing/preview.html", context)

    def do(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One step along the path, named by the button."""
        if not request.user.has_perm("marketing.change_campaign"):
            raise PermissionDenied
        campaign = get_object_or_404(Campaign, pk=pk)
        verb = desk.VERBS.get(request.POST.get("verb") or request.GET.get("verb", ""))
        if verb is None:
            return HttpResponseBadRequest("unknown verb")
        try:
            if said := verb(campaign, request.user, request.POST):
                messages.success(request, said)
        except DecisionClosedError:
            messages.warning(request, _("Somebody decided this already."))
        except (CannotCarryOutError, CopyError) as error:
            messages.error(request, str(error))
        page = "monitor" if request.POST.get("back") == "monitor" else "path"
        return redirect(f"admin:marketing_campaign_{page}", pk)

    def uplift(self, request: HttpRequest) -> HttpResponse:
        """Whom a message moves, by the newest fit."""
        from marketing.pages.uplift import uplift_page  # numeric: not at start-up

        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Whom a message moves"),
            "list_url": reverse("admin:marketing_campaign_changelist"),
            **uplift_page(),
        }
        return TemplateResponse(request, "marketing/uplift.html", context)

    def monitor(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The whole page; `?part=1` the part that keeps itself up to date."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        campaign = get_object_or_404(Campaign.objects.select_related("audience"), pk=pk)
        context = {
            "may_change": request.user.has_perm("marketing.change_campaign"),
            **send_monitor.monitor_page(campaign),
        }
        if request.GET.get("part"):
            return TemplateResponse(request, "marketing/monitor_part.html", context)
        context |= {
            **self.admin_site.each_context(request), "opts": self.opts, "title": str(campaign),
        }  # fmt: skip
        return TemplateResponse(request, "marketing/monitor.html", context)


def _number(request: HttpRequest, name: str) -> int:
    """A key in the address; 0 for anything else, and for what no database could hold."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


@admin.register(CopyVariant)
class CopyVariantAdmin(ReadOnlyAdmin):
    list_display = ["subject", "campaign", "language", "state", "provider", "created_at"]
    list_filter = ["state", "language"]
    list_select_related = ["campaign"]
    search_fields = ["subject", "body"]

"""One page per placement: its sources in order and its knobs, tried beside while one turns them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import percent
from decisions.models import Experiment, ExperimentState
from recommendations.admin import simulator
from recommendations.admin.rule_form import TryForm
from recommendations.models import Placement
from recommendations.words import placement_name, source_name

KNOBS = ("diversity_rate", "margin_rate", "stock_rate", "exploration_rate")


class PlacementForm(forms.ModelForm):
    """changed_at: what the form was made of; somebody else's change in between is not overwritten."""

    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Placement
        fields = [*KNOBS, "hide_bought_days"]
        labels = {
            "diversity_rate": gettext_lazy("Variety"),
            "margin_rate": gettext_lazy("Margin"),
            "stock_rate": gettext_lazy("Stock"),
            "exploration_rate": gettext_lazy("Trying out"),
            "hide_bought_days": gettext_lazy("Days without what was bought"),
        }
        help_texts = {
            "diversity_rate": gettext_lazy("0 %: by score alone. 100 %: as unlike as can be."),
            "margin_rate": gettext_lazy("How much of the score is money earned per unit."),
            "stock_rate": gettext_lazy(
                "Lifts what there is too much of, sinks what will soon run out, by the night's count."
            ),
            "exploration_rate": gettext_lazy(
                "Share of answers that try other products. Without some, no other model can be "
                "judged by what was shown."
            ),
            "hide_bought_days": gettext_lazy(
                "Empty: what was bought is never offered again. Products that are bought again have days of their own."
            ),
        }
        widgets = {
            **{
                name: forms.NumberInput(
                    attrs={"type": "range", "min": 0, "max": 1, "step": 0.05, "list": ""}
                )
                for name in KNOBS
            },
            "hide_bought_days": forms.NumberInput(attrs={"min": 0, "max": 3650}),
        }

    def clean(self) -> dict[str, Any]:
        """The sources come as the order of boxes that are ticked; none ticked: the usual."""
        cleaned = super().clean() or {}
        self.instance.sources = list(self.data.getlist("sources"))
        seen = cleaned.get("seen_at")
        if seen and seen != _stamp(Placement.objects.get(pk=self.instance.pk)):
            self.add_error(
                None, _("Somebody changed this placement meanwhile. Load the page and try again.")
            )
        return cleaned

    def _update_errors(self, errors: ValidationError) -> None:
        """What the row says of its sources has no field here: it stands above the form."""
        found = errors.update_error_dict({})
        if "sources" in found:
            found.setdefault(NON_FIELD_ERRORS, []).extend(found.pop("sources"))
        super()._update_errors(ValidationError(found))


@admin.register(Placement)
class PlacementAdmin(ModelAdmin):
    list_display = [
        "what", "source_list", "variety", "margin", "stock", "trying_out", "experiment",
        "changed_by",
    ]  # fmt: skip
    list_display_links = ["what"]
    list_select_related = ["changed_by"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        panel = self.admin_site.admin_view(require_POST(self.panel))
        own = path("<int:pk>/preview/", panel, name="recommendations_placement_preview")
        return [own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        running = Experiment.objects.filter(state=ExperimentState.RUNNING)
        self.running = dict(running.values_list("place", "label"))
        return super().get_queryset(request)

    @display(description=gettext_lazy("placement"), ordering="pk")
    def what(self, row: Placement) -> str:
        return placement_name(row.code).capitalize()

    @display(description=gettext_lazy("sources"))
    def source_list(self, row: Placement) -> str:
        from recommendations.ml.chains import ORDER

        return " → ".join(source_name(name) for name in row.sources or ORDER.get(row.code, ()))

    @display(description=gettext_lazy("Variety"), ordering="diversity_rate")
    def variety(self, row: Placement) -> str:
        return percent(row.diversity_rate)

    @display(description=gettext_lazy("Margin"), ordering="margin_rate")
    def margin(self, row: Placement) -> str:
        return percent(row.margin_rate)

    @display(description=gettext_lazy("Stock"), ordering="stock_rate")
    def stock(self, row: Placement) -> str:
        return percent(row.stock_rate)

    @display(description=gettext_lazy("Trying out"), ordering="exploration_rate")
    def trying_out(self, row: Placement) -> str:
        return percent(row.exploration_rate)

    @display(description=gettext_lazy("experiment"))
    def experiment(self, row: Placement) -> str:
        return self.running.get(f"recommendations:{row.code}", "–")

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict | None = None,
    ) -> HttpResponse:  # fmt: skip
        if object_id is None:  # the placements are what the program knows; nobody adds one
            raise PermissionDenied
        row = self._row(request, object_id)
        may_save = self.has_change_permission(request, row)
        form = PlacementForm(request.POST or None, instance=row, initial={"seen_at": _stamp(row)})
        if request.method == "POST":
            if not may_save:
                raise PermissionDenied
            if form.is_valid():
                return self._save(request, form)
        return TemplateResponse(
            request,
            "recommendations/placement.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": placement_name(row.code).capitalize(),
                "row": row,
                "form": form,
                "knobs": [form[name] for name in KNOBS],
                "sources": _sources(row),
                "trying": TryForm(initial={"seed": 1, "place": row.code}),
                "may_save": may_save,
                "experiment": self.running.get(f"recommendations:{row.code}", ""),
            },
        )

    def panel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the settings in the form would do; nothing is written."""
        row = self._row(request, str(pk))
        form = PlacementForm(request.POST, instance=row)
        if not form.is_valid():
            return simulator.problem_panel(request, form)
        return simulator.placement_panel(request, form.instance)

    def _row(self, request: HttpRequest, object_id: str) -> Placement:
        if not self.has_view_permission(request):
            raise PermissionDenied
        pk = int(object_id) if object_id.isdecimal() and len(object_id) < 19 else 0
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def _save(self, request: HttpRequest, form: PlacementForm) -> HttpResponse:
        row = form.instance
        row.changed_by = request.user
        row.save()
        self.log_change(request, row, [{"changed": {"fields": [*form.changed_data, "sources"]}}])
        name = placement_name(row.code).capitalize()
        messages.success(request, _("%(name)s: saved, and counts from now on.") % {"name": name})
        return redirect("admin:recommendations_placement_changelist")


def _sources(row: Placement) -> list[dict[str, Any]]:
    """Those in use in their order, then those that could be."""
    from recommendations.ml.chains import ORDER, SOURCES

    chosen = list(row.sources or ORDER.get(row.code, ()))
    rest = [name for name in SOURCES if name not in chosen]
    return [
        {"code": name, "name": source_name(name), "is_on": name in chosen}
        for name in [*chosen, *rest]
    ]


def _stamp(row: Placement) -> str:
    return row.changed_at.isoformat()

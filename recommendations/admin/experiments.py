"""Experiments on placements: set up, started, stopped, and judged in words."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.services.answers import StillWorkingError
from access.spreadsheets import write_rows
from decisions.models import Allocation, Experiment, ExperimentState
from decisions.services.experiments import (
    MOST_ARMS,
    ExperimentError,
    free_key,
    save_experiment,
    start_experiment,
    stop_experiment,
)
from recommendations.admin.once import made_once, token
from recommendations.admin.rule_form import moment_field
from recommendations.models import TASK, RecommenderRun
from recommendations.words import placement_name

PLACE = "recommendations:"
COLOURS = {"draft": "info", "running": "success", "stopped": "default"}
RATES = ("diversity_rate", "margin_rate", "stock_rate", "exploration_rate")
RUNS_OFFERED = 30


class ExperimentForm(forms.ModelForm):
    place = forms.ChoiceField(label=gettext_lazy("Placement"))
    starts_at = moment_field(gettext_lazy("From"))
    ends_at = moment_field(gettext_lazy("Until"))
    traffic = forms.FloatField(
        min_value=1,
        max_value=100,
        required=False,
        label=gettext_lazy("Take part, %"),
    )
    borne = forms.FloatField(
        min_value=0,
        max_value=50,
        required=False,
        label=gettext_lazy("Unsubscribes borne, points"),
    )
    allocation = forms.ChoiceField(
        choices=Allocation.choices, required=False, label=gettext_lazy("Shares")
    )

    class Meta:
        model = Experiment
        fields = [
            "label", "place", "metric", "starts_at", "ends_at", "note", "layer", "planned_units",
            "allocation",
        ]  # fmt: skip
        labels = {
            "label": gettext_lazy("Name"),
            "metric": gettext_lazy("Judged by"),
            "note": gettext_lazy("What it is to find out"),
            "layer": gettext_lazy("Layer"),
            "planned_units": gettext_lazy("People planned"),
        }
        help_texts = {
            "metric": gettext_lazy("One figure, chosen before it begins."),
            "note": "",
            "layer": gettext_lazy("Experiments of one layer share no customers."),
            "planned_units": gettext_lazy("In all arms: the interval is tightest there."),
        }
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        from recommendations.ml.chains import ORDER

        self.fields["place"].choices = [
            (f"{PLACE}{code}", placement_name(code).capitalize()) for code in ORDER
        ]
        self.fields["traffic"].initial = round(100 * self.instance.traffic_rate, 4)
        self.fields["borne"].initial = round(100 * self.instance.guardrail_margin, 4)

    def clean(self) -> dict[str, Any]:
        """What is left empty is as it was, or as it is by default."""
        given = super().clean() or {}
        given["allocation"] = given.get("allocation") or self.instance.allocation
        if given.get("traffic") is not None:
            self.instance.traffic_rate = given["traffic"] / 100
        if given.get("borne") is not None:
            self.instance.guardrail_margin = given["borne"] / 100
        return given


class ArmForm(forms.Form):
    """What is empty stays as the placement has it."""

    name = forms.CharField(max_length=40, required=False, label=gettext_lazy("Arm"))
    share = forms.FloatField(min_value=0, max_value=100, required=False, label="%")
    run = forms.ModelChoiceField(
        RecommenderRun.objects.none(), required=False, empty_label="–", label=gettext_lazy("Model")
    )
    diversity_rate = forms.FloatField(
        min_value=0, max_value=1, required=False, label=gettext_lazy("Variety")
    )
    margin_rate = forms.FloatField(
        min_value=0, max_value=1, required=False, label=gettext_lazy("Margin")
    )
    stock_rate = forms.FloatField(
        min_value=0, max_value=1, required=False, label=gettext_lazy("Stock")
    )
    exploration_rate = forms.FloatField(
        min_value=0, max_value=1, required=False, label=gettext_lazy("Trying out")
    )
    rules = forms.ChoiceField(
        required=False,
        choices=[
            ("", "–"), ("yes", gettext_lazy("with rules")), ("no", gettext_lazy("without rules")),
        ],
        label=gettext_lazy("Rules"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fit = RecommenderRun.objects.filter(task=TASK, file_deleted_at__isnull=True)
        newest = fit.exclude(artefact="").order_by("-pk")
        keys = list(newest.values_list("pk", flat=True)[:RUNS_OFFERED])
        self.fields["run"].queryset = RecommenderRun.objects.filter(pk__in=keys)

    def arm(self) -> dict[str, Any]:
        given = self.cleaned_data
        settings: dict[str, Any] = {
            name: given[name] for name in RATES if given.get(name) is not None
        }
        if given.get("run"):
            settings["run"] = given["run"].pk
        if given.get("rules"):
            settings["rules"] = given["rules"] == "yes"
        share = (given.get("share") or 0) / 100
        return {"name": given["name"].strip(), "share": share, "settings": settings}


ArmForms = forms.formset_factory(ArmForm, extra=0, max_num=MOST_ARMS, absolute_max=MOST_ARMS)


@admin.register(Experiment)
class ExperimentAdmin(ModelAdmin):
    list_display = ["label", "where", "state_label", "metric", "starts_at", "ends_at", "author"]
    list_filter = ["state"]
    search_fields = ["label", "key"]
    list_select_related = ["author"]
    show_full_result_count = False
    actions = None

    def get_urls(self) -> list[URLPattern]:
        verb = self.admin_site.admin_view(require_POST(self.verb))
        file = self.admin_site.admin_view(require_GET(self.file))
        return [
            path("<int:pk>/<slug:name>/now/", verb, name="decisions_experiment_verb"),
            path("<int:pk>/file/", file, name="decisions_experiment_file"),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        draft = obj is None or obj.state == ExperimentState.DRAFT
        return draft and super().has_delete_permission(request, obj)

    @display(description=gettext_lazy("placement"), ordering="place")
    def where(self, experiment: Experiment) -> str:
        return placement_name(experiment.place.removeprefix(PLACE)).capitalize()

    @display(description=gettext_lazy("state"), label=COLOURS)
    def state_label(self, experiment: Experiment) -> tuple[str, str]:
        return experiment.state, experiment.get_state_display()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict | None = None,
    ) -> HttpResponse:  # fmt: skip
        experiment = self._row(request, object_id)
        is_draft = experiment is None or experiment.state == ExperimentState.DRAFT
        may_save = is_draft and self._may_save(request, experiment)
        form = ExperimentForm(request.POST or None, instance=experiment)
        arms = ArmForms(request.POST or None, initial=_arms(experiment), prefix="arm")
        if request.method == "POST":
            if not may_save:
                raise PermissionDenied
            if form.is_valid() and arms.is_valid() and (pk := self._saved(request, form, arms)):
                return redirect("admin:decisions_experiment_change", pk)
        return TemplateResponse(
            request,
            "recommendations/experiment.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": str(experiment) if experiment else _("New experiment"),
                "experiment": experiment,
                "form": form,
                "arms": arms,
                "once": token(),
                "may_save": may_save,
                "may_stop": self._may_save(request, experiment),
                "may_delete": bool(experiment) and self.has_delete_permission(request, experiment),
                **(_planned(experiment) if is_draft else _shown(experiment)),
            },
        )

    def verb(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        experiment = self._row(request, str(pk))
        if experiment is None or not self.has_change_permission(request, experiment):
            raise PermissionDenied
        if name not in ("start", "stop", "count"):
            return HttpResponseBadRequest("start, stop or count")
        if name == "count":
            from recommendations.services.trial_snapshots import ask_refresh

            if ask_refresh(experiment, request.user):
                messages.success(request, _("It is being counted; reload the page in a moment."))
            return redirect("admin:decisions_experiment_change", pk)
        try:
            if name == "start":
                start_experiment(experiment)
                messages.success(request, _("It runs. Each person keeps her arm until it ends."))
            elif stop_experiment(experiment):
                messages.success(request, _("Stopped: everybody gets the placement's settings."))
            self.log_change(request, experiment, name)
        except ExperimentError as error:
            messages.error(request, str(error))
        return redirect("admin:decisions_experiment_change", pk)

    def file(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The looks of all days as CSV."""
        from recommendations.trial_pages import file_rows

        experiment = self._row(request, str(pk))
        if experiment is None:
            raise PermissionDenied
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{experiment.key}.csv"'
        write_rows(answer, file_rows(experiment))
        return answer

    def _row(self, request: HttpRequest, object_id: str | None) -> Experiment | None:
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return None
        if not self.has_view_permission(request):
            raise PermissionDenied
        pk = int(object_id) if object_id.isdecimal() and len(object_id) < 19 else 0
        return get_object_or_404(Experiment, pk=pk)

    def _may_save(self, request: HttpRequest, experiment: Experiment | None) -> bool:
        if experiment is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, experiment)

    def _saved(self, request: HttpRequest, form: ExperimentForm, arms: Any) -> int | None:
        """The key; None with the reason on the form. A new one is made once."""
        experiment = form.instance
        experiment.arms = [one.arm() for one in arms.forms if one.cleaned_data.get("name")]
        if experiment.pk:
            return self._written(request, form, "changed")
        experiment.key, experiment.author = free_key(slugify(experiment.label)), request.user
        try:
            return made_once(request, partial(self._written, request, form, ""))
        except StillWorkingError:
            form.add_error(None, _("The first click is still being saved: look at the list."))
            return None

    def _written(self, request: HttpRequest, form: ExperimentForm, said: str) -> int | None:
        experiment = form.instance
        try:
            save_experiment(experiment)
        except ExperimentError as error:
            form.add_error(None, str(error))
            return None
        log = self.log_change if said else self.log_addition
        log(request, experiment, said or [{"added": {}}])
        return experiment.pk


def _arms(experiment: Experiment | None) -> list[dict[str, Any]]:
    """Four lines: those there are, else what stands now against something new."""
    given = experiment.arms if experiment else [
        {"name": _("as it is"), "share": 0.5, "settings": {}},
        {"name": _("new"), "share": 0.5, "settings": {}},
    ]  # fmt: skip
    lines = []
    for arm in given:
        rules = arm["settings"].get("rules")
        shown = {} if rules is None else {"rules": "yes" if rules else "no"}
        share = round(100 * arm["share"], 4)
        lines.append({**arm["settings"], "name": arm["name"], "share": share, **shown})
        if rules is None:
            lines[-1].pop("rules", None)
    return [*lines, *({} for _n in range(MOST_ARMS - len(lines)))]


def _shown(experiment: Experiment | None) -> dict[str, Any]:
    from recommendations.trial_pages import experiment_page  # numeric libraries: not at start-up

    return experiment_page(experiment) if experiment else {}


def _planned(experiment: Experiment | None) -> dict[str, Any]:
    from recommendations.trial_pages import plan_of, plan_rows

    plan = plan_of(experiment)
    return {"plan": plan, "weeks": plan_rows(plan)}

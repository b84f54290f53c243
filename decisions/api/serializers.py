"""What the merchant API says of jobs, model runs and decisions. Money is in minor units."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from decisions.models import Decision, DecisionChange, DecisionState, Job, JobState, ModelRun
from decisions.models.model_runs import RunState
from decisions.text import render


class JobFilter(serializers.Serializer):
    state = serializers.ChoiceField(JobState.choices, required=False)
    kind = serializers.CharField(required=False, max_length=80)


class RunFilter(serializers.Serializer):
    state = serializers.ChoiceField(RunState.choices, required=False)
    task = serializers.CharField(required=False, max_length=60)


class DecisionFilter(serializers.Serializer):
    state = serializers.ChoiceField(DecisionState.choices, required=False)
    kind = serializers.CharField(required=False, max_length=40)
    subject = serializers.CharField(required=False, max_length=120)


class Note(serializers.Serializer):
    note = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")


class Reason(serializers.Serializer):
    reason = serializers.CharField(max_length=200)


class JobRow(serializers.ModelSerializer):
    progress_percent = serializers.IntegerField(allow_null=True)

    class Meta:
        model = Job
        fields = [
            "id", "kind", "state", "attempt", "max_attempts", "progress_percent", "progress_note",
            "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class JobDetail(JobRow):
    steps = JobRow(many=True)

    class Meta(JobRow.Meta):
        fields = [*JobRow.Meta.fields, "payload", "result", "error", "steps"]


class RunRow(serializers.ModelSerializer):
    verdict = serializers.SerializerMethodField()

    class Meta:
        model = ModelRun
        fields = [
            "id", "task", "model", "state", "metric", "higher_is_better", "value", "baseline",
            "baseline_value", "verdict", "row_count", "data_until", "created_at",
        ]  # fmt: skip

    def get_verdict(self, run: ModelRun) -> str:
        return render(run.verdict)


class RunDetail(RunRow):
    class Meta(RunRow.Meta):
        fields = [
            *RunRow.Meta.fields,
            "params", "seed", "data_from", "data_hash", "code_version", "metrics", "device",
            "duration_seconds", "artefact_sha256",
        ]  # fmt: skip


class DecisionRow(serializers.ModelSerializer):
    headline = serializers.SerializerMethodField()
    why = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = [
            "id", "kind", "subject", "state", "headline", "why", "expected_minor",
            "expected_low_minor", "expected_high_minor", "currency", "deadline_at", "created_at",
        ]  # fmt: skip

    def get_headline(self, decision: Decision) -> str:
        return render(decision.headline)

    def get_why(self, decision: Decision) -> str:
        return render(decision.why)


class ChangeRow(serializers.ModelSerializer):
    by = serializers.CharField(source="by.username", allow_null=True, default=None)

    class Meta:
        model = DecisionChange
        fields = ["verb", "by", "at", "note"]


class DecisionDetail(DecisionRow):
    changes = ChangeRow(many=True)

    class Meta(DecisionRow.Meta):
        fields = [
            *DecisionRow.Meta.fields,
            "model_run", "code_version", "inputs", "score_parts", "constraints_hit",
            "alternatives", "output", "outcome", "decided_at", "changes",
        ]  # fmt: skip


class Replay(serializers.Serializer):
    equal = serializers.BooleanField()
    recorded = serializers.JSONField()
    computed = serializers.JSONField()


def checked(shape: type[serializers.Serializer], given: Any) -> dict[str, Any]:
    """The fields that a request may name, cleaned. Raises ValidationError."""
    reading = shape(data=given)
    reading.is_valid(raise_exception=True)
    return dict(reading.validated_data)

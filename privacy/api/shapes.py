"""What the API of erasures takes and gives."""

from rest_framework import serializers as s

from privacy.models import ErasureState, Ground


class ErasureIn(s.Serializer):
    customer = s.CharField(max_length=64, help_text="The customer's code.")
    ground = s.ChoiceField(choices=Ground.choices, default=Ground.HER_WISH.value)


class ErasureDecisionIn(s.Serializer):
    approve = s.BooleanField(help_text="False refuses it: nothing is removed.")


class ErasureFilter(s.Serializer):
    state = s.ChoiceField(choices=ErasureState.choices, required=False)


class ErasureOut(s.Serializer):
    id = s.IntegerField()
    state = s.ChoiceField(choices=ErasureState.choices)
    ground = s.ChoiceField(choices=Ground.choices)
    asked_at = s.DateTimeField()
    decided_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)


class StepOut(s.Serializer):
    name = s.CharField()
    began_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)
    counts = s.DictField(child=s.IntegerField(), help_text="Table → rows.")


class TrainedOut(s.Serializer):
    run = s.IntegerField()
    task = s.CharField()
    was_live = s.BooleanField()
    held_her = s.BooleanField(help_text="Its file named her; it was taken out of service at once.")
    due_at = s.DateTimeField(help_text="The next training.")


class FoundOut(s.Serializer):
    where = s.CharField()
    row = s.CharField()
    kinds = s.ListField(child=s.CharField())


class SearchedOut(s.Serializer):
    tables = s.IntegerField()
    columns = s.IntegerField()
    files = s.IntegerField()
    kinds = s.ListField(child=s.CharField())
    whole_values_only = s.ListField(child=s.CharField())
    unread = s.ListField(child=s.CharField())


class ErasureDetailOut(ErasureOut):
    pseudonym = s.CharField(allow_null=True, help_text="Whom her orders belong to now.")
    steps = StepOut(many=True)
    searched = SearchedOut(allow_null=True, help_text="null until the proof.")
    found = FoundOut(many=True, help_text="Where something of hers still stands.")
    models = TrainedOut(many=True)


class PreviewLineOut(s.Serializer):
    what = s.CharField()
    rows = s.IntegerField(help_text="10000 stands for at least so many.")
    fate = s.CharField()
    why = s.CharField()


class ObstacleOut(s.Serializer):
    order = s.CharField()
    text = s.CharField()


class PreviewOut(s.Serializer):
    lines = PreviewLineOut(many=True)
    obstacles = ObstacleOut(many=True, help_text="While there is one, nobody can be erased.")

"""Every field that may name a person is declared; a new one fails here until somebody says what
becomes of it."""

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from privacy.registry.coverage import undeclared, unknown_declarations
from privacy.registry.holdings import GO_WITH, HOLDINGS


def test_every_field_that_may_name_a_person_is_declared():
    assert undeclared(apps.get_models()) == []


def test_nothing_is_declared_that_is_not_there():
    assert unknown_declarations(apps.get_models()) == []
    assert {one.model for one in HOLDINGS} | GO_WITH.keys() <= {
        model._meta.label for model in apps.get_models()
    }


@pytest.mark.parametrize(
    "field",
    [
        models.ForeignKey("shop.Customer", on_delete=models.CASCADE, related_name="+"),
        models.EmailField(),
        models.CharField(max_length=32),
        models.TextField(),
        models.JSONField(),
        models.FileField(),
        models.GenericIPAddressField(),
        models.UUIDField(),
        models.BinaryField(),
    ],
    ids=lambda field: type(field).__name__,
)
@isolate_apps("shop")
def test_a_new_field_that_may_name_a_person_fails(field):
    made = type(
        "Newcomer",
        (models.Model,),
        {"__module__": "shop.models", "said": field.clone(), "n": models.IntegerField(),
         "Meta": type("Meta", (), {"app_label": "shop"})},
    )  # fmt: skip
    if field.is_relation:
        made._meta.get_field("said").remote_field.model = apps.get_model("shop.Customer")
    assert undeclared([made]) == ["shop.Newcomer.said"]


@isolate_apps("shop")
def test_a_number_and_a_choice_name_nobody():
    made = type(
        "Counter",
        (models.Model,),
        {"__module__": "shop.models", "n": models.IntegerField(),
         "s": models.CharField(max_length=3, choices=[("a", "A")]),
         "Meta": type("Meta", (), {"app_label": "shop"})},
    )  # fmt: skip
    assert undeclared([made]) == []

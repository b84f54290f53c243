"""What customers said of themselves: staff and their programs read it and add to it."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from access.api.views import MerchantView
from shop.models import AttributeKind, Customer, CustomerAttribute, Purpose
from shop.models.customers import ATTRIBUTE
from shop.services.customers import CustomerError, Said, record_attribute


class AttributeIn(s.Serializer):
    name = s.RegexField(ATTRIBUTE, max_length=40, help_text="Like shoe-size.")
    kind = s.ChoiceField(AttributeKind.choices, required=False, default=AttributeKind.TEXT.value)
    value = s.CharField(
        allow_blank=True,
        max_length=200,
        help_text="yes or no, a number, or words; empty: taken back.",
    )
    purpose = s.ChoiceField(Purpose.choices, help_text="Used only while she agrees to this.")
    source = s.CharField(max_length=80, help_text="Quiz, preference page. Never what was inferred.")


class AttributeOut(s.Serializer):
    name = s.CharField()
    kind = s.ChoiceField(AttributeKind.choices)
    value = s.CharField()
    purpose = s.ChoiceField(Purpose.choices)
    source = s.CharField()
    recorded_at = s.DateTimeField()


class CustomerAttributes(MerchantView):
    needs = {"GET": "shop.view_customerattribute", "POST": "shop.add_customerattribute"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=AttributeOut(many=True))
    def get(self, request: Request, code: str) -> Response:
        """Every word, newest first: the first of a name counts."""
        customer = get_object_or_404(Customer, code=code)
        rows = CustomerAttribute.objects.filter(customer=customer)
        return self.page(rows, lambda page: [_row(one) for one in page])

    @extend_schema(request=AttributeIn, responses={201: AttributeOut})
    def post(self, request: Request, code: str) -> Response:
        """Add a word. The word that stands already is not repeated."""
        customer = get_object_or_404(Customer, code=code)
        said = Said(**self.checked(AttributeIn, request.data))
        try:
            return Response(_row(record_attribute(customer, said)), status=201)
        except CustomerError as error:
            raise ValidationError({"value": [str(error)]}) from error


def _row(one: CustomerAttribute) -> dict[str, Any]:
    return {name: getattr(one, name) for name in AttributeOut().fields}

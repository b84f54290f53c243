"""What marketing adds to a customer's page of the shop."""

from typing import Any

from django import template

from marketing.pages.customer_value import value_context
from shop.models import Customer

register = template.Library()


@register.inclusion_tag("marketing/customer_value.html", takes_context=True)
def customer_value(context: dict[str, Any], customer: Customer | None) -> dict[str, Any]:
    """Nothing for who may not see predictions, and nothing on the page of a new customer."""
    request = context["request"]
    if customer is None or not request.user.has_perm("marketing.view_customerprediction"):
        return {"is_shown": False}
    return {"is_shown": True, "perms": context.get("perms"), **value_context(customer)}

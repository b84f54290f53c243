"""What was asked, read without a serializer: a request's parameters are few and all of them text.

The serializer describes them (api/serializers.py) and says what is wrong; a test holds the two
together. It alone costs as long as the rest of the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from recommendations.api.serializers import (
    AFTER_AN_ORDER,
    MAX_LIMIT,
    RecommendationAsk,
    skus_of,
)
from recommendations.ml.chains import ABOUT_PRODUCTS, ORDER

Word = Annotated[str, msgspec.Meta(max_length=64)]
Several = Annotated[str, msgspec.Meta(max_length=20_000)]


class Asked(msgspec.Struct, gc=False):
    """As RecommendationAsk has it; empty text for what was not said."""

    placement: str = "home"
    customer: Word = ""
    visitor: Word = ""
    session: Word = ""
    order: Word = ""
    channel: Annotated[str, msgspec.Meta(max_length=32)] = ""
    sku: Several = ""
    exclude: Several = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = 10
    language: str = ""


def read_asked(params: Mapping[str, str]) -> dict[str, Any]:
    """The parameters with their defaults, SKUs as tuples. Raises ValidationError, naming fields."""
    given = {name: value for name, value in params.items() if name in Asked.__struct_fields__}
    plain = all(
        value and value.isprintable() and value == value.strip() for value in given.values()
    )
    try:
        if plain and _is_usual(asked := msgspec.convert(given, Asked, strict=False)):
            found = msgspec.structs.asdict(asked)
            return found | {"sku": skus_of(asked.sku), "exclude": skus_of(asked.exclude)}
    except (msgspec.ValidationError, ValueError):
        pass  # the serializer says what is wrong with it
    checked = RecommendationAsk(data=params)
    checked.is_valid(raise_exception=True)
    return msgspec.structs.asdict(Asked()) | checked.validated_data


def _is_usual(asked: Asked) -> bool:
    """Nothing that the serializer would refuse."""
    about = asked.sku or (asked.order and asked.placement == AFTER_AN_ORDER)
    return (
        asked.placement in ORDER
        and (not asked.language or asked.language in RecommendationAsk.LANGUAGES)
        and (bool(about) or asked.placement not in ABOUT_PRODUCTS)
    )

"""What a person types for a flash sale: names, window, and lines pasted from a sheet."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from inventory.models import FlashSale
from inventory.services import flash_sales as service
from inventory.services.flash_sales import Draft, FlashSaleError, WantedLine
from shop.money import MoneyError, from_minor, to_minor

BETWEEN = re.compile(r"[\s,;，；]+")
MOST_CHARACTERS = 20_000


class FlashSaleForm(forms.ModelForm):
    lines = forms.CharField(
        label=gettext_lazy("Lines"),
        max_length=MOST_CHARACTERS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line, as pasted from a sheet: SKU, price, units to set aside, and, where there "
            "are several, the warehouse's code. Example: TEA-1 5.00 50 MAIN"
        ),
    )

    class Meta:
        model = FlashSale
        fields = ["name", "name_zh", "starts_at", "ends_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "lines" in self.fields:
            rows = self.instance.lines.select_related("variant", "warehouse")
            self.fields["lines"].initial = "\n".join(
                f"{row.variant.sku}\t{from_minor(row.price_minor)}\t{row.units}\t{row.warehouse.code}"
                for row in rows
            )

    def clean_lines(self) -> tuple[WantedLine, ...]:
        return lines_of(self.cleaned_data["lines"])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                service.check_draft(self.draft())
            except FlashSaleError as refusal:
                raise ValidationError(refusal.reasons) from refusal
        return said

    def draft(self) -> Draft:
        return Draft(**self.cleaned_data)

    def _post_clean(self) -> None:
        """The service writes the row; there is no instance to validate."""


def lines_of(text: str) -> tuple[WantedLine, ...]:
    """Pasted lines, read. Raises ValidationError, which names each line that cannot be."""
    found, wrong = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = [part for part in BETWEEN.split(line.strip()) if part]
        if not parts:
            continue
        try:
            found.append(_line(parts))
        except (MoneyError, ValueError):
            wrong.append(
                _("Line %(number)s is not SKU, price, units and warehouse: %(text)s")
                % {"number": number, "text": line.strip()[:80]}
            )
    if wrong:
        raise ValidationError(wrong[:20])
    return tuple(found)


def _line(parts: list[str]) -> WantedLine:
    """Raises MoneyError or ValueError."""
    if not 3 <= len(parts) <= 4 or not (parts[2].isascii() and parts[2].isdecimal()):
        raise ValueError(parts)
    return WantedLine(parts[0], to_minor(parts[1]), int(parts[2][:12]), *parts[3:])

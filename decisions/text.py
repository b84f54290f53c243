"""Sentences that are stored in a row and read in any language."""

from django.utils.translation import gettext


def sentence(msgid: str, **params: str | int | float) -> dict:
    """A message id (mark it with gettext_noop where it stands) and what fills it."""
    return {"msgid": str(msgid), "params": params}


def render(text: dict) -> str:
    """`{"msgid": "Order %(units)s × %(sku)s", "params": {…}}` in the reader's language."""
    if not text:
        return ""
    return gettext(text["msgid"]) % text.get("params", {})

"""Sentences that are stored in a row and read in any language."""

from django.utils.translation import get_language, gettext


def sentence(msgid: str, **params: str | int | float | dict) -> dict:
    """A message id (mark it with gettext_noop where it stands) and what fills it.

    What fills it may be a sentence too, or a name in both languages.
    """
    return {"msgid": str(msgid), "params": params}


def both(text: str, text_zh: str) -> dict:
    """A name that a person gave, as it fills a sentence in either language."""
    return {"en": text or text_zh, "zh": text_zh or text}


def render(text: dict) -> str:
    """`{"msgid": "Order %(units)s × %(sku)s", "params": {…}}` in the reader's language."""
    if not text:
        return ""
    if "msgid" not in text:
        return text["zh" if (get_language() or "").startswith("zh") else "en"]
    params = text.get("params", {})
    filled = {name: render(v) if isinstance(v, dict) else v for name, v in params.items()}
    return gettext(text["msgid"]) % filled


def words(name: str) -> str:
    """`order_by_days` → `order by days`, `expected_minor` → `expected`, in the reader's language.

    Their Chinese stands in locale/names, with that of the fields, whose names are made likewise.
    """
    plain = str(name).removesuffix("_minor").replace("_", " ")
    return gettext(plain) if plain else ""


class SentenceError(Exception):
    """A refusal that is stored and read in any language: `sentence` says why."""

    def __init__(self, text: dict):
        super().__init__(render(text))
        self.sentence = text

"""Slots of copy: `{price}` stands where code puts a fact."""

from __future__ import annotations

import re

SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def slots_of(text: str) -> set[str]:
    return set(SLOT.findall(text))


def unnumbered(slot: str) -> str:
    """`price_2` → `price`: what it says, of whichever product."""
    return re.sub(r"_\d+$", "", slot)

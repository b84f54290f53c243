"""A stable code for a name that came without one."""

from __future__ import annotations

import hashlib

from django.utils.text import slugify

LONGEST = 64


def code_of(name: str) -> str:
    """`Home & Garden` → `home-garden`; long or unspeakable names end in a piece of their hash."""
    slug = slugify(name, allow_unicode=True)
    if slug and len(slug) <= LONGEST:
        return slug
    return f"{slug[: LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")

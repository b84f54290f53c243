"""Make the groups of `access.roles` and give each exactly its permissions."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission

from access.roles import ROLES, permitted


def sync_roles() -> dict[str, int]:
    """Idempotent. Returns how many permissions each role holds."""
    every = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    held = {}
    for role in ROLES:
        group, _created = Group.objects.get_or_create(name=role)
        mine = [row for name, row in every.items() if permitted(role, name)]
        group.permissions.set(mine)
        held[role] = len(mine)
    return held

"""Keys and staff with exactly the permissions that a test names."""

from __future__ import annotations

from itertools import count

from django.contrib.auth.models import Permission, User

from access.services.keys import IssuedKey, issue_key

_numbers = count(1)


def make_staff(*permissions: str, **fields) -> User:
    """`make_staff("shop.view_order")`: nothing else is allowed to them."""
    name = fields.pop("username", f"staff-{next(_numbers)}")
    user = User.objects.create(username=name, is_staff=True, **fields)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return User.objects.get(pk=user.pk)  # without the permission cache


def make_key(**fields) -> IssuedKey:
    return issue_key(fields.pop("name", "test shop"), **fields)


def bearer(secret: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}

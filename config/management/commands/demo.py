"""`make demo`: a shop with a known truth, its first night, and people who can sign in."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand

from access.roles import ROLES
from decisions.models import Decision, Job, LivePeriod
from shop.models import Customer, Event, Order, Product, Review

DEMO_SHOP = {"products": 300, "customers": 4000, "days": 540, "seed": 7}


class Command(BaseCommand):
    help = "Fill an empty database with the demo shop, run the first night, say where to look."

    def add_arguments(self, parser: Any) -> None:
        for name, size in DEMO_SHOP.items():
            parser.add_argument(f"--{name}", type=int, default=size, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        call_command("migrate", verbosity=0)
        if Product.objects.exists():
            self.stdout.write("The shop has its data already: nothing is simulated again.")
        else:
            call_command("simulate_shop", **{name: options[name] for name in DEMO_SHOP})
        password = demo_password()
        made = make_demo_users(password)
        if Job.objects.filter(kind="night", state="succeeded").exists():
            self.stdout.write("The first night has run already; `make night` runs another.")
        else:
            call_command("run_nightly")
        self._say_where_to_look(password, made, time.monotonic() - began)

    def _say_where_to_look(self, password: str, made: int, seconds: float) -> None:
        rows = [
            ("products", Product.objects.count()),
            ("customers", Customer.objects.count()),
            ("orders", Order.objects.count()),
            ("events", Event.objects.count()),
            ("reviews", Review.objects.count()),
            ("models live", LivePeriod.objects.filter(ended_at__isnull=True).count()),
            ("decisions waiting", Decision.objects.filter(state="pending").count()),
        ]
        self.stdout.write(f"\nReady after {seconds:.0f} s:")
        for name, count in rows:
            self.stdout.write(f"  {count:>9,} {name}")
        self.stdout.write(f"\n  {settings.PUBLIC_URL}/ · user owner · password {password}")
        roles = ", ".join(user_name(role) for role in ROLES if role != "owner")
        self.stdout.write(f"  the same password for: {roles}")
        if made:
            self.stdout.write(
                f"  (kept in {password_file()}; change it before others can reach it)"
            )


def password_file() -> Path:
    return Path(settings.VAR_DIR) / "demo_password"


def demo_password() -> str:
    """Random, made once: a default password would be an open door."""
    path = password_file()
    if not path.exists():
        path.write_text(secrets.token_urlsafe(9))
        path.chmod(0o600)
    return path.read_text().strip()


def user_name(role: str) -> str:
    return role.split()[0]


def make_demo_users(password: str) -> int:
    """One user for each role. Existing users are left alone. Returns how many were made."""
    users = get_user_model().objects
    made = 0
    for role in ROLES:
        user, created = users.get_or_create(
            username=user_name(role),
            defaults={"is_staff": True, "is_superuser": role == "owner"},
        )
        if created:
            user.set_password(password)
            user.save(update_fields=["password"])
            user.groups.add(Group.objects.get(name=role))
            made += 1
    return made

"""Wrong configuration is a system check with a hint at start-up, not an exception at night."""

from zoneinfo import available_timezones

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register()
def shop_settings(app_configs, **kwargs) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.TIME_ZONE not in available_timezones():
        found.append(
            Error(
                f"SHOP_TIME_ZONE is {settings.TIME_ZONE!r}, which is no IANA time zone.",
                hint="Use a name such as Europe/London or Asia/Shanghai.",
                id="config.E001",
            )
        )
    if len(settings.SHOP_CURRENCY) != 3 or not settings.SHOP_CURRENCY.isupper():
        found.append(
            Error(
                f"SHOP_CURRENCY is {settings.SHOP_CURRENCY!r}, which is no ISO 4217 code.",
                hint="Use three capital letters such as GBP or CNY.",
                id="config.E002",
            )
        )
    if settings.PRIOR_PRICE_DAYS < 1:
        found.append(
            Error(
                f"PRIOR_PRICE_DAYS is {settings.PRIOR_PRICE_DAYS}: a prior price needs days.",
                hint="Use 30, the minimum in the European Union, or more.",
                id="config.E003",
            )
        )
    return found


@register(deploy=True)
def embedded_defaults_in_production(app_configs, **kwargs) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            Warning(
                "The database is the embedded SQLite.",
                hint="Set DATABASE_URL=postgres://… for more than one writer process.",
                id="config.W001",
            )
        )
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        found.append(
            Warning(
                "The broker is the embedded file system broker.",
                hint="Set BROKER_URL=amqp://… or redis://… for more than one machine.",
                id="config.W002",
            )
        )
    return found

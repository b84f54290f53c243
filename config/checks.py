"""Wrong configuration is a system check with a hint at start-up, not an exception at night."""

import re
from importlib.util import find_spec
from zoneinfo import available_timezones

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

_CLOCK = r"\s*([01]?\d|2[0-3])(:[0-5]\d)?\s*"
QUIET_HOURS = re.compile(f"{_CLOCK}-{_CLOCK}")


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


@register()
def message_settings(app_configs, **kwargs) -> list[CheckMessage]:
    """What leaves for customers is signed with a secret, by day as in `MARKETING_QUIET_HOURS`."""
    found: list[CheckMessage] = []
    if (settings.SMS_URL or settings.PUSH_URL) and not settings.MESSAGE_SECRET:
        found.append(
            Error(
                "SMS_URL or PUSH_URL is set, and MESSAGE_SECRET is empty: anybody could sign.",
                hint="Set MESSAGE_SECRET to a long random text that the adapter knows too.",
                id="config.E004",
            )
        )
    if not QUIET_HOURS.fullmatch(settings.MARKETING_QUIET_HOURS):
        found.append(
            Error(
                f"MARKETING_QUIET_HOURS is {settings.MARKETING_QUIET_HOURS!r}.",
                hint="Write 21-8 or 21:30-8:00; 0-0 for none.",
                id="config.E005",
            )
        )
    if settings.MARKETING_COUNT_SECONDS <= 0 or settings.MARKETING_COUNT_WORK_MEM_MB < 1:
        found.append(
            Error(
                f"MARKETING_COUNT_SECONDS is {settings.MARKETING_COUNT_SECONDS}, "
                f"MARKETING_COUNT_WORK_MEM_MB is {settings.MARKETING_COUNT_WORK_MEM_MB}.",
                hint="Use a time above 0, and 1 MB or more.",
                id="config.E016",
            )
        )
    if settings.MESSAGE_CONNECTIONS < 1:
        found.append(
            Error(
                f"MESSAGE_CONNECTIONS is {settings.MESSAGE_CONNECTIONS}: nothing could leave.",
                hint="Use 1 or more.",
                id="config.E006",
            )
        )
    return found


@register()
def offer_settings(app_configs, **kwargs) -> list[CheckMessage]:
    """What is offered to customers, what it may cost, and what is said of it."""
    found: list[CheckMessage] = []
    if not 0.1 <= settings.WAITLIST_OFFER_FACTOR <= 10:
        found.append(
            Error(
                f"WAITLIST_OFFER_FACTOR is {settings.WAITLIST_OFFER_FACTOR}.",
                hint="Use 1 to tell no more people than there are units; 0.1 to 10.",
                id="config.E007",
            )
        )
    if settings.RATING_MIN_REVIEWS < 1:
        found.append(
            Error(
                f"RATING_MIN_REVIEWS is {settings.RATING_MIN_REVIEWS}.",
                hint="Use 1 or more published reviews; 5 unless there is a reason.",
                id="config.E018",
            )
        )
    if not 0 <= settings.MARKETING_MARGIN_FLOOR_RATE <= 0.9:
        found.append(
            Error(
                f"MARKETING_MARGIN_FLOOR_RATE is {settings.MARKETING_MARGIN_FLOOR_RATE}.",
                hint="Use a share of the price, 0 to 0.9; 0.1 for a tenth.",
                id="config.E008",
            )
        )
    if not 0 <= settings.MARKETING_DISCOUNT_RATE <= 1:
        found.append(
            Error(
                f"MARKETING_DISCOUNT_RATE is {settings.MARKETING_DISCOUNT_RATE}.",
                hint="Use 0 to 1 a year; 0.1 for 10 %.",
                id="config.E017",
            )
        )
    return found


@register()
def model_settings(app_configs, **kwargs) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.RECOMMENDER_PROMOTION not in ("live", "experiment"):
        found.append(
            Error(
                f"RECOMMENDER_PROMOTION is {settings.RECOMMENDER_PROMOTION!r}.",
                hint="Use live, or experiment to show a new model to half of the people first.",
                id="config.E030",
            )
        )
    if settings.MODEL_FILES_KEPT < 1 or settings.MODEL_FILE_DAYS < settings.RECEIPT_DAYS:
        found.append(
            Error(
                f"MODEL_FILES_KEPT is {settings.MODEL_FILES_KEPT}, MODEL_FILE_DAYS"
                f" {settings.MODEL_FILE_DAYS}, RECEIPT_DAYS {settings.RECEIPT_DAYS}.",
                hint="Keep one file or more, and those that served as long as receipts name them.",
                id="config.E031",
            )
        )
    return found


@register()
def provider_settings(app_configs, **kwargs) -> list[CheckMessage]:
    """A provider of e-mail needs the package that speaks to it."""
    name = settings.EMAIL_PROVIDER
    if not name or (find_spec("anymail") and find_spec(f"anymail.backends.{name}")):
        return []
    return [
        Error(
            f"EMAIL_PROVIDER is {settings.EMAIL_PROVIDER!r}, and django-anymail does not know it.",
            hint="pip install -r requirements-providers.txt, and use one of its backends: postmark.",
            id="config.E013",
        )
    ]


@register()
def persona_settings(app_configs, **kwargs) -> list[CheckMessage]:
    method, days = settings.MARKETING_PERSONA_METHOD, settings.MARKETING_PERSONA_REFIT_DAYS
    if method in ("kmeans", "mixture", "hdbscan") and days >= 1:
        return []
    return [
        Error(
            f"MARKETING_PERSONA_METHOD is {method!r}, MARKETING_PERSONA_REFIT_DAYS is {days}.",
            hint="Use kmeans, mixture or hdbscan; a day or more.",
            id="config.E009",
        )
    ]


@register()
def spend_settings(app_configs, **kwargs) -> list[CheckMessage]:
    """A cap on money counts nothing while tokens have no price."""
    capped = (settings.TEXT_PROVIDER_CAP_DAY_MINOR, settings.TEXT_PROVIDER_CAP_MONTH_MINOR)
    prices = (settings.TEXT_PROVIDER_PRICE_IN_MINOR, settings.TEXT_PROVIDER_PRICE_OUT_MINOR)
    if min(prices) < 0 or any(cap is not None and cap < 0 for cap in capped):
        return [
            Error(
                "A price or a cap of the text endpoint is negative.",
                hint="Use whole minor units, 0 or more.",
                id="config.E007",
            )
        ]
    if any(cap is not None for cap in capped) and not any(prices):
        return [
            Error(
                "The text endpoint has a spend cap and no price: the cap would never hold.",
                hint="Set TEXT_PROVIDER_PRICE_IN_MINOR and TEXT_PROVIDER_PRICE_OUT_MINOR.",
                id="config.E008",
            )
        ]
    return []


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

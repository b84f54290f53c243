"""All settings that the environment drives. `.env.example` lists every variable."""

import os
import secrets
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import environ

from config.api_document import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env", overwrite=False)

# Everything the program writes lies under VAR_DIR: database, broker, artefacts, mail, media.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)
# Beside the source, numba's default, nothing can be written where the program is installed read-only.
os.environ.setdefault("NUMBA_CACHE_DIR", str(VAR_DIR / "compiled"))
# Threads of numeric libraries that wait must sleep: where others work too, spinning ones made the
# training of the sequence model 20 times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _kept_secret_key() -> str:
    """A random key made on first use and kept, so that a fresh clone runs without configuration.

    Written whole under another name and then linked: two first starts at once agree on one key.
    """
    path = VAR_DIR / "secret_key"
    if not path.exists():
        part = VAR_DIR / f"secret_key.{secrets.token_hex(8)}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret_key()
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# The shop
SHOP_NAME = env.str("SHOP_NAME", default="Backroom")
SHOP_CURRENCY = env.str("SHOP_CURRENCY", default="GBP")
SHOP_COUNTRIES = env.list("SHOP_COUNTRIES", default=["GB"])
SHOP_PRICES_INCLUDE_TAX = env.bool("SHOP_PRICES_INCLUDE_TAX", default=True)
# An order that nobody paid after so many minutes gives its stock back. 0: never.
ORDER_PAY_WITHIN_MINUTES = env.int("ORDER_PAY_WITHIN_MINUTES", default=24 * 60)
# Which payment providers may report, each with the secret it signs with: `stripe=whsec_…,generic=…`.
PAYMENT_WEBHOOK_SECRETS = env.list("PAYMENT_WEBHOOK_SECRETS", default=[])
TIME_ZONE = env.str("SHOP_TIME_ZONE", default="Europe/London")
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000")

# What may be struck through (docs/ledgers.md): Directive 98/6/EC, Article 6a.
PRIOR_PRICE_DAYS = env.int("PRIOR_PRICE_DAYS", default=30)
PRICE_PROGRESSIVE = env.bool("PRICE_PROGRESSIVE", default=False)  # paragraph 5 of that article

USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = env.str("SHOP_LANGUAGE", default="en")
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
# The first is extracted by makemessages; it cannot see names made of identifiers nor unfold.
LOCALE_PATHS = [BASE_DIR / "locale" / part for part in ("", "names", "unfold")]
FORMAT_MODULE_PATH = ["config.formats"]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "access",
    "decisions",
    "language",
    "outbox",
    "shop",
    "inventory",
    "recommendations",
    "support",
    "marketing",
    "privacy",
]

MIDDLEWARE = [
    "config.metrics.CountRequests",
    "django.middleware.security.SecurityMiddleware",
    "config.short_way.StorefrontShortWay",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Database. SQLite waits fairly only when every write transaction takes the lock at its start.
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'backroom.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
            "PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-64000;"
        ),
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}

# Workers. A message is a hint, a Job row is the truth (docs/decisions/0002-jobs.md).
CELERY_BROKER_URL = env.str("BROKER_URL", default="filesystem://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "backroom"
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_TIME_LIMIT = env.int("TASK_TIME_LIMIT", default=4 * 3600)
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT - 60
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BROKER_TRANSPORT_OPTIONS: dict = {}
if CELERY_BROKER_URL.startswith("filesystem:"):
    _broker = VAR_DIR / "broker"
    for _folder in ("messages", "processed", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "processed_folder": str(_broker / "processed"),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.5,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    # kombu looks for unacknowledged messages every interval × throttle seconds: 100 by default.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": env.int(
            "REDIS_VISIBILITY_TIMEOUT", default=CELERY_TASK_TIME_LIMIT + 600
        ),
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
    # A queue named on the command line (`-Q ml`) is created as these: quorum delivery needs topic.
    CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = "quorum"
    CELERY_TASK_CREATE_MISSING_QUEUE_EXCHANGE_TYPE = "topic"
    CELERY_WORKER_DETECT_QUORUM_QUEUES = True
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=60)
REAP_SECONDS = env.float("REAP_SECONDS", default=10)
# Automatic receipts (served lists, triage) and finished jobs are pruned by the night.
RECEIPT_DAYS = env.int("RECEIPT_DAYS", default=90)
# Months of events that are kept beside the running one; 0 keeps all of them.
EVENT_RETENTION_MONTHS = env.int("EVENT_RETENTION_MONTHS", default=0)
JOB_DAYS = env.int("JOB_DAYS", default=90)
# Model files: the newest so many of each task, and what served within so many days. Rows stay.
MODEL_FILES_KEPT = env.int("MODEL_FILES_KEPT", default=10)
MODEL_FILE_DAYS = env.int("MODEL_FILE_DAYS", default=180)
# A recommender that beat its baseline: live, or experiment (half of the people see it first).
RECOMMENDER_PROMOTION = env.str("RECOMMENDER_PROMOTION", default="live")
# Units offered per unit that is back: 1 tells nobody in vain, 2 counts on every second one buying.
WAITLIST_OFFER_FACTOR = env.float("WAITLIST_OFFER_FACTOR", default=1.0)
WAITLIST_DAYS = env.int("WAITLIST_DAYS", default=180)  # then nobody waits any more

# Webhooks (docs/webhooks.md)
WEBHOOK_ALLOW_PRIVATE = env.bool("WEBHOOK_ALLOW_PRIVATE", default=False)  # http, own network
WEBHOOK_TIMEOUT_SECONDS = env.float("WEBHOOK_TIMEOUT_SECONDS", default=10)
WEBHOOK_ATTEMPTS = env.int("WEBHOOK_ATTEMPTS", default=14)  # with growing pauses: about 3 days
WEBHOOK_OFF_DAYS = env.int("WEBHOOK_OFF_DAYS", default=5)  # of nothing but failures
WEBHOOK_DAYS = env.int("WEBHOOK_DAYS", default=30)
WEBHOOK_DEAD_DAYS = env.int("WEBHOOK_DEAD_DAYS", default=90)

# Files
IMPORT_MAX_MB = env.int("IMPORT_MAX_MB", default=1100)  # a file that is handed in on a page
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns of a folder that is not there
WHITENOISE_USE_FINDERS = True
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"
ARTEFACT_DIR = VAR_DIR / "artefacts"

# Mail goes to files until an SMTP server is named.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
if "EMAIL_URL" in env:
    vars().update(env.email_url("EMAIL_URL"))
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", default="")  # of django-anymail: postmark, mailgun …
ANYMAIL = env.json("ANYMAIL", default={})
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
    INSTALLED_APPS += ["anymail"] if find_spec("anymail") else []
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="shop@localhost")

# Whoever proposed a decision may not approve it.
DECISIONS_FOUR_EYES = env.bool("DECISIONS_FOUR_EYES", default=False)

# Hashes what erased persons were called by. Another key no longer knows them: keep the old one here
# when SECRET_KEY changes.
ERASURE_KEY = env.str("ERASURE_KEY", default="") or SECRET_KEY

# Marketing
# Kept out of every experiment and campaign, so that all of them together can be measured (0 to 0.2).
EXPERIMENT_HOLDOUT_RATE = env.float("EXPERIMENT_HOLDOUT_RATE", default=0.0)
EXPERIMENT_HOLDOUT_KEY = env.str("EXPERIMENT_HOLDOUT_KEY", default="1")  # another one draws anew
MARKETING_CAP_MESSAGES = env.int("MARKETING_CAP_MESSAGES", default=2)  # per customer and CAP_DAYS
MARKETING_CAP_DAYS = env.int("MARKETING_CAP_DAYS", default=7)
MARKETING_CAP_SMS = env.int("MARKETING_CAP_SMS", default=1)
MARKETING_CAP_PUSH = env.int("MARKETING_CAP_PUSH", default=3)
MARKETING_CAP_ALL = env.int("MARKETING_CAP_ALL", default=4)  # all channels; 0: none, as below
MARKETING_CAP_A_DAY = env.int("MARKETING_CAP_A_DAY", default=0)
MARKETING_CAP_A_WEEK = env.int("MARKETING_CAP_A_WEEK", default=0)
# By the recipient's own clock; on the channels that ring.
MARKETING_QUIET_HOURS = env.str("MARKETING_QUIET_HOURS", default="21-8")
MARKETING_QUIET_CHANNELS = env.list("MARKETING_QUIET_CHANNELS", default=["sms", "push"])
# A parcel that left so many days ago and has not come keeps marketing away; 0: never.
MARKETING_LATE_PARCEL_DAYS = env.int("MARKETING_LATE_PARCEL_DAYS", default=10)
MARKETING_SEND_COST_MINOR = env.int("MARKETING_SEND_COST_MINOR", default=0)  # per e-mail
MARKETING_SMS_COST_MINOR = env.int("MARKETING_SMS_COST_MINOR", default=0)  # per part of an SMS
MARKETING_PUSH_COST_MINOR = env.int("MARKETING_PUSH_COST_MINOR", default=0)
# A campaign's reduced price leaves at least this share of itself over the unit cost.
MARKETING_MARGIN_FLOOR_RATE = env.float("MARKETING_MARGIN_FLOOR_RATE", default=0.0)
MARKETING_DISCOUNT_RATE = env.float("MARKETING_DISCOUNT_RATE", default=0.1)  # of margin, a year
MARKETING_COUNT_SECONDS = env.float("MARKETING_COUNT_SECONDS", default=10.0)  # who waits for one
MARKETING_COUNT_WORK_MEM_MB = env.int("MARKETING_COUNT_WORK_MEM_MB", default=64)
SHOP_ADDRESS = env.str("SHOP_ADDRESS", default="")  # postal; stands below every marketing mail
SMS_MAX_PARTS = env.int("SMS_MAX_PARTS", default=3)
# Personas: kmeans, mixture or hdbscan; category codes and words beside the default list that are
# never read; days between two learnings.
MARKETING_PERSONA_METHOD = env.str("MARKETING_PERSONA_METHOD", default="kmeans")
MARKETING_PERSONA_EXCLUDED = env.list("MARKETING_PERSONA_EXCLUDED", default=[])
MARKETING_PERSONA_WORDS = env.list("MARKETING_PERSONA_WORDS", default=[])
MARKETING_PERSONA_REFIT_DAYS = env.int("MARKETING_PERSONA_REFIT_DAYS", default=28)
MARKETING_TRACK_OPENS = env.bool("MARKETING_TRACK_OPENS", default=True)
MESSAGE_CONNECTIONS = env.int("MESSAGE_CONNECTIONS", default=4)  # to a mail server, side by side
# SMS and push: a signed POST per message to this address; empty: a line per message in a file.
SMS_URL = env.str("SMS_URL", default="")
PUSH_URL = env.str("PUSH_URL", default="")
MESSAGE_SECRET = env.str("MESSAGE_SECRET", default="")  # signs what leaves and proves reports
MESSAGE_FOLDER = str(VAR_DIR / "messages")
# Where the shop's customers shop: campaigns drafted at night link there. Empty: without a link.
STOREFRONT_URL = env.str("STOREFRONT_URL", default="")
STOREFRONT_REVIEW_URL = env.str("STOREFRONT_REVIEW_URL", default="")  # {sku} stands for the SKU
REVIEWS_ALL_WAIT = env.bool("REVIEWS_ALL_WAIT", default=False)  # also those without a flag
# Copy states a product's rating from so many published reviews on: of five, one more moves the mean by
# two thirds of a star at most.
RATING_MIN_REVIEWS = env.int("RATING_MIN_REVIEWS", default=5)
REVIEW_LINK_DAYS = env.int("REVIEW_LINK_DAYS", default=60)
REVIEW_RATE_PER_MINUTE = env.int("REVIEW_RATE_PER_MINUTE", default=10)  # of one address

# Copy and replies are drafted by templates until an OpenAI-compatible endpoint is named.
TEXT_PROVIDER_URL = env.str("TEXT_PROVIDER_URL", default="")
TEXT_PROVIDER_KEY = env.str("TEXT_PROVIDER_KEY", default="")
TEXT_PROVIDER_MODEL = env.str("TEXT_PROVIDER_MODEL", default="")
TEXT_PROVIDER_TIMEOUT_SECONDS = env.int("TEXT_PROVIDER_TIMEOUT_SECONDS", default=30)
TEXT_PROVIDER_MAX_TOKENS = env.int("TEXT_PROVIDER_MAX_TOKENS", default=4000)  # per answer
# In minor units of SHOP_CURRENCY: per million tokens, and at most in a day and a month.
TEXT_PROVIDER_PRICE_IN_MINOR = env.int("TEXT_PROVIDER_PRICE_IN_MINOR", default=0)
TEXT_PROVIDER_PRICE_OUT_MINOR = env.int("TEXT_PROVIDER_PRICE_OUT_MINOR", default=0)
TEXT_PROVIDER_CAP_DAY_MINOR = env.int("TEXT_PROVIDER_CAP_DAY_MINOR", default=None)
TEXT_PROVIDER_CAP_MONTH_MINOR = env.int("TEXT_PROVIDER_CAP_MONTH_MINOR", default=None)

# Sign-in
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
# Only behind a proxy that sets X-Forwarded-Proto itself: else any client could claim to be on TLS,
# and without the header a redirect to https would go round in circles.
TRUST_FORWARDED_PROTO = env.bool("TRUST_FORWARDED_PROTO", default=False)
if TRUST_FORWARDED_PROTO:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked inside, without TLS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

API_USER_RATE_PER_MINUTE = env.int("API_USER_RATE_PER_MINUTE", default=600)
# How long a web process remembers a valid storefront key; 0: it asks the database every time.
API_KEY_CACHE_SECONDS = env.float("API_KEY_CACHE_SECONDS", default=5)
# The collector in customers' browsers: whose pages may send events, and how many requests a minute
# one address may make. Proxies in front of the program, whose X-Forwarded-For is believed.
COLLECTOR_ORIGINS = env.list("COLLECTOR_ORIGINS", default=[])
COLLECTOR_RATE_PER_MINUTE = env.int("COLLECTOR_RATE_PER_MINUTE", default=120)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # empty: /metrics is open, keep it inside

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["access.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "access.api.schema.ApiSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "access.api.pagination.Cursor",
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "EXCEPTION_HANDLER": "access.api.problems.problem_details",
    "PAGE_SIZE": 50,
    "NUM_PROXIES": TRUSTED_PROXIES,
}
UNFOLD = {
    "SITE_TITLE": SHOP_NAME,
    "SITE_HEADER": SHOP_NAME,
    "SITE_SYMBOL": "storefront",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "/static/backroom/icon.svg"},
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "config.brief.dashboard",
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "config.navigation.sidebar",
    },
    "COLORS": {
        "primary": {
            "50": "#f0f7f6",
            "100": "#d9ebe8",
            "200": "#b4d8d2",
            "300": "#84beb6",
            "400": "#559f96",
            "500": "#38847c",
            "600": "#2a6a64",
            "700": "#245551",
            "800": "#204542",
            "900": "#1d3a38",
            "950": "#0b211f",
        }
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}

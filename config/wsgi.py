"""WSGI entry point: `gunicorn config.wsgi` or `manage.py up`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from decisions.services import receipt_writer  # noqa: E402 - models need the settings above
from recommendations import kept  # noqa: E402

receipt_writer.switch_on()
kept.serve()

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    """API keys, roles and the shape of every answer of the API."""

    name = "access"
    verbose_name = _("Access")

    def ready(self) -> None:
        post_migrate.connect(_sync_roles_last, dispatch_uid="access.roles")


def _sync_roles_last(app_config, using: str, **kwargs) -> None:
    """Permissions are made app by app after a migrate: the groups come after the last app's."""
    from django.apps import apps

    with_models = [config for config in apps.get_app_configs() if config.models_module]
    if app_config is not with_models[-1]:
        return
    from access.services.roles import sync_roles

    sync_roles()

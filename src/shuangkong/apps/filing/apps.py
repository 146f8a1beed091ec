"""Registration of the app with Django."""

from django.apps import AppConfig


class FilingConfig(AppConfig):
    """Filing and review."""

    name = "shuangkong.apps.filing"
    label = "filing"
    verbose_name = "填报审核"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lay the guards after each migrate."""
        from shuangkong.apps.audit import triggers
        from shuangkong.apps.filing.guards import GUARDS

        triggers.keep(self, GUARDS)

"""Registration of the app with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The log, its chain and anchors."""

    name = "shuangkong.apps.audit"
    label = "audit"
    verbose_name = "审计"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lay the guards after each migrate and listen to sign-ins."""
        from shuangkong.apps.audit import signals, triggers
        from shuangkong.apps.audit.guards import GUARDS

        triggers.keep(self, GUARDS)
        signals.connect()

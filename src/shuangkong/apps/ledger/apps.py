"""Registration of the app with Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Accepted quantities."""

    name = "shuangkong.apps.ledger"
    label = "ledger"
    verbose_name = "台账"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lay the guards after each migrate."""
        from shuangkong.apps.audit import triggers
        from shuangkong.apps.ledger.guards import GUARDS

        triggers.keep(self, GUARDS)

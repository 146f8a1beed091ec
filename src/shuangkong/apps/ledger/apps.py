"""Registration of the app with Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Accepted quantities."""

    name = "shuangkong.apps.ledger"
    label = "ledger"
    verbose_name = "台账"
    default_auto_field = "django.db.models.BigAutoField"

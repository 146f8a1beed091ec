"""Registration of the app with Django."""

from django.apps import AppConfig


class EnergyConfig(AppConfig):
    """Energy accounts; they read the ledger."""

    name = "shuangkong.apps.energy"
    label = "energy"
    verbose_name = "能源账"
    default_auto_field = "django.db.models.BigAutoField"

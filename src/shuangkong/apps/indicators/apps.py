"""Registration of the app with Django."""

from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    """Indicators, targets, values, progress, warning."""

    name = "shuangkong.apps.indicators"
    label = "indicators"
    verbose_name = "指标"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lay the guards after each migrate."""
        from shuangkong.apps.audit import triggers
        from shuangkong.apps.indicators.guards import GUARDS

        triggers.keep(self, GUARDS)

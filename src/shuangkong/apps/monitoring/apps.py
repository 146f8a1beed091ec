"""Registration of the app with Django."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Devices, their last contact, and incidents of the telemetry gateway."""

    name = "shuangkong.apps.monitoring"
    label = "monitoring"
    verbose_name = "监测"
    default_auto_field = "django.db.models.BigAutoField"

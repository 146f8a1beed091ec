"""Registration of the app with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The log, its chain and anchors."""

    name = "shuangkong.apps.audit"
    label = "audit"
    verbose_name = "审计"
    default_auto_field = "django.db.models.BigAutoField"

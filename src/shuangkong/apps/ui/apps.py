"""Registration of the app with Django."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Layout, components, tables and charts; no models."""

    name = "shuangkong.apps.ui"
    label = "ui"
    verbose_name = "界面"
    default_auto_field = "django.db.models.BigAutoField"

"""Registration of the app with Django."""

from django.apps import AppConfig


class CockpitConfig(AppConfig):
    """Pages that read across."""

    name = "shuangkong.apps.cockpit"
    label = "cockpit"
    verbose_name = "驾驶舱"
    default_auto_field = "django.db.models.BigAutoField"

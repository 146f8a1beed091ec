"""Registration of the app with Django."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    """Plan, clauses, duties, law library, local rules."""

    name = "shuangkong.apps.plans"
    label = "plans"
    verbose_name = "方案"
    default_auto_field = "django.db.models.BigAutoField"

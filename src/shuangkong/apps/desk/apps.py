"""Registration of the app with Django."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """What every desk needs: jobs, files, import, export, inbox, deadlines."""

    name = "shuangkong.apps.desk"
    label = "desk"
    verbose_name = "工作台"
    default_auto_field = "django.db.models.BigAutoField"

"""Registration of the app with Django."""

from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Subjects, regions, departments, people, scope."""

    name = "shuangkong.apps.organisations"
    label = "organisations"
    verbose_name = "组织"
    default_auto_field = "django.db.models.BigAutoField"

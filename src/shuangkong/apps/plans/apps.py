"""Registration of the app with Django."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    """Plan, clauses, duties, law library, local rules."""

    name = "shuangkong.apps.plans"
    label = "plans"
    verbose_name = "方案"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lay the installed pack's rules over the shipped ones; a broken rule file stops the start."""
        from shuangkong import rulebook
        from shuangkong.apps.plans.services import rule_folders

        rulebook.install(rule_folders())

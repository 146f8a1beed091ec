"""Registration of the app with Django."""

from django.apps import AppConfig


class EnergyConfig(AppConfig):
    """Energy accounts; they read the ledger."""

    name = "shuangkong.apps.energy"
    label = "energy"
    verbose_name = "能源账"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offer the computation as known on a day to the selectors of values."""
        from shuangkong.apps.energy.services import compute_known_on
        from shuangkong.apps.indicators.selectors import COMPUTE_KNOWN_ON

        if compute_known_on not in COMPUTE_KNOWN_ON:
            COMPUTE_KNOWN_ON.append(compute_known_on)

"""All addresses, one line per app."""

from __future__ import annotations

from django.urls import include, path

from shuangkong.project.api.urls import urlpatterns as api_urls

urlpatterns = [
    path("api/", include(api_urls)),
    path("", include("shuangkong.apps.organisations.urls")),
    path("accounts/", include("allauth.urls")),
    path("audit/", include("shuangkong.apps.audit.urls")),
    path("calculators/", include("shuangkong.apps.cockpit.calculating.urls")),
    path("filings/", include("shuangkong.apps.filing.urls")),
    path("data/", include("shuangkong.apps.ledger.urls")),
    path("forecasts/", include("shuangkong.apps.indicators.forecast.urls")),
    path("indicators/", include("shuangkong.apps.indicators.urls")),
    path("decomposition/", include("shuangkong.apps.indicators.decomposition.urls")),
    path("targets/", include("shuangkong.apps.indicators.targets.urls")),
    path("monitoring/", include("shuangkong.apps.monitoring.urls")),
    path("actions/", include("shuangkong.apps.cockpit.actions.urls")),
    path("units/", include("shuangkong.apps.cockpit.units.urls")),
    path("measures/", include("shuangkong.apps.indicators.measures.urls")),
    path("plan/", include("shuangkong.apps.cockpit.plan.urls")),
    path("rules/", include("shuangkong.apps.plans.urls")),
    path("", include("shuangkong.apps.desk.urls")),
    path("", include("shuangkong.apps.cockpit.carbon.urls")),
    path("", include("shuangkong.apps.cockpit.nation.urls")),
    path("", include("shuangkong.apps.cockpit.urls")),
]

handler400 = "shuangkong.apps.ui.views.bad_request"
handler403 = "shuangkong.apps.ui.views.forbidden"
handler404 = "shuangkong.apps.ui.views.not_found"
handler500 = "shuangkong.apps.ui.views.server_error"

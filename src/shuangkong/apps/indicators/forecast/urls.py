"""Addresses of the forecasts."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.indicators.forecast import views

app_name = "forecast"
urlpatterns = [
    path("", views.forecasts, name="forecasts"),
    path("make/", views.make, name="make"),
    path("<int:pk>/", views.forecast, name="forecast"),
]

"""Addresses of industries and units."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.cockpit.units import views

app_name = "units"
urlpatterns = [
    path("", views.units, name="units"),
    path("<str:code>/", views.unit, name="unit"),
    path("<str:code>/metered/<int:month_id>/", views.metered, name="metered"),
]

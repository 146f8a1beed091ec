"""Addresses of monitoring."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.monitoring import views

app_name = "monitoring"
urlpatterns = [
    path("", views.incidents, name="incidents"),
    path("<int:incident_id>/", views.incident, name="incident"),
    path("devices/", views.devices, name="devices"),
    path("devices/register/", views.register, name="register"),
    path("devices/<int:device_id>/", views.device, name="device"),
]

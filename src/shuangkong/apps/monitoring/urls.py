"""Addresses of monitoring."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.monitoring import meter_views, point_views, trouble_views, views

app_name = "monitoring"
urlpatterns = [
    path("", point_views.points, name="points"),
    path("live/", point_views.points_live, name="points_live"),
    path("points/<int:point_id>/", point_views.point, name="point"),
    path("points/<int:point_id>/live/", point_views.point_live, name="point_live"),
    path("points/<int:point_id>/values/<str:kind>/<int:at_ms>/", point_views.value, name="value"),
    path("devices/<int:device_id>/dialogue/", point_views.device_dialogue, name="dialogue"),
    path("outages/", trouble_views.outages, name="outages"),
    path("outages/<int:outage_id>/", trouble_views.outage, name="outage"),
    path("coverage/", trouble_views.coverage, name="coverage"),
    path("findings/", trouble_views.findings, name="findings"),
    path("findings/<int:finding_id>/", trouble_views.finding, name="finding"),
    path("incidents/", views.incidents, name="incidents"),
    path("incidents/<int:incident_id>/", views.incident, name="incident"),
    path("devices/", views.devices, name="devices"),
    path("devices/register/", views.register, name="register"),
    path("devices/<int:device_id>/", views.device, name="device"),
    path("meters/", meter_views.meters, name="meters"),
    path("meters/register/", meter_views.register, name="meter_register"),
    path("meters/virtual/", meter_views.virtual, name="meter_virtual"),
    path("meters/users/", meter_views.users, name="energy_users"),
    path("meters/<int:meter_id>/", meter_views.meter, name="meter"),
    path("meters/<int:meter_id>/exchange/", meter_views.exchange, name="meter_exchange"),
]

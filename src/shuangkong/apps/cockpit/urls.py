"""Addresses of the pages that look across."""

from __future__ import annotations

from django.urls import include, path

from shuangkong.apps.cockpit import views

app_name = "cockpit"
urlpatterns = [
    path("", views.cockpit, name="cockpit"),
    path("counties/", views.counties, name="counties"),
    path("counties/<str:code>/", views.county, name="county"),
    path("explain/value/<int:pk>/", views.explain_value, name="explain"),
    path("explain/value/<int:pk>/<int:line>/", views.explain_value, name="explain_line"),
    path("map.geojson", views.map_shapes, name="map"),
    path("search/", views.search, name="search"),
    path("", include("shuangkong.apps.cockpit.situation.urls")),
]

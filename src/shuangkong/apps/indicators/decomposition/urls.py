"""Addresses of decompositions, of the figures they rest on, and of the quality of air and water."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.indicators.decomposition import views

app_name = "decomposition"
urlpatterns = [
    path("", views.versions, name="versions"),
    path("new/", views.new, name="new"),
    path("inputs/", views.inputs, name="inputs"),
    path("quality/", views.quality, name="quality"),
    path("<int:pk>/", views.version, name="version"),
    path("<int:pk>/save/", views.save, name="save"),
    path("<int:pk>/<str:verb>/", views.act, name="act"),
]

"""Addresses of the carbon pages and of the national series."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.cockpit.carbon import views

app_name = "carbon"
urlpatterns = [
    path("carbon/", views.carbon, name="city"),
    path("carbon/<str:code>/", views.carbon, name="place"),
]

"""Addresses of the indicators."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.indicators import views

app_name = "indicators"
urlpatterns = [
    path("", views.indicators, name="indicators"),
    path("revisions/", views.revisions, name="revisions"),
    path("<str:code>/", views.indicator, name="indicator"),
]

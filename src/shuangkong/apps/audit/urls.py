"""Addresses of the audit page."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.entries, name="entries"),
    path("<int:entry_id>/", views.entry, name="entry"),
]

"""Addresses of the accounts and of a person's own keys."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.organisations import views

app_name = "organisations"
urlpatterns = [
    path("people/", views.people, name="people"),
    path("keys/", views.keys, name="keys"),
    path("keys/<int:key_id>/revoke/", views.revoke, name="key_revoke"),
]

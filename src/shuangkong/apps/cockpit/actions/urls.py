"""Addresses of the key actions."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.cockpit.actions import views

app_name = "actions"
urlpatterns = [path("", views.actions, name="actions"), path("items/<int:pk>/finish/", views.finish, name="finish")]
